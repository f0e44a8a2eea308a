"""Methods of API 4.0 by which scripts get tickets, keep them and finish them. Nothing to do is false, never a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from tracker import queries, tickets
from tracker.errors import InvalidInput, NoService, NotAssigned
from tracker.filters import read as read_filter
from tracker.models import Project, Ticket, Worker
from tracker.rpc.table import Call
from tracker.rpc.v4 import states, structs, table, values
from tracker.rpc.v4.table import FOREIGN, Refused, method
from tracker.statemachine import workflow

FILTERS = {
    "Fahrplan.Room": "room",
    "Record.StartedBefore": "started_before",
    "Record.EndedBefore": "ended_before",
    "Record.EndedAfter": "ended_after",
}
"""Property filters with a meaning; every other name is ignored, because real clients send some that never had one."""


@method("assignNextUnassignedForState", writes=True, faults=(401, 402))
def assign_next_unassigned_for_state(
    call: Call, ticket_type: str, ticket_state: str, property_filters: dict[str, Any] | None = None
) -> dict[str, Any] | bool:
    """Take the next ticket into the state asked for; it is the caller's then. False when there is none.

    Filters: Fahrplan.Room, Record.StartedBefore, Record.EndedBefore, Record.EndedAfter (without paddings).
    """
    name = "assignNextUnassignedForState"
    kind, state = _wanted(name, 401, ticket_type, ticket_state)
    filters = _filters(call, name, property_filters)
    if call.worker.group.paused:
        return False
    offers = [tickets.Offer(each, ours, _asked(name, filters, each)) for each, ours in _served(call, kind, state)]
    found = tickets.claim(offers, call.worker, call.lease_s) if offers else None
    return structs.workable(found, states.before_of(found)) if found is not None else False


@method("getAssignedForState", faults=(401, 402))
def get_assigned_for_state(
    call: Call, ticket_type: str, ticket_state: str, property_filters: dict[str, Any] | None = None
) -> list[Any]:
    """Return the caller's tickets in a state, also while its group pauses: what it has it may finish."""
    name = "getAssignedForState"
    kind, state = _wanted(name, 401, ticket_type, ticket_state)
    filters = _filters(call, name, property_filters)
    found = _in_state(call, name, kind, state, filters, worker_id=call.worker.id)
    return [structs.workable(each) for each in found if not each.failed]


@method("getTicketsForState", faults=(401, 402))
def get_tickets_for_state(
    call: Call, ticket_type: str, ticket_state: str, property_filters: dict[str, Any] | None = None
) -> list[Any] | bool:
    """Return all tickets in a state, whoever holds them, failed or not; false while the group pauses."""
    name = "getTicketsForState"
    kind, state = _wanted(name, 401, ticket_type, ticket_state)
    filters = _filters(call, name, property_filters)
    if call.worker.group.paused:
        return False
    return [structs.listed(each) for each in _in_state(call, name, kind, state, filters)]


def _wanted(name: str, code: int, ticket_type: Any, ticket_state: Any) -> tuple[str, str]:
    kind, state = values.text(ticket_type).strip(), values.text(ticket_state).strip()
    if not kind or not state:
        raise Refused(code, f"{name}: ticket type or ticket state missing")
    return kind, state


def _filters(call: Call, name: str, sent: Any) -> dict[str, str]:
    """Return the filters that mean something, by our name. Raises Refused for others if the group is strict."""
    try:
        given = values.texts(sent)
    except InvalidInput as error:
        raise Refused(402, f"{name}: property filters are a struct of names and texts: {error}") from None
    unknown = [each for each in given if each not in FILTERS]
    if unknown and call.worker.group.strict_filters:
        raise Refused(402, f"{name}: {unknown[0][:80]!r} is no filter; there are: {', '.join(FILTERS)}")
    return {FILTERS[each]: value for each, value in given.items() if each in FILTERS}


def _asked(name: str, filters: dict[str, str], project: Project) -> queries.Asked | None:
    """Return what a talk has to be like; moments without offset are in the time zone of the project."""
    if not filters:
        return None
    try:
        moments = {
            each: values.instant(value, ZoneInfo(project.time_zone))
            for each, value in filters.items()
            if each != "room"
        }
    except InvalidInput as error:
        raise Refused(402, f"{name}: {error}") from None
    return queries.Asked(filters.get("room"), **moments)


def _served(call: Call, kind: str, state: str) -> Iterable[tuple[Project, str]]:
    """Yield the projects in whose workflow scripts work in a state, with its name there."""
    for project in table.projects_of(call):
        flow = workflow(project.workflow)
        ours = states.meant(flow, kind, state)
        if ours is not None and states.serves(flow, kind, ours):
            yield project, ours


def _in_state(
    call: Call, name: str, kind: str, state: str, filters: dict[str, str], worker_id: int | None = None
) -> Iterable[Ticket]:
    rules = {row.project_id: row.filter for row in queries.group_rows(call.worker.group_id) if row.filter}
    for project in table.projects_of(call):
        ours = states.meant(workflow(project.workflow), kind, state)
        if ours is not None:
            rule = read_filter(rules[project.id]) if project.id in rules and worker_id is None else None
            asked = _asked(name, filters, project)
            yield from queries.tickets_as_asked(project.id, kind, ours, asked=asked, rule=rule, worker_id=worker_id)


# --- what became of a ticket -----------------------------------------------------------------------------------


@method("setTicketDone", writes=True, faults=(501, 502, 503, 504, 505, 506))
def set_ticket_done(call: Call, ticket_id: int, log_message: str = "") -> bool:
    """The work on the caller's ticket is done: it moves on. True again when repeated, false when it was lost."""
    return _settle(call, "setTicketDone", 500, ticket_id, log_message, tickets.finish)


@method("setTicketFailed", writes=True, faults=(601, 602, 603, 604, 605))
def set_ticket_failed(call: Call, ticket_id: int, log_message: str = "") -> bool:
    """The work failed: the ticket stays, flagged, until a person looks. Repeated and late calls: as setTicketDone."""
    return _settle(call, "setTicketFailed", 600, ticket_id, log_message, tickets.fail)


def _settle(
    call: Call,
    name: str,
    codes: int,
    ticket_id: Any,
    message: Any,
    verb: Callable[[int, Project, Worker, str], bool],
) -> bool:
    found = table.ticket(
        call, ticket_id, Refused(codes + 1, f"{name}: ticket not found"), Refused(codes + 4, f"{name}: {FOREIGN}")
    )
    try:
        return verb(found.id, found.project, call.worker, values.text(message))
    except NotAssigned:
        holder = found.worker or found.user
        if holder is None:
            raise Refused(codes + 2, f"{name}: ticket not assigned") from None
        raise Refused(codes + 3, f"{name}: ticket is assigned to other handle: {holder.name}") from None
    except NoService as error:
        if states.executable(found, found.state):
            raise Refused(codes + 6, f"{name}: no next state available!") from error
        raise Refused(codes + 5, f"{name}: ticket is in non-service state: {states.state_of(found)}") from None


@method("ping", writes=True)
def ping(call: Call, ticket_id: int | None = None, log_message: str = "") -> str:
    """Say that the worker lives; "OK", or "Ticket lost" for a ticket that is not the caller's any more.

    Clients stop at every other answer, too: a command that an admin queued.
    """
    if values.absent(ticket_id):
        return tickets.heartbeat(call.worker, None, values.text(log_message), None, call.lease_s)
    number = values.number(ticket_id) or 0
    return tickets.heartbeat(call.worker, number, values.text(log_message), None, call.lease_s)


# --- until 2017 ------------------------------------------------------------------------------------------------


@method("getNextState", faults=(101,))
def get_next_state(call: Call, project_id: int, ticket_type: str, ticket_state: str) -> dict[str, Any]:
    """Return the state after one, and whether scripts work in it. Removed from the original in 2017."""
    return _neighbour(call, "getNextState", project_id, ticket_type, ticket_state, 1)


@method("getPreviousState", faults=(101,))
def get_previous_state(call: Call, project_id: int, ticket_type: str, ticket_state: str) -> dict[str, Any]:
    """Return the state before one, and whether scripts work in it. Removed from the original in 2017."""
    return _neighbour(call, "getPreviousState", project_id, ticket_type, ticket_state, -1)


@method("getTicketNextState", faults=(101, 103))
def get_ticket_next_state(call: Call, ticket_id: int) -> dict[str, Any]:
    """Return the state after that of a ticket. Removed from the original in 2017."""
    name = "getTicketNextState"
    found = table.ticket(call, ticket_id, Refused(101, f"{name}: ticket not found"), Refused(103, f"{name}: {FOREIGN}"))
    following = states.next_of(found)
    return {
        "ticket_state": states.told(found.project.workflow, found.type, following),
        "service_executable": states.executable(found, following),
    }


def _neighbour(
    call: Call, name: str, project_id: Any, ticket_type: Any, ticket_state: Any, step: int
) -> dict[str, Any]:
    found = table.project(call, project_id, Refused(101, f"{name}: project not assigned to worker group"))
    flow, kind = workflow(found.workflow), values.text(ticket_type)
    state = states.meant(flow, kind, values.text(ticket_state))
    if state is None:
        return {"ticket_state": None, "service_executable": False}
    disabled = found.disabled_states.get(kind, [])
    of_type = flow.tables[kind]
    other = of_type.successor(state, disabled) if step > 0 else of_type.predecessor(state, disabled)
    return {
        "ticket_state": states.told(flow.name, kind, other),
        "service_executable": states.serves(flow, kind, other),
    }
