"""One real PostgreSQL for all tests, and three ways to use it.

``db_session``: everything is undone after the test; a commit inside only ends a savepoint.
``committed_db``: the URL of a fresh migrated database, for tests with several connections or processes.
``postgres``: the server itself, for tests about databases.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.globals import app_ctx
from flask.testing import FlaskClient
from sqlalchemy.orm import scoped_session, sessionmaker

from tests.places import scratch
from tracker import database, embedded
from tracker.cluster import Cluster
from tracker.db import db
from tracker.settings import Settings

SHARED = pytest.StashKey[Path]()
TEMPLATE = "migrated"
OPTIONS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=200",
    "track_commit_timestamp=on",
)
LAUNCHER = """
import sys
from pathlib import Path
from tracker.cluster import Cluster
Cluster(Path(sys.argv[1]), tuple(sys.argv[2:])).start(60)
"""
"""Run by a process of its own: the server has to outlive whichever test process was the first."""

SECRET = "test secret of the workers"


# -- one server for all processes of pytest-xdist: made by the first that needs it, stopped by the one that began


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder of the server; processes of pytest-xdist get the name from the one that started them."""
    given = getattr(config, "workerinput", {}).get("shared")
    folder = Path(given or tempfile.mkdtemp(prefix="fahrwerk-tests-"))
    folder.chmod(0o711)
    config.stash[SHARED] = folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the folder on."""
    node.workerinput["shared"] = str(node.config.stash[SHARED])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    if not hasattr(config, "workerinput") and SHARED in config.stash:
        Cluster(config.stash[SHARED]).stop()
        shutil.rmtree(config.stash[SHARED])


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Let one process at a time in."""
    with open(folder / "lock", "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def statement(cluster: Cluster, sql: str) -> list[tuple[Any, ...]]:
    """Run one statement outside of any transaction."""
    with closing(cluster.connect("postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Cluster:
    """Return the running server, with the migrated template in it."""
    folder = pytestconfig.stash[SHARED]
    cluster = Cluster(folder, OPTIONS)
    with only_one(folder):
        if not cluster.answers("postgres"):
            subprocess.run([sys.executable, "-c", LAUNCHER, str(folder), *OPTIONS], check=True, timeout=90)
        if not statement(cluster, f"SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}'"):
            statement(cluster, "CREATE DATABASE half_made")
            database.upgrade(embedded.url(cluster, "half_made"))
            statement(cluster, f"ALTER DATABASE half_made RENAME TO {TEMPLATE}")
    return cluster


@pytest.fixture(scope="session")
def new_database(postgres: Cluster) -> Iterator[Callable[..., str]]:
    """Return a function that makes a database, migrated unless told otherwise, and returns its URL."""
    made: list[str] = []
    numbers = itertools.count()

    def make(template: str = TEMPLATE) -> str:
        name = f"test_{os.getpid()}_{next(numbers)}"
        statement(postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
        made.append(name)
        return embedded.url(postgres, name)

    yield make
    for name in made:
        statement(postgres, f"DROP DATABASE {name} WITH (FORCE)")


# -- what tests use


@pytest.fixture
def place() -> Iterator[Path]:
    """Make a scratch folder that other users may pass through (a database of its own may live there)."""
    with scratch() as folder:
        yield folder


@pytest.fixture(scope="session")
def settings(new_database: Callable[..., str]) -> Settings:
    """Return the settings of the tests' application, with the database of this process."""
    return Settings(database_url=new_database(), secret_key="k" * 64, secret=SECRET)


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """Return the application; tests that commit use another one, made with committed_db."""
    from tracker.app import create_app  # only here: tests without pages need not wait for it

    made = create_app(settings)
    made.testing = True
    return made


@pytest.fixture
def db_session(app: Flask) -> Iterator[scoped_session[Any]]:
    """Replace db.session by one inside a transaction that is rolled back after the test.

    No application context stays open: Flask would reuse it for requests, their teardown would never run, and a
    forgotten commit would go unnoticed. Outside of requests db.session works without a context.
    """
    with app.app_context():
        connection = db.engine.connect()
    outer, real = connection.begin(), db.session
    factory = sessionmaker(connection, join_transaction_mode="create_savepoint")
    db.session = scoped_session(factory, scopefunc=scope)  # type: ignore[arg-type]
    try:
        yield db.session
    finally:
        db.session.remove()
        db.session = real
        outer.rollback()
        connection.close()


def scope() -> int:
    """Tell sessions apart: one for each application context, one for the test itself."""
    return id(app_ctx._get_current_object()) if app_ctx else 0  # type: ignore[attr-defined]


@pytest.fixture
def client(app: Flask, db_session: scoped_session[Any]) -> FlaskClient:
    """Return a browser-like client of the application; what it saves is undone after the test."""
    return app.test_client()


@pytest.fixture
def committed_db(new_database: Callable[..., str]) -> str:
    """Return the URL of a fresh, migrated, empty database: commits are real."""
    return new_database()
