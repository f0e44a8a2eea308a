"""Named SELECTs: tickets, and their rows locked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.orm import selectinload

from tracker.db import db
from tracker.models import Comment, LogEntry, Profile, Ticket


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


def lock_tickets(project_id: int, ids: Collection[int]) -> Sequence[Ticket]:
    """Return tickets of a project by their numbers, locked; others are left out.

    All their recordings are locked before any child, each in id order: two that ask for overlapping sets wait for each
    other instead of deadlocking.
    """
    talks = select(func.coalesce(Ticket.parent_id, Ticket.id)).where(Ticket.id.in_(ids))
    found: Sequence[Ticket] = ()
    for chosen in (Ticket.id.in_(talks), Ticket.id.in_(ids)):
        found = db.session.scalars(
            select(Ticket)
            .where(Ticket.project_id == project_id, chosen)
            .order_by(Ticket.id)
            .with_for_update(of=Ticket, key_share=True)
            .execution_options(populate_existing=True)
        ).all()
    return found


def lock_children(recording_id: int) -> Sequence[Ticket]:
    """Return the encoding tickets of a recording, locked in id order."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.parent_id == recording_id, Ticket.type == "encoding")
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_family(recording_id: int) -> Sequence[Ticket]:
    """Return all children of a recording, miscellaneous ones too, locked in id order."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.parent_id == recording_id)
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_recordings(project_id: int) -> Sequence[Ticket]:
    """Return the recording tickets of a project, locked in id order: before their children, as everybody does."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.project_id == project_id, Ticket.type == "recording")
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_encodings(project_id: int, profile_id: int | None = None) -> Sequence[Ticket]:
    """Return the encoding tickets of a project, or those of one profile, locked in id order, with their recordings.

    Those of one profile may be locked by themselves, because a talk has only one; for all of them the recordings have
    to be locked before (`lock_recordings`).
    """
    statement = select(Ticket).where(Ticket.project_id == project_id, Ticket.type == "encoding")
    if profile_id is not None:
        statement = statement.where(Ticket.profile_id == profile_id)
    return db.session.scalars(
        statement.order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
        .options(selectinload(Ticket.parent))
        .execution_options(populate_existing=True)
    ).all()


def has_dependants(recording_id: int) -> bool:
    """Tell whether a talk has an encoding ticket whose profile depends on another one."""
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    Ticket.parent_id == recording_id,
                    Ticket.profile_id == Profile.id,
                    Profile.depends_on_id.is_not(None),
                )
            )
        )
    )


def children(recording_id: int) -> Sequence[Ticket]:
    """List the encoding tickets of a recording."""
    return db.session.scalars(
        select(Ticket).where(Ticket.parent_id == recording_id, Ticket.type == "encoding").order_by(Ticket.id)
    ).all()


def comment(comment_id: int) -> Comment | None:
    """Return a comment."""
    return db.session.get(Comment, comment_id)


def last_entry_into(ticket_id: int, state: str) -> LogEntry | None:
    """Return the newest log row that moved a ticket into *state* from another one."""
    return db.session.scalar(
        select(LogEntry)
        .where(LogEntry.ticket_id == ticket_id, LogEntry.to_state == state, LogEntry.from_state != state)
        .order_by(LogEntry.id.desc())
        .limit(1)
    )


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
