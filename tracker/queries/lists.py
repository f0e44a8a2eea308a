"""Named SELECTs: what pages and reports list and count."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Subquery,
    Text,
    and_,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    values,
)
from sqlalchemy.orm import aliased, selectinload

from tracker.db import db
from tracker.models import (
    Comment,
    LogEntry,
    Project,
    Room,
    Ticket,
    User,
    Worker,
)


def talk_names(project_id: int, most: int, text: str = "") -> Sequence[tuple[int, int | None, str]]:
    """List (ticket, number of the talk, title) of the first *most* recording tickets by start, to choose one of.

    With *text*, of those that have it in the title or are the talk of this number.
    """
    rows = db.session.execute(
        select(Ticket.id, Ticket.fahrplan_id, Ticket.title)
        .where(Ticket.project_id == project_id, Ticket.type == "recording", *_named(text))
        .order_by(Ticket.start, Ticket.id)
        .limit(most)
    )
    return [(each.id, each.fahrplan_id, each.title) for each in rows]


def _named(text: str) -> Iterator[ColumnElement[bool]]:
    if text:
        match = Ticket.title.icontains(text, autoescape=True)
        number = text.isascii() and text.isdigit() and len(text) < 10
        yield or_(match, Ticket.fahrplan_id == int(text)) if number else match


_BY_TIME = (Ticket.start.asc().nulls_last(), Ticket.room_id, Ticket.id)


def talks(
    project_id: int,
    *,
    text: str = "",
    room_id: int | None = None,
    state: str = "",
    failed: bool = False,
    public: bool = False,
    first: datetime | None = None,
    last: datetime | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[Ticket]:
    """List recording tickets with their children by start and room; filters match the ticket or a child.

    *public* keeps the talks that have a file which is still public although its release was reverted. At most *limit*
    are listed, the first *offset* left out.
    """
    child = aliased(Ticket)
    conditions = [Ticket.project_id == project_id, Ticket.type == "recording", *_named(text)]
    if room_id:
        conditions.append(Ticket.room_id == room_id)
    if first and last:
        conditions.append(and_(Ticket.start >= first, Ticket.start < last))
    if state:
        in_child = exists().where(child.parent_id == Ticket.id, child.state == state, child.off == "")
        conditions.append(or_(Ticket.state == state, in_child))
    if failed:
        in_child = exists().where(child.parent_id == Ticket.id, child.failed, child.off == "")
        conditions.append(or_(Ticket.failed, in_child))
    if public:
        conditions.append(exists().where(child.parent_id == Ticket.id, child.withdraw))
    page = select(Ticket.id).where(*conditions).order_by(*_BY_TIME).limit(limit).offset(offset).subquery()
    children = selectinload(Ticket.children)
    return db.session.scalars(
        select(Ticket)
        .join(page, page.c.id == Ticket.id)
        .order_by(*_BY_TIME)
        .options(children, children.selectinload(Ticket.user), selectinload(Ticket.user), selectinload(Ticket.worker))
    ).all()


def tickets_in_state(project_id: int, kind: str, states: Collection[str]) -> Sequence[Ticket]:
    """List tickets of a type in some states, by talk start; with parent, assignee and children at hand."""
    parent = aliased(Ticket)
    return db.session.scalars(
        select(Ticket)
        .outerjoin(parent, Ticket.parent_id == parent.id)
        .where(Ticket.project_id == project_id, Ticket.type == kind, Ticket.state.in_(states))
        .order_by(func.coalesce(Ticket.start, parent.start).asc().nulls_last(), Ticket.id)
        .options(selectinload(Ticket.parent), selectinload(Ticket.user), selectinload(Ticket.children))
    ).all()


def misc_tickets(project_id: int, *, recording_id: int | None = None, states: Collection[str] = ()) -> Sequence[Ticket]:
    """List the miscellaneous tickets of a project, urgent ones first, then the newest; with talk and assignee at hand.

    *recording_id* keeps those about one talk, *states* those in some states.
    """
    conditions = [Ticket.project_id == project_id, Ticket.type == "misc"]
    if recording_id is not None:
        conditions.append(Ticket.parent_id == recording_id)
    if states:
        conditions.append(Ticket.state.in_(states))
    return db.session.scalars(
        select(Ticket)
        .where(*conditions)
        .order_by(Ticket.needs_attention.desc(), Ticket.priority.desc(), Ticket.id.desc())
        .options(selectinload(Ticket.parent), selectinload(Ticket.user))
    ).all()


def find_tickets(
    project_id: int,
    *,
    kind: str = "",
    state: str = "",
    failed: bool | None = None,
    attention: bool = False,
    holder: str = "",
    limit: int = 1000,
) -> Sequence[Ticket]:
    """List the tickets of a project by id, with parent and assignee at hand; *holder* is a user's or worker's name."""
    conditions: list[ColumnElement[bool]] = [Ticket.project_id == project_id]
    if kind:
        conditions.append(Ticket.type == kind)
    if state:
        conditions.append(Ticket.state == state)
    if failed is not None:
        conditions.append(Ticket.failed.is_(failed))
    if attention:
        conditions.append(Ticket.needs_attention.is_(True))
    if holder:
        conditions.append(or_(Ticket.user.has(name=holder), Ticket.worker.has(name=holder)))
    return db.session.scalars(
        select(Ticket)
        .where(*conditions)
        .order_by(Ticket.id)
        .limit(limit)
        .options(selectinload(Ticket.parent), selectinload(Ticket.user), selectinload(Ticket.worker))
    ).all()


def state_counts(project_id: int) -> Sequence[tuple[str, str, bool, int]]:
    """Count tickets per (type, state, failed)."""
    rows = db.session.execute(
        select(Ticket.type, Ticket.state, Ticket.failed, func.count())
        .where(Ticket.project_id == project_id)
        .group_by(Ticket.type, Ticket.state, Ticket.failed)
    )
    return [(kind, state, failed, count) for kind, state, failed, count in rows]


def project_stamp(project_id: int) -> tuple[object, ...]:
    """Return numbers that change whenever a ticket of the project does: what live pages compare."""
    row = db.session.execute(
        select(func.count(), func.max(Ticket.modified), func.sum(Ticket.version), func.sum(Ticket.percent)).where(
            Ticket.project_id == project_id
        )
    ).one()
    return tuple(row)


@dataclass(frozen=True)
class Sums:
    """What a project has: percent (mean over its talks that count), talks, and how many tickets stand how."""

    percent: float = 0.0
    talks: int = 0
    released: int = 0
    to_cut: int = 0
    to_check: int = 0
    to_release: int = 0
    failed: int = 0
    public: int = 0


def sums(project_ids: Collection[int], percents: Mapping[tuple[str, str, str], float]) -> dict[int, Sums]:
    """Add up recording and encoding tickets, by project; *percents* by (workflow, type, state) say how far each is.

    Tickets of locked talks and formats that are off for a talk count for nothing but files that are still public.
    """
    parts = _parts(project_ids, percents)
    stands = {"to_cut": "merged", "to_check": "encoded", "to_release": "postprocessed"}
    of_state = {name: and_(~parts.c.failed, parts.c.state == state) for name, state in stands.items()}
    counted = {**of_state, "failed": parts.c.failed, "talks": parts.c.type == "recording"}
    talk = (
        select(
            parts.c.project_id,
            func.avg(parts.c.percent).filter(parts.c.counts).label("percent"),
            func.count().filter(parts.c.withdraw).label("public"),
            func.bool_or(parts.c.locked).label("locked"),
            *(func.count().filter(parts.c.counts, condition).label(name) for name, condition in counted.items()),
        )
        .group_by(parts.c.project_id, parts.c.talk)
        .subquery()
    )
    every: dict[str, Any] = {name: func.coalesce(func.sum(talk.c[name]).filter(~talk.c.locked), 0) for name in counted}
    every["public"] = func.sum(talk.c.public)
    every["released"] = func.count().filter(~talk.c.locked, talk.c.percent == 100)
    added = (func.avg(talk.c.percent).filter(~talk.c.locked), *(every[name] for name in _WHOLE))
    rows = db.session.execute(select(talk.c.project_id, *added).group_by(talk.c.project_id))
    return {number: Sums(float(percent or 0), *map(int, counts)) for number, percent, *counts in rows}


_WHOLE = tuple(each.name for each in fields(Sums) if each.name != "percent")


def _parts(project_ids: Collection[int], percents: Mapping[tuple[str, str, str], float]) -> Subquery:
    """Ask for the tickets of projects with their percent, and whether they count; that of a talk says if it is locked.

    Asked of the parent of each ticket instead, it takes most of the time of the page.
    """
    names = (column("workflow", Text), column("type", Text), column("state", Text), column("percent", Double))
    table = values(*names, name="percents").data([(*key, percent) for key, percent in percents.items()])
    of_state = and_(table.c.workflow == Project.workflow, table.c.type == Ticket.type, table.c.state == Ticket.state)
    return (
        select(
            Ticket.project_id,
            func.coalesce(Ticket.parent_id, Ticket.id).label("talk"),
            Ticket.type,
            Ticket.state,
            Ticket.failed,
            Ticket.withdraw,
            (Ticket.off == "").label("counts"),
            and_(Ticket.parent_id.is_(None), Ticket.state == "locked").label("locked"),
            table.c.percent,
        )
        .join(Project, Project.id == Ticket.project_id)
        .join(table, of_state)
        .where(Ticket.project_id.in_(project_ids), Ticket.type.in_(("recording", "encoding")))
        .subquery()
    )


def talk_states(project_id: int) -> Sequence[tuple[int, str, str]]:
    """List (talk id, type, state) of the recording and encoding tickets that count: neither locked talks nor off."""
    parent = aliased(Ticket)
    rows = db.session.execute(
        select(func.coalesce(Ticket.parent_id, Ticket.id), Ticket.type, Ticket.state)
        .outerjoin(parent, Ticket.parent_id == parent.id)
        .where(
            Ticket.project_id == project_id,
            Ticket.type.in_(("recording", "encoding")),
            func.coalesce(parent.state, Ticket.state) != "locked",
            Ticket.off == "",
        )
    )
    return [(talk, kind, state) for talk, kind, state in rows]


def rooms(project_id: int) -> Sequence[Room]:
    """List the rooms of a project by name."""
    return db.session.scalars(select(Room).where(Room.project_id == project_id).order_by(Room.name)).all()


def history(ticket_ids: Collection[int], limit: int = 500) -> Sequence[LogEntry]:
    """List the log of some tickets, newest first."""
    return db.session.scalars(
        select(LogEntry).where(LogEntry.ticket_id.in_(ticket_ids)).order_by(LogEntry.id.desc()).limit(limit)
    ).all()


def holder_names(users: Set[int | None], workers: Set[int | None]) -> dict[tuple[str, int], str]:
    """Return the names of users and workers by ("user_id" or "worker_id", id); without ids nothing is asked."""
    people = select(literal("user_id"), User.id, User.name).where(User.id.in_(users - {None}))
    hosts = select(literal("worker_id"), Worker.id, Worker.name).where(Worker.id.in_(workers - {None}))
    if not users - {None} and not workers - {None}:
        return {}
    return {(kind, number): name for kind, number, name in db.session.execute(people.union_all(hosts))}


def recent_log(
    project_id: int, limit: int = 30, *, after: int = 0, before: int = 0
) -> Sequence[tuple[LogEntry, Ticket]]:
    """List the newest log entries of a project with their tickets; *after* and *before* are ids that bound them."""
    found = (
        select(LogEntry, Ticket)
        .join(Ticket, Ticket.id == LogEntry.ticket_id)
        .where(Ticket.project_id == project_id, LogEntry.id > after)
        .order_by(LogEntry.id.desc())
        .limit(limit)
        .options(selectinload(Ticket.parent))
    )
    rows = db.session.execute(found.where(LogEntry.id < before) if before else found)
    return [(entry, row) for entry, row in rows]


def comments(ticket_ids: Collection[int]) -> Sequence[Comment]:
    """List the comments on some tickets, newest first."""
    return db.session.scalars(
        select(Comment).where(Comment.ticket_id.in_(ticket_ids)).order_by(Comment.id.desc())
    ).all()
