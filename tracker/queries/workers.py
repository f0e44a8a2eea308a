"""Named SELECTs: workers, their groups, and the answers kept for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Interval, Select, bindparam, cast, delete, exists, func, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import contains_eager, defer, joinedload, selectinload

from tracker.db import db
from tracker.models import Poll, Project, Reply, Ticket, Worker, WorkerGroup, WorkerGroupProject
from tracker.queries.ready import Ready

# --- workers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """A worker that calls: whether it was last heard of *long_ago*, and the project it names, if there is one.

    *listed*: whether its group is listed for this project.
    """

    worker: Worker
    long_ago: bool
    project: Project | None = None
    listed: bool = False


def v3_caller(name: str, slug: str, long_ago: timedelta) -> Caller | None:
    """Return the worker *name* of the v3 door with the project it names; None for a worker not registered yet."""
    row = db.session.execute(_V3_CALLER, {"name": name, "slug": slug, "long_ago": long_ago}).first()
    return None if row is None else Caller(*row)


def group_caller(group_id: int, name: str, long_ago: timedelta) -> Caller | None:
    """Return the worker *name* of a group; None for one not registered yet."""
    row = db.session.execute(_GROUP_CALLER, {"name": name, "group_id": group_id, "long_ago": long_ago}).first()
    return None if row is None else Caller(*row)


def _callers(*more: Any) -> Select[Any]:
    return (
        select(Worker, Worker.last_seen < func.now() - cast(bindparam("long_ago"), Interval), *more)
        .join(Worker.group)
        .where(Worker.name == bindparam("name"))
        .options(contains_eager(Worker.group), defer(Worker.log_tail))
    )


_LISTED = exists().where(WorkerGroupProject.group_id == WorkerGroup.id, WorkerGroupProject.project_id == Project.id)
# Built once: every call asks one of these, and to put a statement together takes longer than to run it.
_V3_CALLER = _callers(Project, _LISTED).outerjoin(Project, Project.slug == bindparam("slug")).where(WorkerGroup.v3)
_GROUP_CALLER = _callers().where(Worker.group_id == bindparam("group_id"))


def register_worker(group_id: int, name: str, address: str = "") -> Worker:
    """Return the worker *name* of a group, made if it is new (safe when two calls race); its last_seen is now."""
    statement = (
        insert(Worker)
        .values(group_id=group_id, name=name, address=address, last_seen=func.now())
        .on_conflict_do_update(index_elements=[Worker.group_id, Worker.name], set_={"last_seen": func.now()})
        .returning(Worker)
    )
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def note_seen(worker_id: int, address: str) -> None:
    """Write down that a worker called just now, and from where."""
    touch_worker(worker_id, last_seen=func.now(), address=address)


def touch_worker(worker_id: int, **values: Any) -> None:
    """Update columns of a worker."""
    db.session.execute(update(Worker).where(Worker.id == worker_id).values(**values))


def note_output(worker_id: int, delta: str, kept: int, speed: str | None) -> None:
    """Add to a worker's output, of which the last *kept* characters stay; *speed* when it told one."""
    values = {"log_tail": func.right(Worker.log_tail + delta, kept)} | ({} if speed is None else {"speed": speed})
    touch_worker(worker_id, **values)


def lock_worker(worker_id: int) -> Worker | None:
    """Return a worker with its row locked and its values read anew; nobody assigns a ticket to it meanwhile."""
    return db.session.scalar(
        select(Worker)
        .where(Worker.id == worker_id)
        .with_for_update(of=Worker)
        .execution_options(populate_existing=True)
    )


def take_command(worker_id: int) -> str:
    """Return the command queued for a worker, '' for none, and take it off: of two that ask at once one gets it."""
    before = (
        select(Worker.id, Worker.command).where(Worker.id == worker_id).with_for_update(key_share=True).cte("before")
    )
    found = db.session.scalar(
        update(Worker)
        .where(Worker.id == before.c.id, before.c.command != "")
        .values(command="")
        .returning(before.c.command)
        .execution_options(synchronize_session=False)
    )
    return found or ""


def workers_named(name: str) -> Sequence[Worker]:
    """List the workers of this name in all groups."""
    return db.session.scalars(
        select(Worker).join(Worker.group).where(Worker.name == name).order_by(WorkerGroup.name)
    ).all()


def worker_by_id(worker_id: int) -> Worker | None:
    """Return a worker by its number."""
    return db.session.get(Worker, worker_id)


def all_workers(since: datetime) -> Sequence[tuple[Worker, Ticket | None]]:
    """List the workers seen since a moment with the ticket each holds, by name."""
    rows = db.session.execute(
        select(Worker, Ticket)
        .outerjoin(Ticket, Ticket.worker_id == Worker.id)
        .where(or_(Worker.last_seen > since, Ticket.id.is_not(None)))
        .order_by(Worker.name, Ticket.id)
        .options(joinedload(Ticket.project, innerjoin=False))  # an inner join would leave out who holds no ticket
        .options(selectinload(Ticket.parent))
    )
    return [(worker, ticket) for worker, ticket in rows]


def held_tickets(worker_ids: Collection[int], project_id: int | None = None) -> Sequence[int]:
    """List the ids of the tickets that some workers hold, in one project or in all, in order."""
    statement = select(Ticket.id).where(Ticket.worker_id.in_(worker_ids)).order_by(Ticket.id)
    if project_id is not None:
        statement = statement.where(Ticket.project_id == project_id)
    return db.session.scalars(statement).all()


# --- groups ------------------------------------------------------------------------------------------------------


def v3_group() -> WorkerGroup:
    """Return the group of the workers of the v3 door, made if a database has none."""
    found = db.session.scalar(select(WorkerGroup).where(WorkerGroup.v3))
    if found is not None:
        return found
    values = {"name": "scripts", "token": "scripts", "v3": True, "all_projects": True}
    db.session.execute(insert(WorkerGroup).values(values).on_conflict_do_nothing())
    return db.session.scalars(select(WorkerGroup).where(WorkerGroup.v3)).one()


def group_by_name(name: str) -> WorkerGroup | None:
    """Return the group with this name."""
    return db.session.scalar(select(WorkerGroup).where(WorkerGroup.name == name))


def group_by_token(token: str) -> WorkerGroup | None:
    """Return the group with this token."""
    return db.session.scalar(select(WorkerGroup).where(WorkerGroup.token == token))


def all_groups() -> Sequence[WorkerGroup]:
    """List the worker groups by name."""
    return db.session.scalars(select(WorkerGroup).order_by(WorkerGroup.name)).all()


def lock_group_members(group_id: int) -> Sequence[int]:
    """Lock the workers of a group, then the group, so that none is assigned a ticket meanwhile; return their ids."""
    found = db.session.scalars(
        select(Worker.id).where(Worker.group_id == group_id).order_by(Worker.id).with_for_update()
    ).all()
    db.session.execute(select(WorkerGroup.id).where(WorkerGroup.id == group_id).with_for_update())
    return found


def group_rows(group_id: int | None = None) -> Sequence[WorkerGroupProject]:
    """List what a group, or every one, has of single projects: that it works for them, with which filter."""
    return db.session.scalars(
        select(WorkerGroupProject)
        .where(true() if group_id is None else WorkerGroupProject.group_id == group_id)
        .order_by(WorkerGroupProject.group_id, WorkerGroupProject.project_id)
        .execution_options(populate_existing=True)
    ).all()


def has_project(group_id: int, project_id: int) -> bool:
    """Tell whether a group is listed for a project."""
    row = exists().where(WorkerGroupProject.group_id == group_id, WorkerGroupProject.project_id == project_id)
    return bool(db.session.scalar(select(row)))


def add_group_project(group_id: int, project_id: int) -> None:
    """List a project for a group; a row that is there stays."""
    db.session.execute(
        insert(WorkerGroupProject).values(group_id=group_id, project_id=project_id).on_conflict_do_nothing()
    )


def delete_group_project(group_id: int, project_id: int) -> None:
    """Take a project from a group."""
    db.session.execute(
        delete(WorkerGroupProject).where(
            WorkerGroupProject.group_id == group_id, WorkerGroupProject.project_id == project_id
        )
    )


# --- answers kept ------------------------------------------------------------------------------------------------


def reply(worker_id: int, request_id: str) -> bytes | None:
    """Return the stored answer to a worker's request id."""
    return db.session.scalar(select(Reply.body).where(Reply.worker_id == worker_id, Reply.request_id == request_id))


def add_reply(worker_id: int, request_id: str, body: bytes, overdue: timedelta) -> bool | None:
    """Store an answer; None when there is one already. Waits for a transaction that is about to store one.

    Tell whether there are answers older than *overdue*.
    """
    values = {"worker_id": worker_id, "request_id": request_id, "body": body, "overdue": overdue}
    overdue_there: bool | None = _ADD_REPLY.run(values).scalar()
    return overdue_there


_OLD_REPLY = exists().where(Reply.created < func.now() - cast(bindparam("overdue"), Interval))
_ADD_REPLY = Ready(
    insert(Reply)
    .values(worker_id=bindparam("worker_id"), request_id=bindparam("request_id"), body=bindparam("body"))
    .on_conflict_do_nothing()
    .returning(select(_OLD_REPLY).scalar_subquery())
)


def forget_replies(keep: timedelta) -> None:
    """Delete stored answers older than *keep*, but for those that somebody else is about to delete."""
    old = select(Reply.worker_id, Reply.request_id).where(Reply.created < func.now() - keep)
    db.session.execute(
        delete(Reply)
        .where(tuple_(Reply.worker_id, Reply.request_id).in_(old.with_for_update(skip_locked=True)))
        .execution_options(synchronize_session=False)
    )


# --- who asked for work ------------------------------------------------------------------------------------------


def note_poll(project_id: int, state: str) -> None:
    """Remember that a worker asked for work in *state*; written at most every 30 s."""
    statement = insert(Poll).values(project_id=project_id, state=state, asked=func.now())
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[Poll.project_id, Poll.state],
            set_={"asked": func.now()},
            where=Poll.asked < func.now() - timedelta(seconds=30),
        )
    )


def polled_since(project_id: int, moment: datetime) -> set[str]:
    """Return the states in which a worker asked for work since then."""
    return set(db.session.scalars(select(Poll.state).where(Poll.project_id == project_id, Poll.asked >= moment)))


def last_poll(project_id: int, state: str) -> datetime | None:
    """Return when a worker last asked for work in *state*."""
    return db.session.scalar(select(Poll.asked).where(Poll.project_id == project_id, Poll.state == state))
