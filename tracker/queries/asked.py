"""Conditions for named SELECTs: tickets whose talk is as a script of API 4.0 asks for, by its room and its times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from tracker.db import db
from tracker.filters import Filter
from tracker.models import Property, Room, Ticket
from tracker.queries.filters import passing


@dataclass(frozen=True)
class Asked:
    """What a talk has to be like: its room as the Fahrplan calls it, its start and end without paddings."""

    room: str | None = None
    started_before: datetime | None = None
    ended_before: datetime | None = None
    ended_after: datetime | None = None


def fitting(asked: Asked) -> ColumnElement[bool]:
    """Say when the talk of a row of ticket is as asked for. A talk without times fits no question about them."""
    talk = aliased(Ticket)
    conditions = [talk.id == func.coalesce(Ticket.parent_id, Ticket.id)]
    if asked.started_before is not None:
        conditions.append(talk.start < asked.started_before)
    if asked.ended_before is not None:
        conditions.append(talk.end < asked.ended_before)
    if asked.ended_after is not None:
        conditions.append(talk.end > asked.ended_after)
    if asked.room is not None:
        named = exists().where(Room.id == talk.room_id, Room.name == asked.room)
        stored = exists().where(
            Property.ticket_id == talk.id, Property.name == "Fahrplan.Room", Property.value == asked.room
        )
        conditions.append(or_(named, stored))
    return exists().where(*conditions)


def tickets_as_asked(
    project_id: int,
    kind: str,
    state: str,
    *,
    asked: Asked | None = None,
    rule: Filter | None = None,
    worker_id: int | None = None,
) -> Sequence[Ticket]:
    """List the tickets of a type in a state that fit what is asked and pass a filter; those of one worker, or all."""
    statement = select(Ticket).where(Ticket.project_id == project_id, Ticket.type == kind, Ticket.state == state)
    if worker_id is not None:
        statement = statement.where(Ticket.worker_id == worker_id)
    for condition in [fitting(asked)] if asked else []:
        statement = statement.where(condition)
    for condition in [passing(rule)] if rule else []:
        statement = statement.where(condition)
    return db.session.scalars(
        statement.order_by(Ticket.id).options(selectinload(Ticket.parent), joinedload(Ticket.user))
    ).all()
