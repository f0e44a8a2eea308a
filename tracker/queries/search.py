"""The ticket search as SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.orm import aliased, selectinload

from tracker.asking import Every, No, Question, Some, Term, Word, seconds_ago
from tracker.db import db, now
from tracker.errors import InvalidInput
from tracker.models import Profile, Project, Property, Room, Ticket, User, Worker
from tracker.queries.filters import in_force

PERSONS = "Fahrplan.Person_list"


def found_tickets(
    project: Project, question: Question, me_id: int, *, limit: int, offset: int = 0
) -> tuple[Sequence[Ticket], int]:
    """Return tickets of a project that a question asks for, by start of the talk, and how many there are in all."""
    talk = aliased(Ticket)
    wanted = (Ticket.project_id == project.id, _says(project, question, me_id))
    total = db.session.scalar(select(func.count()).select_from(Ticket).where(*wanted)) or 0
    rows = db.session.scalars(
        select(Ticket)
        .outerjoin(talk, talk.id == Ticket.parent_id)
        .where(*wanted)
        .order_by(
            func.coalesce(talk.start, Ticket.start).asc().nulls_last(),
            func.coalesce(Ticket.parent_id, Ticket.id),
            Ticket.parent_id.asc().nulls_first(),
            Ticket.id,
        )
        .limit(limit)
        .offset(offset)
        .options(selectinload(Ticket.parent), selectinload(Ticket.user), selectinload(Ticket.worker))
    ).all()
    return rows, total


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
            return _word(text)
        case Every(parts):
            return and_(true(), *(_says(project, part, me_id) for part in parts))
        case Some(parts):
            return or_(false(), *(_says(project, part, me_id) for part in parts))
        case No(part):
            return not_(func.coalesce(_says(project, part, me_id), false()))
        case Term():
            return _term(project, question, me_id)


def _of_talk(condition: Callable[[type[Ticket]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Say something of the talk of a ticket: of itself, or of its recording."""
    talk = aliased(Ticket)
    return or_(
        and_(Ticket.parent_id.is_(None), condition(Ticket)),
        exists().where(talk.id == Ticket.parent_id, condition(talk)),
    )


def _word(text: str) -> ColumnElement[bool]:
    parts = [_title(text), _person(text)]
    if text.isascii() and text.isdigit() and len(text) < 10:
        parts.append(_numbers([int(text)]))
    return or_(*parts)


def _title(text: str) -> ColumnElement[bool]:
    return or_(
        Ticket.title.icontains(text, autoescape=True),
        _of_talk(lambda talk: talk.title.icontains(text, autoescape=True)),
    )


def _person(text: str) -> ColumnElement[bool]:
    owner = or_(Property.ticket_id == Ticket.id, Property.ticket_id == Ticket.parent_id)
    return exists().where(owner, Property.name == PERSONS, Property.value.icontains(text, autoescape=True))


def _numbers(numbers: Sequence[int]) -> ColumnElement[bool]:
    return or_(Ticket.id.in_(numbers), _of_talk(lambda talk: talk.fahrplan_id.in_(numbers)))


def _term(project: Project, term: Term, me_id: int) -> ColumnElement[bool]:
    if "." in term.field:
        return _compared(in_force(term.field), term)
    terms: dict[str, Callable[[], ColumnElement[bool]]] = {
        "type": lambda: Ticket.type == term.text,
        "state": lambda: _compared(Ticket.state, term),
        "failed": lambda: Ticket.failed.is_(term.text == "yes"),
        "attention": lambda: Ticket.needs_attention.is_(term.text == "yes"),
        "off": lambda: (Ticket.off != "") == (term.text == "yes"),
        "room": lambda: _room(project, term),
        "profile": lambda: exists().where(Profile.id == Ticket.profile_id, _compared(Profile.slug, term)),
        "language": lambda: _compared(in_force("Record.Language"), term),
        "day": lambda: _day(project, term.text),
        "title": lambda: _title(term.text),
        "person": lambda: _person(term.text),
        "id": lambda: _numbers([int(each) for each in term.text.split(",")]),
        "who": lambda: _who(term.text, me_id),
        "changed": lambda: Ticket.modified > now() - timedelta(seconds=seconds_ago(term.text)),
    }
    return terms[term.field]()


def _compared(value: SQLColumnExpression[str], term: Term) -> ColumnElement[bool]:
    return value.icontains(term.text, autoescape=True) if term.part else value == term.text


def _room(project: Project, term: Term) -> ColumnElement[bool]:
    fits = or_(_compared(Room.key, term), _compared(Room.name, term))
    rooms = select(Room.id).where(Room.project_id == project.id, fits)
    return _of_talk(lambda talk: talk.room_id.in_(rooms))


def _day(project: Project, text: str) -> ColumnElement[bool]:
    """A day of a conference begins at five in the morning of the project's zone, as in the list of talks."""
    try:
        begin = datetime.combine(date.fromisoformat(text), time(5), ZoneInfo(project.time_zone))
        end = begin + timedelta(days=1)
    except (ValueError, OverflowError):  # the last day of year 9999 has no next one
        raise InvalidInput(f"day:{text} is no day of any calendar.", "q") from None
    return _of_talk(lambda talk: and_(talk.start >= begin, talk.start < end))


def _who(name: str, me_id: int) -> ColumnElement[bool]:
    if name == "nobody":
        return and_(Ticket.user_id.is_(None), Ticket.worker_id.is_(None))
    if name == "me":
        return Ticket.user_id == me_id
    users, workers = select(User.id).where(User.name == name), select(Worker.id).where(Worker.name == name)
    return or_(func.coalesce(Ticket.user_id.in_(users), false()), func.coalesce(Ticket.worker_id.in_(workers), false()))
