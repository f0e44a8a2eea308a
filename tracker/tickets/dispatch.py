"""What scripts do with a ticket they got: keep it by a heartbeat, finish it, fail it, give it back (design D5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from tracker import properties, queries, veil
from tracker.db import now
from tracker.errors import InvalidInput, NoService, NotAssigned, NotFound, Unassigned
from tracker.models import Project, Ticket, Worker
from tracker.statemachine import PROCESS, SCRIPT_A
from tracker.tickets import holds, leases, moves, prospects
from tracker.tickets.actor import Actor
from tracker.tickets.withdrawal import undecided

DONE, FAIL, GIVE_BACK, TAKEN_BACK = (
    "RPC.setTicketDone",
    queries.FAILED_EVENT,
    "RPC.giveBack",
    "Worker.takenBack",
)
MAX_RETRY_S = 7 * 24 * 3600


def held(ticket_id: int, project: Project, worker: Worker) -> Ticket:
    """Return the locked ticket when *worker* holds it in a process state; raise NotFound or NotAssigned."""
    ticket = in_project(ticket_id, project)
    if ticket.worker_id != worker.id:
        raise NotAssigned(f"Ticket {ticket_id} is not assigned to {worker.name}.")
    if ticket.table.by_name[ticket.state].script is None:
        raise NoService(f"Ticket {ticket_id} is in state {ticket.state!r}, in which no script works.")
    ticket.named = True
    return ticket


def in_project(ticket_id: int, project: Project) -> Ticket:
    """Return a ticket of this project, locked; raise NotFound for any other."""
    ticket = moves.lock(ticket_id)
    if ticket.project_id != project.id:
        raise NotFound(f"There is no ticket {ticket_id} in project {project.slug}.")
    return ticket


def _late(ticket_id: int, project: Project, worker: Worker, event: str, message: str) -> bool:
    """Answer a done or failed for a ticket the worker no longer holds: True if it said so before, else logged.

    Raises NotAssigned when the worker never had the ticket.
    """
    ticket = in_project(ticket_id, project)
    last = queries.last_service_event(ticket_id, worker.id)
    if last is None:
        nobodys = ticket.worker_id is None and ticket.user_id is None
        raise (Unassigned if nobodys else NotAssigned)(f"Ticket {ticket_id} was never assigned to {worker.name}.")
    if last == event:
        return True
    moves.log(ticket, Actor.of(worker), f"{event}.late", f"came after the ticket was lost; nothing changed\n{message}")
    return False


def finish(ticket_id: int, project: Project, worker: Worker, message: str = "") -> bool:
    """Move a worker's ticket on to the next state. False for a late call, which changes nothing (design D5)."""
    try:
        ticket = held(ticket_id, project, worker)
    except NotAssigned:
        return _late(ticket_id, project, worker, DONE, message)
    target = ticket.table.successor(ticket.state, ticket.disabled)
    if target is None:
        raise NoService(f"There is no state after {ticket.state!r}.")
    reason = holds.stops(ticket, target)
    if reason:  # the project skips the last look, the talk is held all the same
        target, message = undecided(ticket), f"{message}\nNot released: the talk is held. {reason}".strip()
    moves.move(ticket, target, Actor.of(worker), DONE, message)
    ticket.losses = 0
    return True


def fail(ticket_id: int, project: Project, worker: Worker, message: str = "") -> bool:
    """Mark a worker's ticket failed: it stays where it is, nobody's, until a person looks."""
    try:
        ticket = held(ticket_id, project, worker)
    except NotAssigned:
        return _late(ticket_id, project, worker, FAIL, message)
    moves.fail(ticket, Actor.of(worker), FAIL, message)
    return True


def give_back(ticket_id: int, project: Project, worker: Worker, reason: str, retry_after_s: int = 0) -> bool:
    """Return a worker's ticket to the state before; not handed out for *retry_after_s* seconds; *reason* is shown."""
    if not 0 <= retry_after_s <= MAX_RETRY_S:
        raise InvalidInput(f"retry_after_s is {retry_after_s}; it may be 0 to {MAX_RETRY_S} seconds.")
    try:
        ticket = held(ticket_id, project, worker)
    except NotAssigned:
        return False
    told = ticket.waiting
    moves.move(ticket, leases.before(ticket), Actor.of(worker), GIVE_BACK, reason)
    ticket.waiting = reason[:2000] or told
    ticket.losses = 0
    ticket.not_before = now() + timedelta(seconds=retry_after_s) if retry_after_s else None
    return True


def take_back(ticket_id: int, actor: Actor, reason: str) -> bool:
    """Return a ticket that a worker holds to the state before, free for others. False when no worker has it.

    It does not count as lost by a silent worker.
    """
    ticket = moves.lock(ticket_id)
    if ticket.worker_id is None:
        return False
    moves.move(ticket, leases.before(ticket), actor, TAKEN_BACK, reason)
    return True


def next_state(ticket_id: int, project: Project, state: str, worker: Worker, message: str = "") -> bool:
    """Move an unassigned ticket that is still in *state* to its successor (v3 setTicketNextState); else False.

    Script A moves talks on by the clock so; where it would get no work, nothing moves either. Raises NoService for a
    state that only people take tickets out of, and for a successor in which a script has to hold the ticket: without a
    holder nobody would ever take it from there.
    """
    ticket = in_project(ticket_id, project)
    if ticket.state != state or ticket.failed or ticket.user_id is not None or ticket.worker_id is not None:
        return False
    if ticket.table.by_name[state].left_by == ("human",):
        raise NoService(f"Only a person takes a ticket out of {state!r}.")
    target = ticket.table.successor(state, ticket.disabled)
    if target is None:
        raise NoService(f"There is no state after {state!r}.")
    if ticket.table.by_name[target].script not in (None, SCRIPT_A):
        raise NoService(f"A script holds a ticket while it is {target!r}: take it by assignNextUnassignedForState.")
    if ticket.table.by_name[target].kind == PROCESS and _withheld(ticket, target, worker):
        return False
    moves.move(ticket, target, Actor.of(worker), "RPC.setTicketNextState", message)
    return True


def _withheld(ticket: Ticket, state: str, worker: Worker) -> bool:
    """Tell whether a worker gets no new work for *state* in a project that its group works for."""
    refused = prospects.refused(worker.group, ticket.project, state, listed=True)
    return bool(worker.held or refused or prospects.withheld(ticket.project, state))


def add_log(ticket_id: int, project: Project, worker: Worker, message: str) -> None:
    """Write a worker's message into a ticket's log."""
    ticket = in_project(ticket_id, project)
    ticket.named = ticket.named or ticket.worker_id == worker.id
    moves.log(ticket, Actor.of(worker), "RPC.addLog", message)


def set_properties(ticket_id: int, project: Project, worker: Worker, values: Mapping[str, str]) -> dict[str, str]:
    """Write properties of a ticket as a worker sent them; '' deletes, virtual names are ignored. Return what changed.

    Raises InvalidInput for a malformed name, NotAssigned when another worker holds a lease; nothing is written then.
    The ticket is locked before its properties, as by everybody who writes some.
    """
    ticket = in_project(ticket_id, project)
    if ticket.worker_id not in (None, worker.id) and ticket.lease_until is not None:
        raise NotAssigned(f"Ticket {ticket_id} is another worker's by now; {worker.name} may not write to it.")
    ticket.named = ticket.named or ticket.worker_id == worker.id
    written = properties.write(ticket, values)
    if written:
        moves.log(ticket, Actor.of(worker), "RPC.setTicketProperties", veil.written(written))
    return written


def withdrawn(ticket_id: int, project: Project, worker: Worker, message: str = "") -> bool:
    """Note that the public files of a ticket are gone. False when no withdrawal was queued."""
    ticket = in_project(ticket_id, project)
    if not ticket.withdraw:
        return False
    ticket.withdraw = False
    ticket.exposed = False
    moves.touch(ticket)
    moves.log(ticket, Actor.of(worker), "Release.withdrawn", message)
    return True
