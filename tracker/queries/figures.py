"""Named SELECTs: what was done in a project, from its log and properties."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Double, SQLColumnExpression, and_, case, cast, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from tracker.db import db
from tracker.models import LogEntry, Profile, Property, Ticket

SCRIPTED = ("encoding",)
"""Work that scripts do; all other is people's."""
NUMBER = r"^[0-9]{1,9}(\.[0-9]{1,9})?$"


class Work(NamedTuple):
    """What somebody did of a kind: how often, seconds in the middle and in all, seconds of film it was about."""

    state: str
    actor: str
    profile: str
    times: int
    median_s: float
    total_s: float
    film_s: float


def _by(who: SQLColumnExpression[str] | SQLColumnExpression[str | None]) -> SQLColumnExpression[str]:
    """Return the slug of the format for what workers do; people are told by all they did."""
    return case((who.in_(SCRIPTED), func.coalesce(Profile.slug, "")), else_="")


def _of_scripts(state: SQLColumnExpression[str | None]) -> SQLColumnExpression[bool]:
    """Tell whether a row of the log is a worker's where one works; by hand people do it, too."""
    return or_(state.not_in(SCRIPTED), LogEntry.user_id.is_(None))


def _seconds(value: SQLColumnExpression[str]) -> SQLColumnExpression[float]:
    """Read a property as seconds; what is no number counts as none."""
    return case((value.op("~")(NUMBER), cast(value, Double)), else_=0.0)


def film_seconds(project_id: int) -> dict[str, float]:
    """Return the seconds of all talks by ``recorded``, ``cut``, and ``released`` (those with a released file)."""
    child = aliased(Ticket)
    public = select(child.parent_id).where(child.project_id == project_id, child.state == "released")
    names = {"recorded": "Record.DurationSeconds", "cut": "Record.Cutdiffseconds"}
    sums = {name: func.sum(_seconds(Property.value)).filter(Property.name == text) for name, text in names.items()}
    sums["released"] = func.sum(_seconds(Property.value)).filter(
        Property.name == names["cut"], Property.ticket_id.in_(public)
    )
    row = db.session.execute(
        select(*sums.values())
        .join(Ticket, Ticket.id == Property.ticket_id)
        .where(Ticket.project_id == project_id, Ticket.type == "recording", Property.name.in_(names.values()))
    ).one()
    return {name: float(value or 0) for name, value in zip(sums, row, strict=True)}


def work_done(project_id: int, ends: Collection[tuple[str, str]]) -> Sequence[Work]:
    """Add up, by state, actor and (for workers) profile, the work that ended with a move (from, to) of *ends*.

    It began when the ticket came into the state; how long the film is says Encoding.Seconds.
    """
    states = [state for state, _ in ends]
    began = func.lag(LogEntry.created).over(partition_by=LogEntry.ticket_id, order_by=LogEntry.id)
    moves = (
        select(
            LogEntry.ticket_id,
            LogEntry.actor,
            LogEntry.from_state,
            LogEntry.to_state,
            _of_scripts(LogEntry.from_state).label("counts"),
            func.extract("epoch", LogEntry.created - began).label("seconds"),
        )
        .join(Ticket, Ticket.id == LogEntry.ticket_id)
        .where(Ticket.project_id == project_id, LogEntry.from_state != LogEntry.to_state)
        .where(or_(LogEntry.from_state.in_(states), LogEntry.to_state.in_(states)))
        .subquery()
    )
    own = aliased(Ticket)
    film = and_(Property.ticket_id == moves.c.ticket_id, Property.name == "Encoding.Seconds")
    slug = _by(moves.c.from_state)
    rows = db.session.execute(
        select(
            moves.c.from_state,
            moves.c.actor,
            slug,
            func.count(),
            func.coalesce(func.percentile_cont(0.5).within_group(moves.c.seconds), 0),
            func.coalesce(func.sum(moves.c.seconds), 0),
            func.coalesce(func.sum(_seconds(Property.value)), 0),
        )
        .join(own, own.id == moves.c.ticket_id)
        .outerjoin(Profile, Profile.id == own.profile_id)
        .outerjoin(Property, film)
        .where(moves.c.counts, tuple_(moves.c.from_state, moves.c.to_state).in_(list(ends)))
        .group_by(moves.c.from_state, moves.c.actor, slug)
        .order_by(moves.c.from_state, slug, moves.c.actor)
    )
    return [Work(state, who, name, times, float(a), float(b), float(c)) for state, who, name, times, a, b, c in rows]


def failures(project_id: int, states: Collection[str]) -> dict[tuple[str, str, str], int]:
    """Count how often a ticket failed in one of *states*, by (state, actor, slug of the profile)."""
    slug = _by(LogEntry.from_state)
    rows = db.session.execute(
        select(LogEntry.from_state, LogEntry.actor, slug, func.count())
        .join(Ticket, Ticket.id == LogEntry.ticket_id)
        .outerjoin(Profile, Profile.id == Ticket.profile_id)
        .where(Ticket.project_id == project_id, LogEntry.from_state.in_(states))
        .where(LogEntry.changes["failed"].as_boolean(), _of_scripts(LogEntry.from_state))
        .group_by(LogEntry.from_state, LogEntry.actor, slug)
    )
    return {(state or "", who, name): count for state, who, name, count in rows}
