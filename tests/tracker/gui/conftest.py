"""What the tests of the pages share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests.factories import make_project
from tracker.models import Project


@pytest.fixture
def project(client, db_session) -> Project:
    """Make a project with two formats."""
    return make_project(formats=("hd", "mp3"))


@pytest.fixture
def mount(app: Flask, place: Path) -> Iterator[Path]:
    """Make a mount that pages may play from."""
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, media_roots=(place,))
    yield place
    app.config["SETTINGS"] = before


@pytest.fixture
def folder(app: Flask, place: Path) -> Iterator[Path]:
    """Make a folder for uploads, of 2 MB each and 3 MB a person."""
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, uploads=place, upload_max_mb=2, upload_quota_mb=3, media_roots=(place,))
    yield place
    app.config["SETTINGS"] = before
