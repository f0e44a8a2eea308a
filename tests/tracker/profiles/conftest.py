"""A project that encodes, and an encoding ticket that is ready."""

from __future__ import annotations

import pytest

from tests.factories import make_encoding, make_project
from tracker import properties


@pytest.fixture
def project(db_session):
    return make_project(values={"Meta.Album": "Demo & Söhne", "Meta.License": "CC-BY", "Meta.Year": "2026"})


@pytest.fixture
def ticket(project):
    ticket = make_encoding(project)
    properties.write(ticket.parent, {"Record.Framerate": "30000/1001", "Record.Cutdiffseconds": "30.000"})
    return ticket
