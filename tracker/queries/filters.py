"""Filters as SQL: the value of a property in force for a ticket, with its precedence, compared inside the database."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    SQLColumnExpression,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from tracker.db import db
from tracker.filters import ABSENT, BEGINS, CONTAINS, IN, IS, IS_NOT, All, Clause, Either, Filter, Not
from tracker.models import Profile, Project, Property, Room, Ticket

INDEXED = 60
"""Characters of a value that are in the index ix_property_value."""


def passing(rule: Filter) -> ColumnElement[bool]:
    """Say when a row of ticket passes a filter; never null."""
    match rule:
        case Clause():
            return _holds(rule, in_force(rule.name))
        case Not(part):
            return not_(passing(part))
        case All(parts):
            return and_(*(passing(part) for part in parts))
        case Either(parts):
            return or_(*(passing(part) for part in parts))


def _holds(clause: Clause, value: ColumnElement[str]) -> ColumnElement[bool]:
    if clause.operator == ABSENT:
        return value.is_(None) if clause.texts == ("true",) else value.is_not(None)
    if clause.operator == IS_NOT:
        return value.is_distinct_from(clause.texts[0])
    return func.coalesce(_matches(clause, value), literal(False))


def _matches(clause: Clause, value: SQLColumnExpression[str]) -> ColumnElement[bool]:
    first = clause.texts[0]
    compare: dict[str, Callable[[], ColumnElement[bool]]] = {
        IS: lambda: value == first,
        CONTAINS: lambda: func.strpos(value, first) > 0,
        BEGINS: lambda: func.starts_with(value, first),
        IN: lambda: value.in_(clause.texts),
    }
    return compare[clause.operator]()


def in_force(name: str) -> ColumnElement[str]:
    """Return a property of a row of ticket: virtual, else its own, its profile's, its recording's, its project's."""
    if name in VIRTUAL:
        return VIRTUAL[name]()
    owners = (
        Property.ticket_id == Ticket.id,
        Property.profile_id == Ticket.profile_id,
        Property.ticket_id == Ticket.parent_id,
        Property.project_id == Ticket.project_id,
    )
    return func.coalesce(*(_stored(owner, name) for owner in owners))


def _stored(owner: ColumnElement[bool], name: str) -> ScalarSelect[str]:
    return select(Property.value).where(owner, Property.name == name).correlate(Ticket).scalar_subquery()


def _of_project(column: SQLColumnExpression[str]) -> ColumnElement[str]:
    return select(column).where(Project.id == Ticket.project_id).correlate(Ticket).scalar_subquery()


def _of_profile(column: SQLColumnExpression[str]) -> ColumnElement[str]:
    return select(column).where(Profile.id == Ticket.profile_id).correlate(Ticket).scalar_subquery()


def _room_key() -> ColumnElement[str]:
    talk = aliased(Ticket)
    rooms = select(Room.key).join(talk, talk.room_id == Room.id)
    return rooms.where(talk.id == func.coalesce(Ticket.parent_id, Ticket.id)).correlate(Ticket).scalar_subquery()


def _fahrplan_id() -> ColumnElement[str]:
    talk = aliased(Ticket)
    number = select(cast(talk.fahrplan_id, Text)).where(talk.id == func.coalesce(Ticket.parent_id, Ticket.id))
    return number.correlate(Ticket).scalar_subquery()


VIRTUAL: dict[str, Callable[[], ColumnElement[str]]] = {
    "EncodingProfile.Extension": lambda: _of_profile(Profile.extension),
    "EncodingProfile.IsMaster": lambda: _of_profile(case((Profile.depends_on_id.is_(None), "yes"), else_="no")),
    "EncodingProfile.Slug": lambda: _of_profile(Profile.slug),
    "Fahrplan.ID": _fahrplan_id,
    "Project.Slug": lambda: _of_project(Project.slug),
    "Project.TimeZone": lambda: _of_project(Project.time_zone),
    "Room.Key": _room_key,
}
"""Properties that no row stores."""


# --- a short cut for filters that few tickets pass -------------------------------------------------------------


def owners_of(rule: Filter, project_id: int, most: int) -> list[int] | None:
    """List the tickets of a project one of which has to own a property, or be the recording of who passes.

    Found through the values, so the number of tickets does not matter. None when the filter gives no such list: because
    of what it asks for, because a project or profile has a fitting value, or because more than *most* own one.
    """
    match rule:
        case Clause(name, operator, _) if operator in (IS, IN, BEGINS, CONTAINS) and name not in VIRTUAL:
            return _owners(rule, project_id, most)
        case All(parts):
            found = (owners_of(part, project_id, most) for part in parts)
            return next((owners for owners in found if owners is not None), None)
        case Either(parts):
            lists = [owners_of(part, project_id, most) for part in parts]
            together = [owner for owners in lists if owners is not None for owner in owners]
            return None if None in lists or len(together) > most else together
        case _:
            return None


def _owners(clause: Clause, project_id: int, most: int) -> list[int] | None:
    fits = (Property.name == clause.name, *_indexed(clause), _matches(clause, Property.value))
    inherited = exists().where(*fits, or_(Property.project_id == project_id, Property.profile_id.is_not(None)))
    of_tickets = select(Property.ticket_id).join(Ticket, Ticket.id == Property.ticket_id)
    own = of_tickets.where(*fits, Ticket.project_id == project_id).limit(most + 1)
    row = db.session.execute(select(inherited, func.array(own.scalar_subquery()))).one()
    return None if row[0] or len(row[1]) > most else list(row[1])


def _indexed(clause: Clause) -> tuple[ColumnElement[bool], ...]:
    """Say the same of the beginning of the value, which is in the index."""
    start = func.left(Property.value, INDEXED)
    if clause.operator in (IS, IN):
        return (start.in_({text[:INDEXED] for text in clause.texts}),)
    if clause.operator == BEGINS:
        return (start.startswith(clause.texts[0][:INDEXED], autoescape=True),)
    return ()
