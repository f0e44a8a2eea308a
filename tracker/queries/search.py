"""The ticket search as SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.orm import aliased, selectinload

from tracker import veil
from tracker.asking import Every, No, Question, Some, Term, Word, seconds_ago
from tracker.db import db, now
from tracker.errors import InvalidInput
from tracker.models import Profile, Project, Property, Room, Ticket, User, Worker
from tracker.queries.filters import VIRTUAL, in_force

PERSONS = "Fahrplan.Person_list"

_Column = SQLColumnExpression[Any]


def found_tickets(
    project: Project, question: Question, me_id: int, *, limit: int, offset: int = 0
) -> tuple[Sequence[Ticket], int]:
    """Return tickets of a project that a question asks for, by start of the talk, and how many there are in all."""
    talk = aliased(Ticket)
    wanted = (Ticket.project_id == project.id, _says(project, question, me_id))
    total = db.session.scalar(select(func.count()).select_from(Ticket).where(*wanted)) or 0
    keys = (
        func.coalesce(talk.start, Ticket.start).label("start"),
        func.coalesce(Ticket.parent_id, Ticket.id).label("talk"),
        Ticket.parent_id.is_not(None).label("child"),
    )
    # What is shown of a ticket is joined to those of the page alone; joined to all that are found, it takes five times
    # as long.
    found = (
        select(Ticket.id, *keys)
        .outerjoin(talk, talk.id == Ticket.parent_id)
        .where(*wanted)
        .order_by(*_in_order(*keys, Ticket.id))
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    rows = db.session.scalars(
        select(Ticket)
        .join(found, found.c.id == Ticket.id)
        .order_by(*_in_order(found.c.start, found.c.talk, found.c.child, found.c.id))
        .options(selectinload(Ticket.parent), selectinload(Ticket.user), selectinload(Ticket.worker))
    ).all()
    return rows, total


def _in_order(start: _Column, *others: _Column) -> tuple[_Column, ...]:
    """Sort talks without a start last, and each before its files."""
    return (start.asc().nulls_last(), *others)


def tickets_by_id(project_id: int, ids: Collection[int]) -> Sequence[Ticket]:
    """List tickets of a project by their numbers; others are left out."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.project_id == project_id, Ticket.id.in_(ids))
        .order_by(Ticket.id)
        .options(selectinload(Ticket.parent))
    ).all()


def _says(project: Project, question: Question, me_id: int) -> ColumnElement[bool]:
    match question:
        case Word(text):
            return _word(project, text)
        case Every(parts):
            return and_(true(), *(_says(project, part, me_id) for part in parts))
        case Some(parts):
            return or_(false(), *(_says(project, part, me_id) for part in parts))
        case No(part):
            return not_(func.coalesce(_says(project, part, me_id), false()))
        case Term():
            return _term(project, question, me_id)


def _of_talk(project: Project, condition: Callable[[type[Ticket]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Say something of the talk of a ticket: of itself, or of its recording.

    The talks are looked for once and remembered; asked for each ticket anew, a search of 100,000 takes seconds.
    """
    talk = aliased(Ticket)
    talks = select(talk.id).where(talk.project_id == project.id, talk.parent_id.is_(None), condition(talk))
    return func.coalesce(Ticket.parent_id, Ticket.id).in_(talks)


def _word(project: Project, text: str) -> ColumnElement[bool]:
    parts = [_title(project, text), _person(project, text)]
    if text.isascii() and text.isdigit() and len(text) < 10:
        parts.append(_numbers(project, [int(text)]))
    return or_(*parts)


def _title(project: Project, text: str) -> ColumnElement[bool]:
    return or_(
        Ticket.title.icontains(text, autoescape=True),
        _of_talk(project, lambda talk: talk.title.icontains(text, autoescape=True)),
    )


def _person(project: Project, text: str) -> ColumnElement[bool]:
    owner = aliased(Ticket)
    named = select(Property.ticket_id).join(owner, owner.id == Property.ticket_id)
    owners = named.where(
        owner.project_id == project.id, Property.name == PERSONS, Property.value.icontains(text, autoescape=True)
    )
    return or_(Ticket.id.in_(owners), func.coalesce(Ticket.parent_id.in_(owners), false()))


def _numbers(project: Project, numbers: Sequence[int]) -> ColumnElement[bool]:
    return or_(Ticket.id.in_(numbers), _of_talk(project, lambda talk: talk.fahrplan_id.in_(numbers)))


def _term(project: Project, term: Term, me_id: int) -> ColumnElement[bool]:
    if "." in term.field:
        return _property(project, term.field, term)
    terms: dict[str, Callable[[], ColumnElement[bool]]] = {
        "type": lambda: Ticket.type == term.text,
        "state": lambda: _compared(Ticket.state, term),
        "failed": lambda: Ticket.failed.is_(term.text == "yes"),
        "attention": lambda: Ticket.needs_attention.is_(term.text == "yes"),
        "off": lambda: (Ticket.off != "") == (term.text == "yes"),
        "room": lambda: _room(project, term),
        "profile": lambda: exists().where(Profile.id == Ticket.profile_id, _compared(Profile.slug, term)),
        "language": lambda: _property(project, "Record.Language", term),
        "day": lambda: _day(project, term.text),
        "title": lambda: _title(project, term.text),
        "person": lambda: _person(project, term.text),
        "id": lambda: _numbers(project, [int(each) for each in term.text.split(",")]),
        "who": lambda: _who(term.text, me_id),
        "changed": lambda: Ticket.modified > now() - timedelta(seconds=seconds_ago(term.text)),
    }
    return terms[term.field]()


def _property(project: Project, name: str, term: Term) -> ColumnElement[bool]:
    """Compare a property as it is in force for a ticket.

    What is in force takes several questions for each ticket; they are only asked where one of its owners has the value.
    """
    compared = _compared(_shown(in_force(name)) if term.veiled else in_force(name), term)
    if name in VIRTUAL:
        return compared
    stored = Property.name == name, _compared(Property.value, term)
    owner = aliased(Ticket)
    of_tickets = select(Property.ticket_id).join(owner, owner.id == Property.ticket_id)
    tickets = of_tickets.where(owner.project_id == project.id, *stored)
    profiles = select(Property.profile_id).where(Property.profile_id.is_not(None), *stored)
    anywhere = or_(
        Ticket.id.in_(tickets),
        func.coalesce(Ticket.parent_id.in_(tickets), false()),
        func.coalesce(Ticket.profile_id.in_(profiles), false()),
        exists().where(Property.project_id == project.id, *stored),
    )
    return and_(anywhere, compared)


def _shown(value: SQLColumnExpression[str]) -> SQLColumnExpression[str]:
    return func.regexp_replace(value, veil.LOGIN, veil.VEIL, "g")


def _compared(value: SQLColumnExpression[str], term: Term) -> ColumnElement[bool]:
    return value.icontains(term.text, autoescape=True) if term.part else value == term.text


def _room(project: Project, term: Term) -> ColumnElement[bool]:
    fits = or_(_compared(Room.key, term), _compared(Room.name, term))
    rooms = select(Room.id).where(Room.project_id == project.id, fits)
    return _of_talk(project, lambda talk: talk.room_id.in_(rooms))


def _day(project: Project, text: str) -> ColumnElement[bool]:
    """A day of a conference begins at five in the morning of the project's zone, as in the list of talks."""
    try:
        begin = datetime.combine(date.fromisoformat(text), time(5), ZoneInfo(project.time_zone))
        end = begin + timedelta(days=1)
    except (ValueError, OverflowError):  # the last day of year 9999 has no next one
        raise InvalidInput(f"day:{text} is no day of any calendar.", "q") from None
    return _of_talk(project, lambda talk: and_(talk.start >= begin, talk.start < end))


def _who(name: str, me_id: int) -> ColumnElement[bool]:
    if name == "nobody":
        return and_(Ticket.user_id.is_(None), Ticket.worker_id.is_(None))
    if name == "me":
        return Ticket.user_id == me_id
    users, workers = select(User.id).where(User.name == name), select(Worker.id).where(Worker.name == name)
    return or_(func.coalesce(Ticket.user_id.in_(users), false()), func.coalesce(Ticket.worker_id.in_(workers), false()))
