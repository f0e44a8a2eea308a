"""Wiring: settings in, a Flask application out."""

from __future__ import annotations

import os
from datetime import timedelta

from flask import Flask

from tracker import gui, health, models, rpc
from tracker.db import db
from tracker.hosts import Hosts
from tracker.proxies import Proxies
from tracker.settings import Settings

MAX_REQUEST_BYTES = 64 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application; without *settings* they come from the environment.

    The database has to be named in them: who starts the embedded one puts its URL in.
    """
    settings = settings or Settings.from_env(os.environ)
    app = Flask("tracker")
    _configure(app, settings)
    _configure_database(app, settings)
    app.extensions["hosts"] = Hosts()
    app.register_blueprint(rpc.bp)
    app.register_blueprint(rpc.mirror.bp)
    app.register_blueprint(health.bp)
    gui.init_app(app)
    if settings.proxies:
        app.wsgi_app = Proxies(app.wsgi_app, settings.proxies)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        RPC_SECRETS=tuple(s for s in (settings.secret, settings.secret_previous) if s),
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
    )


def _configure_database(app: Flask, settings: Settings) -> None:
    assert models  # the tables have to be known before the first query
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": settings.threads, "max_overflow": 4},
    )
    db.init_app(app)
