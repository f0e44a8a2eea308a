"""A project, a worker, two people and what bob works on, in a transaction that is undone."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import make_encoding, make_recording
from tracker import tickets
from tracker.models import Project, Ticket, User, Worker


@pytest.fixture
def project(db_session) -> Project:
    return factories.make_project()


@pytest.fixture
def worker(db_session) -> Worker:
    return factories.make_worker()


@pytest.fixture
def alice(db_session) -> User:
    return factories.make_user("alice")


@pytest.fixture
def bob(db_session) -> User:
    return factories.make_user("bob")


@pytest.fixture
def merged(project: Project) -> Ticket:
    """Return a recording of 9000 frames that waits to be cut."""
    return make_recording(project, "merged", values={"Record.DurationFrames": "9000"})


@pytest.fixture
def cutting(merged: Ticket, bob: User) -> Ticket:
    return tickets.start_cut(merged.id, bob)


@pytest.fixture
def checking(project: Project, bob: User) -> Ticket:
    return tickets.start_check(make_encoding(project, "encoded").id, bob)
