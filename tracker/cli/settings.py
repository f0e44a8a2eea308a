"""What commands share: settings and log of this process, and an application with its database."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from tracker import database, logs
from tracker.db import db
from tracker.settings import Settings


def settings() -> Settings:
    """Read the settings from the environment and set the log up. Raises SettingsError."""
    found = Settings.from_env(os.environ)
    logs.configure(found)
    return found


@contextmanager
def application() -> Iterator[Flask]:
    """Yield the application, its context pushed, over a database of our version, for commands that change things.

    The own database is started (or attached to) and upgraded first. Raises SettingsError and DatabaseError.
    """
    from tracker.app import create_app

    found = settings()
    with database.connected(found) as ready:
        if found.embedded:
            database.upgrade(ready.database_url)
        else:
            database.check(ready.database_url)
        app = create_app(ready)
        gc.freeze()  # what is loaded now stays until the end: no collection has to walk through it
        try:
            with app.app_context():
                yield app
        finally:
            gc.unfreeze()  # whoever calls several commands in one process gets rid of what they left
            with app.app_context():
                db.engine.dispose()
