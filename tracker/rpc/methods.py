"""The methods of API 3.0, by their wire names, and our few extensions. Each is one domain verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker import patterns, profiles, properties, queries, tickets, wire, workers
from tracker.errors import InvalidInput, NotFound
from tracker.models import Ticket
from tracker.rpc.table import Call, method
from tracker.rpc.values import (
    profile_struct,
    project_struct,
    read_flag,
    read_id,
    read_number,
    read_state,
    read_text,
    ticket_struct,
)
from tracker.statemachine import workflow


def _absent(value: Any) -> bool:
    """Tell whether an optional parameter was left out; clients send null as an empty string."""
    return value is None or value == ""


# --- methods without a project ---------------------------------------------------------------------------------


@method("getVersion", project=False)
def get_version(call: Call) -> str:
    """Return the version of this API, "3.0"."""
    return wire.VERSION


@method("getProjects", project=False)
def get_projects(call: Call, read_only: bool = False, list_encoding_profiles: bool = True) -> list[Any]:
    """Return the projects; archived ones too with read_only, each with its encoding profiles unless told not to."""
    found = workers.groups.projects_of(call.worker.group, archived=read_flag(read_only))
    return [project_struct(project, read_flag(list_encoding_profiles)) for project in found]


@method("getServices", project=False)
def get_services(call: Call) -> list[Any]:
    """Return the process states that scripts work in, by name."""
    return list(workflow("classic").services)


@method("ping", project=False, writes=True)
def ping(call: Call, ticket_id: int | None = None, log_message_delta: str = "", progress: float | None = None) -> str:
    """Say that the worker lives and how far its ticket is (percent); return "OK", "Ticket lost" or a queued command."""
    number = None if _absent(ticket_id) else read_id(ticket_id)
    return tickets.heartbeat(call.worker, number, read_text(log_message_delta), read_number(progress), call.lease_s)


# --- methods of a project --------------------------------------------------------------------------------------


def _ticket(call: Call, ticket_id: Any) -> Ticket:
    found = tickets.get(read_id(ticket_id))
    if found.project_id != call.project.id:
        raise NotFound(f"There is no ticket {found.id} in project {call.project.slug}.")
    if found.worker_id == call.worker.id:
        found.named = True
    return found


@method("getTicketProperty")
def get_ticket_property(call: Call, ticket_id: int, name: str) -> str:
    """Return one property of a ticket as it is in force, '' if there is none."""
    if not read_text(name):
        raise InvalidInput("The property name is empty.", "name")
    return properties.merged(_ticket(call, ticket_id)).get(read_text(name), "")


@method("getTicketProperties")
def get_ticket_properties(call: Call, ticket_id: int, pattern: str = "") -> dict[str, Any]:
    """Return the properties in force for a ticket (also inherited and virtual ones), or those of a pattern."""
    return patterns.matching(properties.merged(_ticket(call, ticket_id)), read_text(pattern))


@method("setTicketProperty", writes=True)
def set_ticket_property(call: Call, ticket_id: int, name: str, value: str) -> bool:
    """Store one property of a ticket as text; '' deletes it. False for a virtual name."""
    return bool(
        tickets.set_properties(read_id(ticket_id), call.project, call.worker, {read_text(name): read_text(value)})
    )


@method("setTicketProperties", writes=True)
def set_ticket_properties(call: Call, ticket_id: int, values: dict[str, Any]) -> bool:
    """Store properties of a ticket; '' deletes; virtual names are ignored."""
    if not isinstance(values, Mapping) or not values:
        raise NoProperties()
    texts = {str(name): read_text(value) for name, value in values.items()}
    tickets.set_properties(read_id(ticket_id), call.project, call.worker, texts)
    return True


class NoProperties(InvalidInput):
    """No properties were given."""

    fault_code = 420

    def __init__(self) -> None:
        """Say so."""
        super().__init__("No properties were given.", "values")


@method("getUnassignedTicketsInState")
def get_unassigned_tickets_in_state(call: Call, state: str) -> list[Any]:
    """Return the tickets in a state that nobody holds and that did not fail."""
    return [ticket_struct(t) for t in queries.unassigned_in_state(call.project.id, read_state(state))]


@method("assignNextUnassignedForState", writes=True)
def assign_next_unassigned_for_state(call: Call, state: str) -> dict[str, Any] | bool:
    """Take the next ticket for a process state; it is the caller's and in that state then. False when there is none."""
    found = tickets.claim_next(call.project, read_state(state), call.worker, call.lease_s)
    return ticket_struct(found) if found else False


@method("setTicketDone", writes=True)
def set_ticket_done(call: Call, ticket_id: int, log_message: str = "") -> bool:
    """The work on the caller's ticket is done: it moves on. False when the ticket was lost meanwhile."""
    return tickets.finish(read_id(ticket_id), call.project, call.worker, read_text(log_message))


@method("setTicketFailed", writes=True)
def set_ticket_failed(call: Call, ticket_id: int, log_message: str = "") -> bool:
    """The work failed: the ticket stays, flagged, until a person looks. False when it was lost meanwhile."""
    return tickets.fail(read_id(ticket_id), call.project, call.worker, read_text(log_message))


@method("setTicketNextState", writes=True)
def set_ticket_next_state(call: Call, ticket_id: int, state: str, log_message: str = "") -> bool:
    """Move an unassigned ticket that is still in the given state on to the next; False when it is not."""
    return tickets.next_state(read_id(ticket_id), call.project, read_state(state), call.worker, read_text(log_message))


@method("giveBackTicket", writes=True)
def give_back_ticket(call: Call, ticket_id: int, reason: str, retry_after_s: int = 0) -> bool:
    """Return the caller's ticket to the state before, not to be handed out for so many seconds; the reason is shown."""
    wait = read_number(retry_after_s) or 0
    return tickets.give_back(read_id(ticket_id), call.project, call.worker, read_text(reason), int(wait))


@method("getWithdrawals")
def get_withdrawals(call: Call) -> list[Any]:
    """Return the tickets that left `released` and whose public files still have to go."""
    return [ticket_struct(t) for t in queries.withdrawals(call.project.id)]


@method("setWithdrawn", writes=True)
def set_withdrawn(call: Call, ticket_id: int, log_message: str = "") -> bool:
    """The public files of the ticket are gone. False when no withdrawal was queued."""
    return tickets.withdrawn(read_id(ticket_id), call.project, call.worker, read_text(log_message))


@method("getJobfile")
def get_jobfile(call: Call, ticket_id: int) -> str:
    """Return the job of an encoding ticket as XML: programs and arguments from its profile's template."""
    return profiles.jobfile(_ticket(call, ticket_id)).decode()


@method("getEncodingProfiles")
def get_encoding_profiles(call: Call, encoding_profile_id: int | None = None) -> list[Any] | dict[str, Any]:
    """Return the encoding profiles of the project, or the one with this id."""
    found = [profile_struct(used) for used in queries.project_profiles(call.project.id)]
    if _absent(encoding_profile_id):
        return found
    wanted = read_id(encoding_profile_id)
    chosen = next((profile for profile in found if profile["id"] == wanted), None)
    if chosen is None:
        raise NotFound(f"Project {call.project.slug} has no encoding profile {wanted}.")
    return chosen


@method("addLog", writes=True)
def add_log(call: Call, ticket_id: int, log_message: str) -> bool:
    """Write a message into the log of a ticket."""
    tickets.add_log(read_id(ticket_id), call.project, call.worker, read_text(log_message))
    return True
