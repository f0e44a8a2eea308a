"""The table of methods of API 4.0, its refusals, and what all its methods ask: which project, which ticket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tracker import tickets, workers
from tracker.errors import NotFound, TrackerError
from tracker.models import Project, Ticket
from tracker.rpc import table
from tracker.rpc.table import Call, Method
from tracker.rpc.v4 import states, values

METHODS: dict[str, Method] = {}
FAILED = -32500
FOREIGN = "ticket in project not assigned to worker group"


class Refused(TrackerError):
    """A call of API 4.0 is refused with one of its fault codes."""

    def __init__(self, code: int, message: str) -> None:
        """Keep both; the message begins with the name of the method."""
        super().__init__(message)
        self.fault_code = code


def method(
    name: str, *, writes: bool = False, faults: tuple[int, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Publish a function under its name in API 4.0, with the numbers of its refusals. None has a project in its URL."""
    return table.method(name, project=False, writes=writes, faults=faults, methods=METHODS)


def projects_of(call: Call) -> Sequence[Project]:
    """List the projects that the caller's group works for, archived ones left out."""
    return workers.groups.projects_of(call.worker.group)


def project(call: Call, project_id: Any, refusal: Refused) -> Project:
    """Return a project of the caller's group; raise *refusal* for any other."""
    wanted = values.number(project_id)
    found = next((each for each in projects_of(call) if each.id == wanted), None)
    if found is None:
        raise refusal
    return found


def ticket(call: Call, ticket_id: Any, missing: Refused, foreign: Refused) -> Ticket:
    """Return a recording or encoding ticket in a project of the caller's group.

    Raises *missing* when there is none, *foreign* when its project is another's or archived.
    """
    try:
        found = tickets.get(values.number(ticket_id) or 0)
    except NotFound:
        raise missing from None
    if found.type not in states.TYPES:
        raise missing
    if found.project.read_only or not workers.groups.works_for(call.worker.group, found.project_id):
        raise foreign
    if found.worker_id == call.worker.id:
        found.named = True
    return found
