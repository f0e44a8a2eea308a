"""The database handle, the naming convention, and the one place that commits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Dialect, Engine, MetaData, event
from sqlalchemy.exc import IntegrityError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import DeclarativeBase

from tracker.errors import DatabaseError, TrackerError

CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables; constraint names follow one convention so that migrations can name them."""

    metadata = MetaData(naming_convention=CONVENTION)


STATEMENT_MS = 30_000
"""A statement that takes longer, or waits so long for a lock, is given up: nobody listens to its answer any more."""


UNIQUE_VIOLATION = "23505"
"""PostgreSQL's name for a row whose unique name is taken."""


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, with a limit on every statement."""

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Any) -> Engine:
        engine = super()._make_engine(bind_key, options, app)
        event.listen(engine, "connect", _limit)
        event.listen(engine, "checkin", _rest)
        event.listen(engine, "checkout", _waker(engine.dialect))
        return engine


RESTED_S = 2.0
"""A connection that was used more lately is taken for alive: to ask costs as much as half a call."""


def _rest(_connection: Any, record: Any) -> None:
    record.info["rested"] = time.monotonic()


def _waker(dialect: Dialect) -> Callable[..., None]:
    """Make a listener that sees whether a connection that has rested is alive; if not, the pool makes new ones."""

    def wake(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("rested", 0.0) < RESTED_S:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError() from error

    return wake


def _limit(connection: Any, _record: Any) -> None:
    # Not as an option of the connection: poolers refuse those.
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {STATEMENT_MS}")
    connection.commit()


db = Database(model_class=Base, disable_autonaming=True)


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what happens inside, or roll all of it back when anything is raised.

    Raises DatabaseError when the server is away, shuts down or broke a deadlock: the same may work a moment later.
    """
    try:
        yield
        db.session.commit()
    except (OperationalError, InterfaceError) as error:
        db.session.rollback()
        raise DatabaseError("The database does not answer just now; try again in a moment.") from error
    except BaseException:
        db.session.rollback()
        raise


@contextmanager
def unless_taken(taken: TrackerError) -> Iterator[None]:
    """Flush what is added inside, or raise *taken* when another transaction took the unique name at the same moment.

    Looking before writing cannot see what the other has not committed yet.
    """
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as error:
        if getattr(error.orig, "pgcode", "") != UNIQUE_VIOLATION:
            raise
        raise taken from error


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)
