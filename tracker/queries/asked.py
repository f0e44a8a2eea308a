"""Conditions for named SELECTs: tickets whose talk is as a script of API 4.0 asks for, by room and by the times of the talk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_
from sqlalchemy.orm import aliased

from tracker.models import Property, Room, Ticket


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
