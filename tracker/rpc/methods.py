"""The methods of API 3.0, by their wire names, and our few extensions. Each is one domain verb."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tracker import patterns, profiles, properties, queries, tickets, users, veil, wire, workers
from tracker.errors import InvalidInput, NotFound
from tracker.models import Project, Ticket
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
    """Return the version of this API, `3.0`, as a string."""
    return wire.VERSION


@method("getProjects", project=False)
def get_projects(call: Call, read_only: bool = False, list_encoding_profiles: bool = True) -> list[Any]:
    """Return the projects that may be worked on, with *read_only* archived ones too.

    Each is a struct: `id`, `slug`, `title`, `read_only`, `time_zone` (IANA), `languages` (ISO 639-3) and, unless
    switched off, `encoding_profiles`, as `getEncodingProfiles` has them.
    """
    found = _projects(call, archived=read_flag(read_only))
    return [project_struct(project, read_flag(list_encoding_profiles)) for project in found]


def _projects(call: Call, archived: bool) -> Iterable[Project]:
    if call.reader is None:
        return workers.groups.projects_of(call.worker.group, archived=archived)
    found = queries.all_projects(users.visible_projects(call.reader))
    return (project for project in found if archived or not project.read_only)


@method("getServices", project=False)
def get_services(call: Call) -> list[Any]:
    """Return the names of the states that scripts work in: `recording`, `merging`, `copying`, `encoding` and so on."""
    return list(workflow("classic").services)


@method("ping", project=False, writes=True)
def ping(call: Call, ticket_id: int | None = None, log_message_delta: str = "", progress: float | None = None) -> str:
    """Give a sign of life, with new output of the work and its progress (0 to 100).

    `OK`, `Ticket lost` when the ticket is not the caller's any more, or a command that an admin queued.
    """
    number = None if _absent(ticket_id) else read_id(ticket_id)
    return tickets.heartbeat(call.worker, number, read_text(log_message_delta), read_number(progress), call.lease_s)


# --- methods of a project --------------------------------------------------------------------------------------


def _ticket(call: Call, ticket_id: Any) -> Ticket:
    found = tickets.get(read_id(ticket_id))
    if found.project_id != call.project.id:
        raise NotFound(f"There is no ticket {found.id} in project {call.project.slug}.")
    if call.worker_or_none is not None and found.worker_id == call.worker.id:
        found.named = True
    return found


def _only_looks(call: Call) -> bool:
    """Tell whether it is a person's program that asks, for somebody whom pages show no passwords and keys."""
    return call.reader is not None and not users.may(call.reader, "superuser")


def _in_force(call: Call, ticket_id: int) -> dict[str, str]:
    found = properties.merged(_ticket(call, ticket_id))
    return veil.shown(found) if _only_looks(call) else found


@method("getTicketProperty", faults=(414, 419))
def get_ticket_property(call: Call, ticket_id: int, name: str) -> str:
    """Return one property in force for a ticket (docs/properties.md), '' if there is none."""
    if not read_text(name):
        raise InvalidInput("The property name is empty.", "name")
    return _in_force(call, ticket_id).get(read_text(name), "")


@method("getTicketProperties", faults=(414, 419))
def get_ticket_properties(call: Call, ticket_id: int, pattern: str = "") -> dict[str, Any]:
    """Return all properties in force for a ticket, inherited and virtual ones too, or those of a *pattern*.

    A pattern is labels joined by dots, as PostgreSQL's lquery has them: in `Record.*` the star is any number of labels;
    `*{2}`, `*{1,}`, `*{,3}` are so many; `x*` begins with x, `x@` is x in any case, `x%` has x as a part between
    underscores, `x|y` is either, `!x` anything else.
    """
    return patterns.matching(_in_force(call, ticket_id), read_text(pattern))


@method("setTicketProperty", writes=True, faults=(414, 416, 419))
def set_ticket_property(call: Call, ticket_id: int, name: str, value: str) -> bool:
    """Store one property of a ticket as text; '' deletes it.

    False for a virtual name, which is ignored. A malformed name is refused, and so is a ticket that another worker
    holds with a lease.
    """
    return bool(
        tickets.set_properties(read_id(ticket_id), call.project, call.worker, {read_text(name): read_text(value)})
    )


@method("setTicketProperties", writes=True, faults=(414, 416, 419, 420))
def set_ticket_properties(call: Call, ticket_id: int, values: dict[str, Any]) -> bool:
    """Store several properties of a ticket at once, all or none; '' deletes one.

    Virtual names are ignored. Other properties of the ticket are not touched: two scripts that write different ones
    never overwrite each other.
    """
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
    """Return the tickets in a state that nobody holds, that did not fail and may be worked on, by start of the talk.

    An empty array for a state there is not.
    """
    return [ticket_struct(t) for t in queries.unassigned_in_state(call.project.id, read_state(state))]


@method("assignNextUnassignedForState", writes=True, faults=(413,))
def assign_next_unassigned_for_state(call: Call, state: str) -> dict[str, Any] | bool:
    """Take the next ticket for a working state; it is the caller's and in that state then. False when there is none."""
    found = tickets.claim_next(call.project, read_state(state), call.worker, call.lease_s)
    return ticket_struct(found) if found else False


@method("assignUnassignedSiblings", writes=True, faults=(414, 416, 417, 419))
def assign_unassigned_siblings(call: Call, ticket_id: int, most: int = 4, spare: bool = False) -> list[Any]:
    """Take up to *most* further tickets of the talk whose ticket the caller holds, waiting for the same work.

    Each is assigned as by `assignNextUnassignedForState`, under the same conditions, and reported by itself. An empty
    array when there is none; with *spare* also while no ticket of another talk waits. At most 16.
    """
    number = 4 if _absent(most) else int(read_number(most) or 0)
    found = tickets.claim_beside(
        read_id(ticket_id), call.project, call.worker, number, call.lease_s, spare=read_flag(spare)
    )
    return [ticket_struct(ticket) for ticket in found]


@method("setTicketDone", writes=True, faults=(414, 415, 416, 417))
def set_ticket_done(call: Call, ticket_id: int, log_message: str = "") -> bool:
    """Say that the work on the caller's ticket is done: it moves on. True again when repeated.

    False, and nothing but a line in the log, when the ticket was lost meanwhile.
    """
    return tickets.finish(read_id(ticket_id), call.project, call.worker, read_text(log_message))


@method("setTicketFailed", writes=True, faults=(414, 415, 416, 417))
def set_ticket_failed(call: Call, ticket_id: int, log_message: str = "") -> bool:
    """Say that the work failed: the ticket stays, flagged, until a person looks; it shows the message's first line.

    Repeated and late calls as with `setTicketDone`.
    """
    return tickets.fail(read_id(ticket_id), call.project, call.worker, read_text(log_message))


@method("setTicketNextState", writes=True, faults=(414, 417))
def set_ticket_next_state(call: Call, ticket_id: int, state: str, log_message: str = "") -> bool:
    """Move a ticket that nobody holds and that still is in *state* on to the next, as script A does by the clock.

    False when it is elsewhere, held or failed. Refused where only a person takes tickets out of the state, and where a
    script would have to hold it in the next.
    """
    return tickets.next_state(read_id(ticket_id), call.project, read_state(state), call.worker, read_text(log_message))


@method("giveBackTicket", writes=True, faults=(414, 417, 419))
def give_back_ticket(call: Call, ticket_id: int, reason: str, retry_after_s: int = 0) -> bool:
    """Return the caller's ticket to the state before, where its *reason* is shown on it.

    It is not handed out for *retry_after_s* seconds, at most a week. False when it was not the caller's any more.
    """
    wait = read_number(retry_after_s) or 0
    return tickets.give_back(read_id(ticket_id), call.project, call.worker, read_text(reason), int(wait))


@method("getWithdrawals")
def get_withdrawals(call: Call) -> list[Any]:
    """Return the tickets that left `released` and whose public files have to go; until then they are not handed out."""
    return [ticket_struct(t) for t in queries.withdrawals(call.project.id)]


@method("setWithdrawn", writes=True, faults=(414,))
def set_withdrawn(call: Call, ticket_id: int, log_message: str = "") -> bool:
    """Say that the public files of a ticket are gone. False when no withdrawal was queued."""
    return tickets.withdrawn(read_id(ticket_id), call.project, call.worker, read_text(log_message))


@method("getJobfile", faults=(414, 417, 418))
def get_jobfile(call: Call, ticket_id: int) -> str:
    """Return the job of an encoding ticket as XML, from the template of its profile: `job/tasks/task/option`.

    Options of `filetype` `exe`, `in` and `out` are a program and absolute paths. `Record.AVDelay` is in decimal seconds
    there.
    """
    found = _ticket(call, ticket_id)
    return profiles.shown_job(found) if _only_looks(call) else profiles.jobfile(found).decode()


@method("getEncodingProfiles", faults=(414,))
def get_encoding_profiles(call: Call, encoding_profile_id: int | None = None) -> list[Any] | dict[str, Any]:
    """Return the encoding profiles of the project, or, as a struct, the one with this id.

    `id`, `project_id`, `slug`, `name`, `description`, `extension`, `mirror_folder`, `depends_on`, `priority`,
    `approved` (false when switched off), `auto_create`, `revision`, `xml_template`.
    """
    found = [profile_struct(used) for used in queries.project_profiles(call.project.id)]
    if _absent(encoding_profile_id):
        return found
    wanted = read_id(encoding_profile_id)
    chosen = next((profile for profile in found if profile["id"] == wanted), None)
    if chosen is None:
        raise NotFound(f"Project {call.project.slug} has no encoding profile {wanted}.")
    return chosen


@method("addLog", writes=True, faults=(414,))
def add_log(call: Call, ticket_id: int, log_message: str) -> bool:
    """Write a message into the log of a ticket. True."""
    tickets.add_log(read_id(ticket_id), call.project, call.worker, read_text(log_message))
    return True
