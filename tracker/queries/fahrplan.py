"""Named SELECTs: the Fahrplan and its imports."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from tracker.db import db
from tracker.models import (
    FahrplanFile,
    FahrplanImport,
    Property,
    ScheduleEvent,
    Ticket,
)


def scheduled_talks(project_id: int) -> Sequence[tuple[ScheduleEvent, Ticket]]:
    """List the scheduled talks of a project with their recording tickets, by ticket id."""
    rows = db.session.execute(
        select(ScheduleEvent, Ticket)
        .join(Ticket, Ticket.id == ScheduleEvent.recording_id)
        .where(ScheduleEvent.project_id == project_id)
        .order_by(Ticket.id)
    )
    return [(event, row) for event, row in rows]


def fahrplan_properties(project_id: int) -> dict[int, dict[str, str]]:
    """Return the stored Fahrplan.* properties of every recording ticket of a project, by ticket id."""
    rows = db.session.execute(
        select(Property.ticket_id, Property.name, Property.value)
        .join(Ticket, Ticket.id == Property.ticket_id)
        .where(Ticket.project_id == project_id, Ticket.type == "recording", Property.name.like("Fahrplan.%"))
    )
    found: dict[int, dict[str, str]] = {}
    for ticket_id, name, value in rows:
        assert ticket_id is not None
        found.setdefault(ticket_id, {})[name] = value
    return found


def last_import(project_id: int) -> FahrplanImport | None:
    """Return the newest import of a project."""
    return db.session.scalar(
        select(FahrplanImport)
        .where(FahrplanImport.project_id == project_id)
        .order_by(FahrplanImport.id.desc())
        .limit(1)
    )


def fahrplan_file(project_id: int, sha256: str) -> FahrplanFile | None:
    """Return the stored Fahrplan of a project with this checksum."""
    return db.session.scalar(
        select(FahrplanFile).where(FahrplanFile.project_id == project_id, FahrplanFile.sha256 == sha256)
    )


def forget_fahrplan_files(project_id: int, keep: int) -> None:
    """Delete all stored Fahrplan files of a project but the newest *keep*; their imports stay."""
    newest = select(FahrplanFile.id).where(FahrplanFile.project_id == project_id).order_by(FahrplanFile.id.desc())
    db.session.execute(
        delete(FahrplanFile).where(
            FahrplanFile.project_id == project_id, FahrplanFile.id.not_in(newest.limit(keep).scalar_subquery())
        )
    )
