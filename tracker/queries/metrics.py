"""Named SELECTs: numbers for monitoring. Each is one statement over all projects at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, select, text

from tracker.db import db
from tracker.models import Project, Ticket, Worker, WorkerGroup


@dataclass(frozen=True)
class Standing:
    """How many tickets stand in a state of a project, since when the oldest does, how often they were handed out."""

    project: str
    type: str
    state: str
    failed: bool
    count: int
    oldest: datetime
    claims: int


def standings() -> Sequence[Standing]:
    """Count the tickets of all projects that are not archived by project, type, state and flag."""
    rows = db.session.execute(
        select(
            Project.slug,
            Ticket.type,
            Ticket.state,
            Ticket.failed,
            func.count(),
            func.min(Ticket.state_since),
            func.sum(Ticket.attempt),
        )
        .join(Project, Ticket.project_id == Project.id)
        .where(Project.read_only.is_(False))
        .group_by(Project.slug, Ticket.type, Ticket.state, Ticket.failed)
        .order_by(Project.slug, Ticket.type, Ticket.state, Ticket.failed)
    )
    return [Standing(*row) for row in rows]


def crews(since: datetime) -> Sequence[tuple[str, int, int]]:
    """List (group, workers heard of *since* a moment, those of them that hold a ticket)."""
    alive = Worker.last_seen > since
    holds = exists().where(Ticket.worker_id == Worker.id)
    rows = db.session.execute(
        select(WorkerGroup.name, func.count().filter(alive), func.count().filter(and_(alive, holds)))
        .join(Worker, Worker.group_id == WorkerGroup.id)
        .group_by(WorkerGroup.name)
        .order_by(WorkerGroup.name)
    )
    return [(group, seen, busy) for group, seen, busy in rows]


def revision() -> str:
    """Return the revision of the tables."""
    return str(db.session.scalar(text("SELECT version_num FROM alembic_version")))
