"""Named SELECTs: projects, users and workers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from tracker.db import db
from tracker.models import (
    LoginFailure,
    Poll,
    Project,
    Reply,
    Ticket,
    User,
    Worker,
)


def savepoint() -> AbstractContextManager[Any]:
    """Return a nested transaction: what fails inside is undone, the rest stands."""
    return db.session.begin_nested()


def project_by_slug(slug: str) -> Project | None:
    """Return the project with this slug."""
    return db.session.scalar(select(Project).where(Project.slug == slug))


def lock_project(project_id: int) -> None:
    """Lock a project's row until the end of the transaction: imports and new tickets are serialised on it."""
    db.session.execute(select(Project.id).where(Project.id == project_id).with_for_update(key_share=True))


def all_projects(only: Collection[int] | None = None) -> Sequence[Project]:
    """List projects by title, active ones first; *only* restricts to ids."""
    statement = select(Project).order_by(Project.read_only, Project.title, Project.id)
    if only is not None:
        statement = statement.where(Project.id.in_(only))
    return db.session.scalars(statement).all()


def writable_projects() -> Sequence[Project]:
    """List the projects that scripts may work on, by id."""
    return db.session.scalars(select(Project).where(Project.read_only.is_(False)).order_by(Project.id)).all()


def user_by_name(name: str) -> User | None:
    """Return the user with this name."""
    return db.session.scalar(select(User).where(User.name == name))


def all_users() -> Sequence[User]:
    """List users by name."""
    return db.session.scalars(select(User).order_by(User.name)).all()


def login_failures(address: str, name: str, since: datetime) -> int:
    """Count the failed logins of an address under a claimed name since a moment."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(LoginFailure)
            .where(LoginFailure.address == address, LoginFailure.name == name, LoginFailure.created > since)
        )
        or 0
    )


def forget_login_failures(before: datetime) -> None:
    """Delete failed logins that no longer count."""
    db.session.execute(delete(LoginFailure).where(LoginFailure.created < before))


def register_worker(name: str) -> Worker:
    """Return the worker called *name*, made if it is new (safe when two calls race); its last_seen is now."""
    statement = (
        insert(Worker)
        .values(name=name, last_seen=func.now())
        .on_conflict_do_update(index_elements=[Worker.name], set_={"last_seen": func.now()})
        .returning(Worker)
    )
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def all_workers(since: datetime) -> Sequence[tuple[Worker, Ticket | None]]:
    """List the workers seen since a moment with the ticket each holds, by name."""
    rows = db.session.execute(
        select(Worker, Ticket)
        .outerjoin(Ticket, Ticket.worker_id == Worker.id)
        .where(or_(Worker.last_seen > since, Ticket.id.is_not(None)))
        .order_by(Worker.name, Ticket.id)
    )
    return [(worker, ticket) for worker, ticket in rows]


def reply(worker_id: int, request_id: str) -> bytes | None:
    """Return the stored answer to a worker's request id."""
    return db.session.scalar(select(Reply.body).where(Reply.worker_id == worker_id, Reply.request_id == request_id))


def forget_replies(before: datetime) -> None:
    """Delete stored answers older than a moment."""
    db.session.execute(delete(Reply).where(Reply.created < before))


def lock_request(worker_id: int, request_id: str) -> None:
    """Hold an advisory lock for this request id, so that a retry waits for the first call to end."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{worker_id}/{request_id}", 0))))


def note_poll(project_id: int, state: str) -> None:
    """Remember that a worker asked for work in *state*; written at most every 30 s.

    It is looked at first: even an insert that changes nothing would lock the row, and workers would queue up on it.
    """
    recent = select(Poll.state).where(
        Poll.project_id == project_id, Poll.state == state, Poll.asked > func.now() - timedelta(seconds=30)
    )
    if db.session.scalar(recent) is not None:
        return
    statement = insert(Poll).values(project_id=project_id, state=state, asked=func.now())
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[Poll.project_id, Poll.state],
            set_={"asked": func.now()},
            where=Poll.asked < func.now() - timedelta(seconds=30),
        )
    )


def last_poll(project_id: int, state: str) -> datetime | None:
    """Return when a worker last asked for work in *state*."""
    return db.session.scalar(select(Poll.asked).where(Poll.project_id == project_id, Poll.state == state))
