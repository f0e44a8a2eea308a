"""Commands of `fahrwerk` against a database of their own, with real commits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from tests.conftest import SECRET
from tests.factories import committing
from tracker import cli


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """A command sets the log of its process up; give the tests theirs back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="module")
def database(new_database: Callable[..., str]) -> str:
    """Return the URL of a database for the tests of one module; each works under names of its own."""
    return str(new_database())


@pytest.fixture
def fahrwerk(database: str) -> Callable[..., Result]:
    """Return a function that runs a command with standard input."""
    environ = {"FAHRWERK_DATABASE_URL": database, "FAHRWERK_SECRET_KEY": "k" * 64, "FAHRWERK_SECRET": SECRET}

    def run(*args: str, stdin: str = "") -> Result:
        return CliRunner().invoke(cli.cli, args, input=stdin, env=environ)

    return run


@pytest.fixture
def names(database: str) -> Callable[[str, str], set[str]]:
    """Return a function that reads a column of a table as commands left it."""

    def read(table: str, column: str) -> set[str]:
        with closing(psycopg2.connect(database.replace("+psycopg2", ""))) as connection, connection.cursor() as cursor:
            cursor.execute(f'SELECT {column} FROM "{table}"')
            return {str(row[0]) for row in cursor.fetchall()}

    return read


@pytest.fixture
def app(database: str) -> Iterator[Flask]:
    """Look into the database as commands left it."""
    with committing(database) as made, made.app_context():
        yield made
