"""Leases: a worker that promised signs of life and falls silent loses its ticket, which is free again (design D5)."""

from __future__ import annotations

from tracker import queries
from tracker.db import db
from tracker.models import Ticket
from tracker.tickets import moves
from tracker.tickets.actor import TRACKER, Actor

LOST = "Lease.lost"


def return_silent() -> int:
    """Take back the tickets whose lease ran out; fail those lost too often. Return how many."""
    expired = queries.lock_expired_leases()
    for ticket in expired:
        _lose(ticket)
    db.session.flush()
    return len(expired)


def _lose(ticket: Ticket) -> None:
    holder = ticket.worker
    actor = Actor.of(holder) if holder else TRACKER
    losses = ticket.losses + 1
    reason = f"{actor.name} went silent for more than {ticket.lease_s} s"
    if losses >= ticket.project.max_attempts:
        moves.fail(ticket, actor, LOST, f"{reason}; lost {losses} times in a row, so a person has to look")
    else:
        moves.move(ticket, before(ticket), actor, LOST, f"{reason}; the ticket is free again")
    ticket.losses = losses


def before(ticket: Ticket) -> str:
    """Return the state a script took the ticket from."""
    previous = ticket.table.predecessor(ticket.state, ticket.disabled)
    return previous if previous is not None else ticket.state
