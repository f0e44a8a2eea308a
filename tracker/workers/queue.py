"""The queue: what waits for the scripts of all projects, and whether anybody is told to leave it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.models import Project
from tracker.queries.queue import free_tickets
from tracker.statemachine import workflow
from tracker.tickets.prospects import withheld


@dataclass(frozen=True)
class Waiting:
    """Tickets of a project in a *state* that a script takes to *work*: how many, since when, and why none is served."""

    project: Project
    state: str
    work: str
    count: int
    since: datetime
    withheld: str


def queue(projects: Sequence[Project]) -> list[Waiting]:
    """List what waits for scripts in some projects, with one question. Talks that are yet to come are not waiting."""
    known, found = {project.id: project for project in projects}, []
    for number, kind, state, count, since in free_tickets(known):
        project = known[number]
        table = workflow(project.workflow).tables[kind]
        work = table.successor(state, project.disabled_states.get(kind, []))
        if work is not None and table.by_name[work].script is not None and state != table.initial:
            found.append(Waiting(project, state, work, count, since, withheld(project, work)))
    return found
