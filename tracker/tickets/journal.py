"""The log of a ticket: one row for each change, with all that changed; it can be replayed to the same ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.db import db, now
from tracker.models import LogEntry, Ticket
from tracker.tickets.actor import Actor

MAX_COMMENT = 200_000
"""Characters of a log comment; ffmpeg can write megabytes, of which the end matters."""


def shortened(comment: str) -> str:
    """Return a comment as it is kept: of a long one the end."""
    text = comment.replace("\x00", "\ufffd")
    return "[...]\n" + text[-MAX_COMMENT:] if len(text) > MAX_COMMENT else text


def actor_columns(actor: Actor) -> dict[str, Any]:
    """Return the columns of a log row that say who did something."""
    return {"actor": actor.name, "user_id": actor.user_id, "worker_id": actor.worker_id}


def row(
    ticket_id: int,
    actor: Actor,
    event: str,
    comment: str = "",
    from_state: str | None = None,
    to_state: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the columns of a log row."""
    return {
        "ticket_id": ticket_id,
        "event": event,
        "from_state": from_state,
        "to_state": to_state,
        "comment": shortened(comment),
        "changes": dict(changes or {}),
        **actor_columns(actor),
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
