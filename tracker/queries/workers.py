"""Named SELECTs: workers, their groups, and the answers kept for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from tracker.db import db
from tracker.models import (
    Poll,
    Reply,
    Ticket,
    Worker,
    WorkerGroup,
)


def v3_group() -> WorkerGroup:
    """Return the group of the workers of the v3 door, made if a database has none."""
    found = db.session.scalar(select(WorkerGroup).where(WorkerGroup.v3))
    if found is not None:
        return found
    values = {"name": "scripts", "token": "scripts", "v3": True, "all_projects": True}
    db.session.execute(insert(WorkerGroup).values(values).on_conflict_do_nothing())
    return db.session.scalars(select(WorkerGroup).where(WorkerGroup.v3)).one()


def register_worker(group_id: int, name: str) -> Worker:
    """Return the worker *name* of a group, made if it is new (safe when two calls race); its last_seen is now."""
    statement = (
        insert(Worker)
        .values(group_id=group_id, name=name, last_seen=func.now())
        .on_conflict_do_update(index_elements=[Worker.group_id, Worker.name], set_={"last_seen": func.now()})
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
