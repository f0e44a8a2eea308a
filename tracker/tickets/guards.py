"""What has to hold before a person may change a ticket: project open, type, version, holder, cut."""

from __future__ import annotations

from tracker import properties, queries
from tracker.errors import Conflict, InvalidInput, NotPermitted
from tracker.models import Ticket, User, Worker
from tracker.statemachine import HUMAN, PROCESS
from tracker.tickets import moves

PUBLISHING = "releasing"
"""The state in which a script makes files public."""


def lock(ticket_id: int, *, kind: str = "", version: int | None = None) -> Ticket:
    """Return a ticket locked for a change by a person.

    Raises NotFound, NotPermitted in an archived project, InvalidInput for another type than *kind*, and Conflict when
    the ticket changed since *version*, which the page or the person saw.
    """
    ticket = moves.lock(ticket_id)
    if ticket.project.read_only:
        raise NotPermitted(f"Project {ticket.project.slug} is archived; nothing in it can be changed.")
    if kind and ticket.type != kind:
        raise InvalidInput(f"Ticket {ticket.id} is a {ticket.type} ticket, not {_an(kind)} ticket.")
    if version is not None and ticket.version != version:
        raise Conflict(
            f"Ticket {ticket.id} changed meanwhile (it is now {ticket.state!r}); look at it again before you change it."
        )
    return ticket


def _an(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def holder_of(ticket: Ticket) -> User | Worker | None:
    """Return who works on a ticket."""
    return ticket.user or ticket.worker


def mine(ticket: Ticket, user: User, state: str) -> None:
    """Raise Conflict unless *user* holds the ticket in *state*."""
    if ticket.state != state or ticket.user_id != user.id:
        holder = ticket.user.name if ticket.user else "nobody"
        raise Conflict(f"Ticket {ticket.id} is {ticket.state!r} and held by {holder}; you no longer have it.")
    _own_eyes(ticket, user, state)


def _own_eyes(ticket: Ticket, user: User, state: str) -> None:
    """Raise NotPermitted where four eyes count and the eyes are those of an admin who acts as somebody else."""
    if user.acted_by and state in ("cutting", "checking") and ticket.project.separate_checker:
        raise NotPermitted(f"Four eyes count people: stop acting as {user.name} to cut or check.")


def not_others(ticket: Ticket, user: User) -> None:
    """Raise Conflict when another person works on the ticket."""
    if ticket.user is not None and ticket.user_id != user.id:
        raise Conflict(f"{ticket.user.name} is working on ticket {ticket.id} ({ticket.state}).")


def onward(ticket: Ticket) -> str:
    """Return the next state. Raises Conflict at the end."""
    target = ticket.table.successor(ticket.state, ticket.disabled)
    if target is None:
        raise Conflict(f"There is no state after {ticket.state!r}.")
    return target


def before(ticket: Ticket) -> str:
    """Return the state before, from which a ticket was taken; its own at the beginning."""
    return ticket.table.predecessor(ticket.state, ticket.disabled) or ticket.state


def source_of(ticket: Ticket, state: str) -> str:
    """Return the state from which a script takes tickets into *state* in this project."""
    return ticket.table.predecessor(state, ticket.disabled) or ticket.state


def needs_reason(reason: str, sentence: str = "Say in a sentence what is wrong.") -> str:
    """Return *reason*; raise InvalidInput with *sentence* when it is empty."""
    if not reason.strip():
        raise InvalidInput(sentence, "comment")
    return reason


def for_people(ticket: Ticket, state: str) -> bool:
    """Tell whether people, not scripts, work in *state*."""
    row = ticket.table.by_name[state]
    return row.kind == PROCESS and HUMAN in row.entered_by


def may_hold(user: User, ticket: Ticket, state: str) -> None:
    """Raise NotPermitted when *user* may not work on the ticket in *state*: role, projects, or having cut the talk."""
    only = {project.id for project in user.projects}
    if not user.active or user.role == "read only" or (only and ticket.project_id not in only):
        raise NotPermitted(f"{user.name} may not work on tickets of project {ticket.project.slug}.")
    _own_eyes(ticket, user, state)
    cut_by = ticket.parent.cut_by_id if ticket.parent is not None else None
    if state == "checking" and ticket.project.separate_checker and cut_by == user.id:
        raise NotPermitted("You cut this talk; somebody else has to check it.")


def has_material(recording: Ticket | None) -> None:
    """Raise Conflict while the recording is worked on again: its files may be of an old cut."""
    if recording is not None and not moves.has_material(recording):
        state = f"{recording.state!r}{' and failed' if recording.failed else ''}"
        raise Conflict(f"The recording of {recording.title!r} is {state}; its files may be of another cut.")


def of_this_cut(encoding: Ticket) -> None:
    """Raise Conflict when the file was made from another cut than the recording has now."""
    made, current = properties.own(encoding).get("Encoding.Cut", ""), moves.cut_of(encoding)
    if made and made != current:
        raise Conflict(
            f"The file of ticket {encoding.id} was made from the cut {made}, and the recording has {current} now; "
            "reset the ticket to have it made again."
        )


def group_serves(worker: Worker, ticket: Ticket) -> None:
    """Raise NotPermitted when the worker's group does not work for the ticket's project."""
    if not worker.group.all_projects and not queries.has_project(worker.group_id, ticket.project_id):
        raise NotPermitted(f"{worker.name} works in group {worker.group.name}, not for {ticket.project.slug}.")
