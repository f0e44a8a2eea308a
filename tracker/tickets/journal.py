"""The log of a ticket: one row for each change, with all that changed; it can be replayed to the same ticket."""

from __future__ import annotations

from tracker.db import db, now
from tracker.models import LogEntry, Ticket
from tracker.tickets.actor import Actor

MAX_COMMENT = 200_000
"""Characters of a log comment; ffmpeg can write megabytes, of which the end matters."""


def log(
    ticket: Ticket,
    actor: Actor,
    event: str,
    comment: str = "",
    from_state: str | None = None,
    to_state: str | None = None,
) -> None:
    """Add the log row of a change, with the fields (models.ticket.LOGGED) that changed since the row before."""
    text = comment.replace("\x00", "\ufffd")
    if len(text) > MAX_COMMENT:
        text = "[...]\n" + text[-MAX_COMMENT:]
    entry = LogEntry(
        ticket_id=ticket.id,
        actor=actor.name,
        user_id=actor.user_id,
        worker_id=actor.worker_id,
        event=event,
        from_state=from_state,
        to_state=to_state,
        comment=text,
        changes=ticket.take_changes(),
    )
    db.session.add(entry)


def touch(ticket: Ticket) -> None:
    """Count a change of the ticket, so that a page drawn before it can be told."""
    ticket.version += 1
    ticket.modified = now()
