"""Named SELECTs: the Fahrplan and its imports."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, exists, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from tracker.db import db
from tracker.models import (
    FahrplanChange,
    FahrplanFile,
    FahrplanImport,
    FahrplanSource,
    LogEntry,
    Message,
    Project,
    Property,
    Room,
    ScheduleEvent,
    Ticket,
)


def scheduled_talks(project_id: int, only: Collection[int] | None = None) -> Sequence[tuple[ScheduleEvent, Ticket]]:
    """List the scheduled talks of a project with their recording tickets, by ticket id; or those of some tickets."""
    statement = (
        select(ScheduleEvent, Ticket)
        .join(Ticket, Ticket.id == ScheduleEvent.recording_id)
        .where(ScheduleEvent.project_id == project_id)
        .order_by(Ticket.id)
    )
    if only is not None:
        statement = statement.where(Ticket.id.in_(only))
    return [(event, row) for event, row in db.session.execute(statement)]


def known_rows(project_id: int, only: Collection[int] | None = None) -> Sequence[Any]:
    """List what the comparison has to know of the scheduled talks of a project, or of some, by ticket id."""
    statement = (
        select(
            *(ScheduleEvent.recording_id, ScheduleEvent.guid, ScheduleEvent.source_id, ScheduleEvent.occurrence),
            *(ScheduleEvent.said, ScheduleEvent.gone, Ticket.fahrplan_id, Ticket.title, Ticket.state),
            Room.key.label("room_key"),
        )
        .join(Ticket, Ticket.id == ScheduleEvent.recording_id)
        .outerjoin(Room, Room.id == Ticket.room_id)
        .where(ScheduleEvent.project_id == project_id)
        .order_by(ScheduleEvent.recording_id)
    )
    return db.session.execute(statement if only is None else statement.where(Ticket.id.in_(only))).all()


def schedule_events(recording_ids: Collection[int]) -> Sequence[ScheduleEvent]:
    """Return what identifies some scheduled talks."""
    return db.session.scalars(select(ScheduleEvent).where(ScheduleEvent.recording_id.in_(recording_ids))).all()


def schedule_keys(project_id: int) -> set[tuple[str, str, int]]:
    """Return the guids, source ids and occurrences of all scheduled talks of a project."""
    columns = (ScheduleEvent.guid, ScheduleEvent.source_id, ScheduleEvent.occurrence)
    rows = db.session.execute(select(*columns).where(ScheduleEvent.project_id == project_id))
    return {(guid, source_id, occurrence) for guid, source_id, occurrence in rows}


def fahrplan_properties(
    project_id: int, only: Collection[int] | None = None, name: str | None = None
) -> dict[int, dict[str, str]]:
    """Return the Fahrplan.* properties, or one of them, of the recordings of a project, or of some, by ticket id."""
    if only is not None and not only:
        return {}
    statement = (
        select(Property.ticket_id, Property.name, Property.value)
        .join(Ticket, Ticket.id == Property.ticket_id)
        .where(Ticket.project_id == project_id, Ticket.type == "recording")
        .where(Property.name.like("Fahrplan.%") if name is None else Property.name == name)
    )
    rows = db.session.execute(statement if only is None else statement.where(Ticket.id.in_(only)))
    found: dict[int, dict[str, str]] = {}
    for ticket_id, label, value in rows:
        assert ticket_id is not None
        found.setdefault(ticket_id, {})[label] = value
    return found


def lock_talks(ticket_ids: Collection[int]) -> Sequence[Ticket]:
    """Lock some recording tickets in id order, before their children, and read them anew.

    Whoever keeps what is returned finds each of them at hand.
    """
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(ticket_ids))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def begun_recordings(project_id: int) -> set[int]:
    """Return the locked recording tickets of a project that have been recorded before: their log says so."""
    beyond = LogEntry.to_state.not_in(("locked", "scheduled"))
    statement = (
        select(Ticket.id)
        .where(Ticket.project_id == project_id, Ticket.type == "recording", Ticket.state == "locked")
        .where(exists().where(LogEntry.ticket_id == Ticket.id, beyond))
    )
    return set(db.session.scalars(statement))


def last_log_rows(recording_ids: Collection[int]) -> dict[int, int]:
    """Return the id of the last log row of each talk, its recording and all its children."""
    talk = func.coalesce(Ticket.parent_id, Ticket.id)
    rows = db.session.execute(
        select(talk, func.max(LogEntry.id))
        .join(Ticket, Ticket.id == LogEntry.ticket_id)
        .where(or_(Ticket.id.in_(recording_ids), Ticket.parent_id.in_(recording_ids)))
        .group_by(talk)
    )
    return {number: last for number, last in rows}


def fahrplan_source(project_id: int) -> FahrplanSource | None:
    """Return how the Fahrplan of a project is treated."""
    return db.session.get(FahrplanSource, project_id)


def delete_unused_rooms(room_ids: Collection[int]) -> None:
    """Delete those of some rooms in which no ticket is and that nobody gave a recorder."""
    used = exists().where(Ticket.room_id == Room.id)
    db.session.execute(delete(Room).where(Room.id.in_(room_ids), ~used, Room.recorders == []))


def waiting_fahrplan_changes(project_ids: Collection[int]) -> dict[int, int]:
    """Count the changes that wait for the crew, by project; those without any are left out."""
    rows = db.session.execute(
        select(FahrplanChange.project_id, func.count())
        .where(FahrplanChange.project_id.in_(project_ids), FahrplanChange.status == "waiting")
        .group_by(FahrplanChange.project_id)
    )
    return {project_id: count for project_id, count in rows}


def projects_to_watch(moment: datetime, slugs: Collection[str]) -> list[str]:
    """List the slugs of the projects whose Fahrplan is to be asked for at a moment, those that wait longest first."""
    late = or_(FahrplanSource.next_try.is_(None), FahrplanSource.next_try <= moment)
    statement = _watched(slugs).where(late).order_by(FahrplanSource.next_try.asc().nulls_first(), Project.id)
    return list(db.session.scalars(statement))


def next_watch(slugs: Collection[str]) -> datetime | None:
    """Return the next moment at which a Fahrplan is to be asked for."""
    inner = _watched(slugs).add_columns(FahrplanSource.next_try).subquery()
    found: datetime | None = db.session.scalar(select(func.min(inner.c.next_try)))
    return found


def _watched(slugs: Collection[str]) -> Select[str]:
    address = exists().where(Property.project_id == Project.id, Property.name == "Fahrplan.XML")
    statement = (
        select(Project.slug)
        .outerjoin(FahrplanSource, FahrplanSource.project_id == Project.id)
        .where(Project.read_only.is_(False), address, func.coalesce(FahrplanSource.paused, False).is_(False))
    )
    return statement.where(Project.slug.in_(slugs)) if slugs else statement


def lock_next_message(moment: datetime) -> Message | None:
    """Lock the message that waits longest to be sent at a moment; what others send just now is stepped over."""
    return db.session.scalar(
        select(Message)
        .where(Message.sent.is_(None), Message.given_up.is_(None), Message.next_try <= moment)
        .order_by(Message.next_try, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def unsent_messages(project_id: int) -> Sequence[Message]:
    """List the messages of a project that are not delivered, oldest first."""
    return db.session.scalars(
        select(Message).where(Message.project_id == project_id, Message.sent.is_(None)).order_by(Message.id)
    ).all()


def exposed_talks(project_id: int) -> Sequence[Ticket]:
    """List the recordings of a project of which a file may be public and no withdrawal is queued."""
    child = aliased(Ticket)
    public = exists().where(child.parent_id == Ticket.id, child.exposed, child.withdraw.is_(False))
    return db.session.scalars(
        select(Ticket).where(Ticket.project_id == project_id, Ticket.type == "recording", public).order_by(Ticket.id)
    ).all()


RUN_LOCK = 0x4657
"""Class of the advisory locks of Fahrplan runs; the second number is the project's."""


@contextmanager
def only_run(project_id: int, wait_s: int = 0) -> Iterator[bool]:
    """Hold the project's lock for runs over its Fahrplan, on a connection of its own; tell whether one got it.

    No transaction is open meanwhile, and the lock goes with the process. Waits up to *wait_s* for another run to end.
    """
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        deadline = time.monotonic() + wait_s
        while not (mine := bool(connection.scalar(select(func.pg_try_advisory_lock(RUN_LOCK, project_id))))):
            if time.monotonic() >= deadline:
                break
            time.sleep(0.2)
        try:
            yield mine
        finally:
            if mine:
                connection.execute(select(func.pg_advisory_unlock(RUN_LOCK, project_id)))


def open_fahrplan_changes(project_id: int) -> Sequence[FahrplanChange]:
    """List the changes that wait for the crew, and the talks it did not want, by id; with their tickets at hand."""
    return db.session.scalars(
        select(FahrplanChange)
        .where(
            FahrplanChange.project_id == project_id,
            or_(
                FahrplanChange.status == "waiting",
                and_(FahrplanChange.status == "declined", FahrplanChange.ticket_id.is_(None)),
            ),
        )
        .order_by(FahrplanChange.id)
        .options(selectinload(FahrplanChange.ticket))
    ).all()


def last_import(project_id: int, *, undone: bool = True) -> FahrplanImport | None:
    """Return the newest import of a project; without *undone* the newest that was not undone."""
    statement = select(FahrplanImport).where(FahrplanImport.project_id == project_id)
    if not undone:
        statement = statement.where(FahrplanImport.undone.is_(None))
    return db.session.scalar(statement.order_by(FahrplanImport.id.desc()).limit(1))


def fahrplan_import(project_id: int, import_id: int) -> FahrplanImport | None:
    """Return one import of a project."""
    return db.session.scalar(
        select(FahrplanImport).where(FahrplanImport.project_id == project_id, FahrplanImport.id == import_id)
    )


def fahrplan_imports(project_id: int, limit: int) -> Sequence[FahrplanImport]:
    """List the newest imports of a project, newest first, with their files at hand."""
    return db.session.scalars(
        select(FahrplanImport)
        .where(FahrplanImport.project_id == project_id)
        .order_by(FahrplanImport.id.desc())
        .limit(limit)
        .options(selectinload(FahrplanImport.file))
    ).all()


def fahrplan_changes(import_id: int, status: Collection[str]) -> Sequence[FahrplanChange]:
    """List what an import did to talks, by ticket; with their tickets at hand."""
    return db.session.scalars(
        select(FahrplanChange)
        .where(FahrplanChange.import_id == import_id, FahrplanChange.status.in_(status))
        .order_by(FahrplanChange.ticket_id, FahrplanChange.id)
        .options(selectinload(FahrplanChange.ticket))
    ).all()


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
