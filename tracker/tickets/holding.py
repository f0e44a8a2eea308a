"""Who works on a ticket: begin, take over, leave, and what a superuser assigns."""

from __future__ import annotations

from collections.abc import Collection

from tracker import queries
from tracker.errors import Conflict, InvalidInput
from tracker.models import Ticket, User, Worker
from tracker.statemachine import PROCESS
from tracker.tickets import guards, moves
from tracker.tickets.actor import Actor

LEFT = "left without being repaired"


def begin(
    ticket: Ticket, user: User, sources: Collection[str], target: str, event: str, *, take_over: bool = False
) -> None:
    """Put *user* to work on a ticket: from one of *sources* (any without), or in *target* if it is free or taken over.

    Raises Conflict when somebody else works on it or it is elsewhere.
    """
    if ticket.state == target and ticket.user_id == user.id and not ticket.failed:
        return
    holder = guards.holder_of(ticket)
    if holder is not None and not (take_over and ticket.state == target):
        raise Conflict(f"{holder.name} is working on ticket {ticket.id} ({ticket.state}).")
    if sources and ticket.state not in (*sources, target):
        wanted = " or ".join(repr(source) for source in sources)
        raise Conflict(f"Ticket {ticket.id} is {ticket.state!r}; it has to be {wanted} for that.")
    guards.may_hold(user, ticket, target)
    text = f"taken over from {holder.name}" if holder else ""
    moves.move(ticket, target, Actor.of(user), event, text, holder=user)


def take_over(ticket_id: int, user: User, *, version: int | None = None) -> Ticket:
    """Take a ticket from the person who works on it. Raises Conflict when people do not work in its state."""
    ticket = guards.lock(ticket_id, version=version)
    if not guards.for_people(ticket, ticket.state):
        raise Conflict(f"Ticket {ticket.id} is {ticket.state!r}; nobody works on it by hand just now.")
    begin(ticket, user, (), ticket.state, "Action.takeover", take_over=True)
    return ticket


def leave(ticket_id: int, user: User, *, version: int | None = None) -> Ticket:
    """Leave a ticket one works on: back to the state before, free for others."""
    ticket = guards.lock(ticket_id, version=version)
    guards.mine(ticket, user, ticket.state)
    _free(ticket, Actor.of(user), "Action.abort", "")
    return ticket


def _free(ticket: Ticket, actor: Actor, event: str, comment: str) -> None:
    """Take a ticket from whoever works on it, back to where it was; what was taken up failed fails again."""
    target, failed = guards.before(ticket), ""
    if ticket.table.by_name[ticket.state].additional:
        entry = queries.last_entry_into(ticket.id, ticket.state)
        if entry is not None and entry.from_state is not None:
            target, failed = entry.from_state, LEFT if entry.changes.get("failed") is False else ""
    moves.move(ticket, target, actor, event, comment, failed=failed)


def assign(
    ticket_id: int, by: User, to: User | Worker | None, *, version: int | None = None, comment: str = ""
) -> Ticket:
    """Give a ticket to a person or a worker, or (None) take it from whoever has it, back to the state before.

    A ticket in a static state moves on to the process state after it, because nobody works on a static one. Persons
    work in the states of people, workers in those of scripts; a worker gets its ticket when it asks for work next.
    Raises InvalidInput for the wrong kind of state, NotPermitted for somebody who may not, Conflict.
    """
    ticket = guards.lock(ticket_id, version=version)
    if to is None:
        return _unassign(ticket, by, comment)
    if guards.holder_of(ticket) is to and not ticket.failed:
        return ticket
    state = _workplace(ticket, to)
    if isinstance(to, User):
        guards.may_hold(to, ticket, state)
    else:
        guards.group_serves(to, ticket)
        ticket.attempt += 1
    text = f"to {to.name}" + (f": {comment}" if comment else "")
    moves.move(ticket, state, Actor.of(by), "Edit.assigned", text, holder=to)
    return ticket


def _unassign(ticket: Ticket, by: User, comment: str) -> Ticket:
    holder = guards.holder_of(ticket)
    if holder is None:
        raise Conflict(f"Nobody works on ticket {ticket.id}.")
    if ticket.state == guards.PUBLISHING:
        raise Conflict(f"Ticket {ticket.id} is being published by {holder.name}; cancel it if that has to be.")
    _free(ticket, Actor.of(by), "Edit.unassigned", f"from {holder.name}" + (f": {comment}" if comment else ""))
    return ticket


def _workplace(ticket: Ticket, to: User | Worker) -> str:
    """Return the process state in which *to* would work on the ticket: its own, or the next one."""
    static = ticket.table.by_name[ticket.state].kind != PROCESS
    state = guards.onward(ticket) if static else ticket.state
    row = ticket.table.by_name[state]
    if row.kind != PROCESS:
        raise InvalidInput(f"Ticket {ticket.id} is {ticket.state!r}: nobody works on it before {state!r}.", "holder")
    if isinstance(to, User) != guards.for_people(ticket, state):
        kind = "people" if guards.for_people(ticket, state) else f"{row.script}"
        raise InvalidInput(f"{state!r} is done by {kind}; {to.name} cannot hold the ticket there.", "holder")
    return state
