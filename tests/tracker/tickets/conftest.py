"""A project, a worker and two people, in a transaction that is undone."""

from __future__ import annotations

import pytest

from tests import factories
from tracker.models import Project, User, Worker


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
