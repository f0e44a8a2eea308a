"""The web pages: thin views over the domain verbs. A view looks (GET) or does one thing in one transaction (POST)."""

from __future__ import annotations

from flask import Flask
from werkzeug.exceptions import HTTPException

from tracker.errors import TrackerError
from tracker.gui import access, compress, failures, filters, headers, speech
from tracker.gui.access import bp, public
from tracker.gui.views import (
    check,
    cut,
    fahrplan,
    fahrplan_feed,
    fahrplan_settings,
    hands,
    lists,
    log_feed,
    media,
    now,
    profiles,
    projects,
    readiness,
    release,
    releases,
    reviews,
    scripts,
    search,
    session,
    settings,
    slides,
    statistics,
    ticket,
    uploads,
    users,
    workers,
)

__all__ = ["init_app", "public"]

VIEWS = (
    check,
    cut,
    fahrplan,
    fahrplan_feed,
    fahrplan_settings,
    hands,
    lists,
    log_feed,
    media,
    now,
    profiles,
    projects,
    readiness,
    release,
    releases,
    reviews,
    scripts,
    search,
    session,
    settings,
    slides,
    statistics,
    ticket,
    uploads,
    users,
    workers,
)
"""Modules whose import registers their views on the blueprint."""


def init_app(app: Flask) -> None:
    """Register the pages: login required unless a view says ``@public``, CSRF tokens, headers, error pages."""
    app.register_blueprint(bp)
    access.login.init_app(app)
    # The guard in access decides which requests need a token (the XML-RPC door has its own proof of who calls), and a
    # token lives as long as the session: cutting a talk may take longer than an hour.
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    access.csrf.init_app(app)
    speech.init_app(app)
    scripts.init_app(app)
    compress.init_app(app)
    filters.init_app(app)
    headers.init_app(app)
    app.register_error_handler(TrackerError, failures.refused)
    app.register_error_handler(HTTPException, failures.http)
