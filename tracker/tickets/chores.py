"""Miscellaneous tickets: handle, resolve, or say that it will not be done."""

from __future__ import annotations

from tracker.errors import Conflict
from tracker.models import Ticket, User
from tracker.statemachine import MISC
from tracker.tickets import guards, holding, moves
from tracker.tickets.actor import Actor

DONE = ("resolved", "wontfix")


def handle(ticket_id: int, user: User, *, take_over: bool = False, version: int | None = None) -> Ticket:
    """Begin to work on it: `open` -> `inprogress`, held by *user*. Raises Conflict when somebody else does."""
    ticket = guards.lock(ticket_id, kind=MISC, version=version)
    holding.begin(ticket, user, ("open",), "inprogress", "Action.handle", take_over=take_over)
    return ticket


def resolve(ticket_id: int, user: User, comment: str = "", *, version: int | None = None) -> Ticket:
    """It is done. Raises Conflict while somebody else works on it, or when it is over already."""
    return _end(ticket_id, user, "resolved", comment, version)


def wontfix(ticket_id: int, user: User, reason: str, *, version: int | None = None) -> Ticket:
    """It will not be done, because of *reason*. Raises Conflict as `resolve` does."""
    guards.needs_reason(reason, "Say in a sentence why it will not be done.")
    return _end(ticket_id, user, "wontfix", reason, version)


def _end(ticket_id: int, user: User, state: str, comment: str, version: int | None) -> Ticket:
    ticket = guards.lock(ticket_id, kind=MISC, version=version)
    guards.not_others(ticket, user)
    if ticket.state in DONE:
        raise Conflict(f"Ticket {ticket.id} is {ticket.state!r} already.")
    moves.move(ticket, state, Actor.of(user), f"Action.{state}", comment)
    return ticket
