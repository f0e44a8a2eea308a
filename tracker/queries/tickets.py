"""Named SELECTs: tickets, and their rows locked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from tracker.db import db
from tracker.models import (
    Ticket,
)


def ticket(ticket_id: int) -> Ticket | None:
    """Return a ticket."""
    return db.session.get(Ticket, ticket_id)


def lock_ticket(ticket_id: int) -> Ticket | None:
    """Return a ticket with its row locked and its values read anew."""
    return db.session.scalar(
        select(Ticket)
        .where(Ticket.id == ticket_id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    )


def lock_children(recording_id: int) -> Sequence[Ticket]:
    """Return the encoding tickets of a recording, locked in id order."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.parent_id == recording_id, Ticket.type == "encoding")
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def recording_by_fahrplan_id(project_id: int, fahrplan_id: int) -> Ticket | None:
    """Return the recording ticket of a project with this Fahrplan.ID."""
    return db.session.scalar(
        select(Ticket).where(
            Ticket.project_id == project_id, Ticket.type == "recording", Ticket.fahrplan_id == fahrplan_id
        )
    )


def fahrplan_ids(project_id: int) -> set[int]:
    """Return every Fahrplan.ID a project uses."""
    statement = select(Ticket.fahrplan_id).where(Ticket.project_id == project_id, Ticket.type == "recording")
    return {value for value in db.session.scalars(statement) if value is not None}


def basename_taken(project_id: int, basename: str, but: int) -> bool:
    """Tell whether another ticket of the project already froze this name."""
    found = db.session.scalar(
        select(Ticket.id).where(Ticket.project_id == project_id, Ticket.basename == basename, Ticket.id != but).limit(1)
    )
    return found is not None
