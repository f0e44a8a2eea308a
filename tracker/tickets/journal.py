"""The log of a ticket: one row for each change, with all that changed; it can be replayed to the same ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.db import db, now
from tracker.models import LogEntry, Ticket
from tracker.tickets.actor import Actor

MAX_COMMENT = 200_000
"""Characters of a log comment; ffmpeg can write megabytes, of which the end matters."""


def row(
    ticket_id: int,
    actor: Actor,
    event: str,
    comment: str = "",
    from_state: str | None = None,
    to_state: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the columns of a log row; of a long comment the end is kept."""
    text = comment.replace("\x00", "\ufffd")
    if len(text) > MAX_COMMENT:
        text = "[...]\n" + text[-MAX_COMMENT:]
    return {
        "ticket_id": ticket_id,
        "actor": actor.name,
        "user_id": actor.user_id,
        "worker_id": actor.worker_id,
        "event": event,
        "from_state": from_state,
        "to_state": to_state,
        "comment": text,
        "changes": dict(changes or {}),
    }


def log(
    ticket: Ticket,
    actor: Actor,
    event: str,
    comment: str = "",
    from_state: str | None = None,
    to_state: str | None = None,
) -> None:
    """Add the log row of a change, with the fields (models.ticket.LOGGED) that changed since the row before."""
    changes = ticket.take_changes()
    db.session.add(LogEntry(**row(ticket.id, actor, event, comment, from_state, to_state, changes)))


def touch(ticket: Ticket) -> None:
    """Count a change of the ticket, so that a page drawn before it can be told."""
    ticket.version += 1
    ticket.modified = now()
