"""Named SELECTs: how a project stands right now, and how long talks take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from tracker.db import db
from tracker.models import LogEntry, Property, Room, Ticket

HALF_A_DAY = timedelta(hours=12)


def standing(project_id: int) -> Sequence[tuple[str, str, bool, int, datetime]]:
    """Count tickets per (type, state, failed), and since when the oldest stands there; those off left out."""
    rows = db.session.execute(
        select(Ticket.type, Ticket.state, Ticket.failed, func.count(), func.min(Ticket.state_since))
        .where(Ticket.project_id == project_id, Ticket.off == "")
        .group_by(Ticket.type, Ticket.state, Ticket.failed)
    )
    return [(kind, state, failed, count, oldest) for kind, state, failed, count, oldest in rows]


_SHOWN = (selectinload(Ticket.parent), selectinload(Ticket.user), selectinload(Ticket.worker))


def failed_tickets(project_id: int, limit: int = 50) -> Sequence[Ticket]:
    """List the failed tickets of a project, those that failed last first."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.project_id == project_id, Ticket.failed)
        .order_by(Ticket.modified.desc(), Ticket.id)
        .limit(limit)
        .options(*_SHOWN)
    ).all()


def oldest_in(project_id: int, states: Collection[str], limit: int = 12) -> Sequence[Ticket]:
    """List the tickets that stand longest in some states, held by nobody and not failed."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.project_id == project_id, Ticket.state.in_(states), Ticket.failed.is_(False), Ticket.off == "")
        .where(Ticket.user_id.is_(None), Ticket.worker_id.is_(None))
        .order_by(Ticket.state_since, Ticket.id)
        .limit(limit)
        .options(*_SHOWN)
    ).all()


def tickets_at_work(project_id: int) -> Sequence[Ticket]:
    """List the tickets that somebody is at, a worker or a person, by state."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.project_id == project_id, or_(Ticket.user_id.is_not(None), Ticket.worker_id.is_not(None)))
        .order_by(Ticket.type, Ticket.state, Ticket.state_since, Ticket.id)
        .options(*_SHOWN)
    ).all()


def room_talks(project_id: int, moment: datetime) -> Sequence[tuple[Room, Ticket | None, Ticket | None]]:
    """List the rooms with the talk that is on at *moment* and the one that comes next."""
    talk = aliased(Ticket)
    here = select(talk.id).where(talk.room_id == Room.id, talk.type == "recording", talk.state != "locked").limit(1)
    current = here.where(talk.start <= moment, talk.end > moment).order_by(talk.start.desc())
    coming = here.where(talk.start > moment).order_by(talk.start)
    rows = db.session.execute(
        select(Room, current.correlate(Room).scalar_subquery(), coming.correlate(Room).scalar_subquery())
        .where(Room.project_id == project_id)
        .order_by(Room.name)
    ).all()
    wanted = {number for row in rows for number in row[1:] if number is not None}
    talks = {found.id: found for found in db.session.scalars(select(Ticket).where(Ticket.id.in_(wanted)))}
    return [(room, talks.get(one), talks.get(other)) for room, one, other in rows]


def talk_near(project_id: int, moment: datetime) -> datetime | None:
    """Return when the talk begins whose conference day counts at *moment*: the last that has begun, else the first.

    A talk that begins within twelve hours comes before one that was over twelve hours ago: it is its day already.
    """
    starts = select(Ticket.start).where(
        Ticket.project_id == project_id, Ticket.type == "recording", Ticket.start.is_not(None), Ticket.end.is_not(None)
    )
    begun = starts.where(Ticket.start <= moment).order_by(Ticket.start.desc()).limit(1).scalar_subquery()
    coming = starts.where(Ticket.start > moment).order_by(Ticket.start).limit(1).scalar_subquery()
    last, next_one = db.session.execute(select(begun, coming)).one()
    soon = next_one is not None and next_one - moment < HALF_A_DAY and (last is None or moment - last > HALF_A_DAY)
    found: datetime | None = next_one if soon or last is None else last
    return found


def day_talks(
    project_id: int, begin: datetime, end: datetime, name: str, limit: int
) -> Sequence[tuple[Ticket, str, str]]:
    """List the talks that begin in a stretch of time: with the name of the room and their property *name*, or ''."""
    rows = db.session.execute(
        select(Ticket, func.coalesce(Room.name, ""), func.coalesce(Property.value, ""))
        .outerjoin(Room, Room.id == Ticket.room_id)
        .outerjoin(Property, and_(Property.ticket_id == Ticket.id, Property.name == name))
        .where(Ticket.project_id == project_id, Ticket.type == "recording")
        .where(Ticket.start >= begin, Ticket.start < end, Ticket.end.is_not(None))
        .order_by(Ticket.start, Ticket.id)
        .limit(limit)
    )
    return [(ticket, room, value) for ticket, room, value in rows]


def times_after_talk(project_id: int, states: Collection[str]) -> dict[str, tuple[float, float, int]]:
    """Return for each state the seconds from the end of a talk to the first arrival in it: median, p90, how many."""
    first = (
        select(LogEntry.ticket_id, LogEntry.to_state, func.min(LogEntry.created).label("at"))
        .join(Ticket, Ticket.id == LogEntry.ticket_id)
        .where(Ticket.project_id == project_id, LogEntry.to_state.in_(states), LogEntry.from_state != LogEntry.to_state)
        .group_by(LogEntry.ticket_id, LogEntry.to_state)
        .subquery()
    )
    own, parent = aliased(Ticket), aliased(Ticket)
    seconds = func.extract("epoch", first.c.at - func.coalesce(own.end, parent.end))
    rows = db.session.execute(
        select(
            first.c.to_state,
            func.percentile_cont(0.5).within_group(seconds),
            func.percentile_cont(0.9).within_group(seconds),
            func.count(),
        )
        .select_from(first)
        .join(own, own.id == first.c.ticket_id)
        .outerjoin(parent, parent.id == own.parent_id)
        .where(seconds >= 0)
        .group_by(first.c.to_state)
    )
    return {state: (float(half), float(most), count) for state, half, most, count in rows}
