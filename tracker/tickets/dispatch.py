"""What scripts do: get the next ticket, keep it by a heartbeat, finish it, fail it, give it back (design D5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from tracker import properties, queries, wire
from tracker.db import db, now
from tracker.errors import InvalidInput, NoService, NoSuchService, NotAssigned, NotFound, Unassigned
from tracker.models import Project, Ticket, Worker
from tracker.statemachine import ENCODER, ENCODING, RECORDING, SCRIPT_A, State, Table, workflow
from tracker.tickets import moves
from tracker.tickets.actor import TRACKER, Actor

ASSIGN, DONE, FAIL, GIVE_BACK, LOST, TAKEN_BACK = (
    "RPC.assignNextUnassignedForState",
    "RPC.setTicketDone",
    queries.FAILED_EVENT,
    "RPC.giveBack",
    "Lease.lost",
    "Worker.takenBack",
)
REPEAT_AFTER = timedelta(seconds=10)
MAX_LEASE_S, MAX_RETRY_S = 24 * 3600, 7 * 24 * 3600
LOG_TAIL = 8_000
"""Characters of a worker's output that are kept for its page."""


def _service(project: Project, state: str) -> tuple[Table, State]:
    flow = workflow(project.workflow)
    if state not in flow.services:
        known = ", ".join(flow.services)
        raise NoSuchService(f"No script works in state {state!r}; there is work for: {known}.")
    kind, row = flow.services[state]
    return flow.tables[kind], row


def sources(table: Table, state: str, disabled: list[str]) -> list[str]:
    """List the states whose successor is *state*: from there a script takes tickets into it."""
    names = (row.name for row in table.states if row.name not in disabled and row.kind == "static")
    return [name for name in names if table.successor(name, disabled) == state]


def claim_next(
    project: Project, state: str, worker: Worker, lease_s: int | None = None, asked: queries.Asked | None = None
) -> Ticket | None:
    """Give *worker* the next ticket for process state *state*, or None when there is truly none.

    With *asked* the talk has to be as a script of API 4.0 wants it.

    A ticket the worker got before and never named (its answer was lost) is handed out again. *lease_s* starts a
    lease: without a heartbeat for so many seconds the ticket returns by itself. Raises NoService.
    """
    table, row = _service(project, state)
    disabled = project.disabled_states.get(table.type, [])
    queries.note_poll(project.id, state)
    none_returned = return_silent() == 0
    repeated = queries.lock_unnamed(project.id, state, worker.id, now() - REPEAT_AFTER)
    if repeated is not None:
        _lease(repeated, lease_s)
        return repeated
    states, parents = sources(table, row.name, disabled), _parents(project, table, row)
    # Whoever holds tickets waits for none: somebody may be waiting for these.
    found = queries.lock_next_free(
        project.id, table.type, states, worker.id, parents=parents, asked=asked, wait=none_returned
    )
    if found is None:
        return None
    moves.move(found, state, Actor.of(worker), ASSIGN, holder=worker)
    found.attempt += 1
    _lease(found, lease_s)
    if found.parent is not None and row.script == ENCODER:
        properties.write(found, {"Encoding.Cut": moves.cut_of(found)})
    db.session.flush()
    return found


def _parents(project: Project, table: Table, row: State) -> list[str]:
    """List the states a recording has to be in for what follows its encoding: a cut that is redone holds it up."""
    if table.type != ENCODING or row.script == ENCODER:
        return []
    flow = workflow(project.workflow)
    recording = flow.tables[RECORDING]
    least = recording.position(flow.material)
    return [state.name for state in recording.states if recording.position(state.name) >= least]


def _lease(ticket: Ticket, lease_s: int | None) -> None:
    if lease_s:
        ticket.lease_s = min(lease_s, MAX_LEASE_S)
    if ticket.lease_s:
        ticket.lease_until = now() + timedelta(seconds=ticket.lease_s)


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
        moves.move(ticket, _before(ticket), actor, LOST, f"{reason}; the ticket is free again")
    ticket.losses = losses


def _before(ticket: Ticket) -> str:
    """Return the state a script took the ticket from."""
    previous = ticket.table.predecessor(ticket.state, ticket.disabled)
    return previous if previous is not None else ticket.state


def _held(ticket_id: int, project: Project, worker: Worker) -> Ticket:
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
        ticket = _held(ticket_id, project, worker)
    except NotAssigned:
        return _late(ticket_id, project, worker, DONE, message)
    target = ticket.table.successor(ticket.state, ticket.disabled)
    if target is None:
        raise NoService(f"There is no state after {ticket.state!r}.")
    moves.move(ticket, target, Actor.of(worker), DONE, message)
    ticket.losses = 0
    return True


def fail(ticket_id: int, project: Project, worker: Worker, message: str = "") -> bool:
    """Mark a worker's ticket failed: it stays where it is, nobody's, until a person looks."""
    try:
        ticket = _held(ticket_id, project, worker)
    except NotAssigned:
        return _late(ticket_id, project, worker, FAIL, message)
    moves.fail(ticket, Actor.of(worker), FAIL, message)
    return True


def give_back(ticket_id: int, project: Project, worker: Worker, reason: str, retry_after_s: int = 0) -> bool:
    """Return a worker's ticket to the state before; not handed out for *retry_after_s* seconds; *reason* is shown."""
    if not 0 <= retry_after_s <= MAX_RETRY_S:
        raise InvalidInput(f"retry_after_s is {retry_after_s}; it may be 0 to {MAX_RETRY_S} seconds.")
    try:
        ticket = _held(ticket_id, project, worker)
    except NotAssigned:
        return False
    told = ticket.waiting
    moves.move(ticket, _before(ticket), Actor.of(worker), GIVE_BACK, reason)
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
    moves.move(ticket, _before(ticket), actor, TAKEN_BACK, reason)
    return True


def next_state(ticket_id: int, project: Project, state: str, worker: Worker, message: str = "") -> bool:
    """Move an unassigned ticket that is still in *state* to its successor (v3 setTicketNextState); else False.

    Script A moves talks on by the clock so. Raises NoService for a state that only people take tickets out of, and for
    a successor in which a script has to hold the ticket: without a holder nobody would ever take it from there.
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
    moves.move(ticket, target, Actor.of(worker), "RPC.setTicketNextState", message)
    return True


def heartbeat(
    worker: Worker,
    ticket_id: int | None = None,
    delta: str = "",
    percent: float | None = None,
    lease_s: int | None = None,
) -> str:
    """Note that a worker lives; renew its lease; return OK, a queued command, or `Ticket lost`."""
    if delta:
        queries.touch_worker(worker.id, log_tail=(worker.log_tail + delta.replace("\x00", ""))[-LOG_TAIL:])
    if ticket_id is not None:
        ticket = queries.lock_ticket(ticket_id) if 0 < ticket_id < 2**31 else None
        if ticket is None or ticket.worker_id != worker.id:
            return wire.TICKET_LOST
        ticket.named = True
        _lease(ticket, lease_s)
        if percent is not None:
            ticket.percent = min(100.0, max(0.0, percent))
    if worker.command:
        command = worker.command
        queries.touch_worker(worker.id, command="")
        return command
    return wire.OK


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
        lines = (f"{name}={value}" if value else f"deleting {name}" for name, value in written.items())
        moves.log(ticket, Actor.of(worker), "RPC.setTicketProperties", "\n".join(lines))
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
