"""Who would get a ticket: what projects and worker groups withhold, in words, for claims and for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from tracker import filters, properties, queries
from tracker.models import Project, Ticket, WorkerGroup


@dataclass(frozen=True)
class Prospect:
    """What a group would do with a ticket: take it, or not for a *reason*, a predicate like ``is paused``."""

    group: WorkerGroup
    reason: str = ""

    @property
    def takes(self) -> bool:
        """Tell whether its workers would get the ticket when they ask."""
        return not self.reason


class Around:
    """What the tickets of a project have in common: whoever looks at several asks for it once."""

    def __init__(self, project_id: int) -> None:
        """Ask for nothing yet."""
        self.project_id = project_id
        self._polls: dict[str, datetime | None] = {}

    @cached_property
    def rules(self) -> Mapping[int, dict[str, Any] | None]:
        """Return the filters of the groups listed for the project."""
        return queries.filters_in(self.project_id)

    @cached_property
    def tallies(self) -> Mapping[int, queries.Tally]:
        """Return what each group has."""
        return queries.group_tallies()

    @cached_property
    def groups(self) -> Sequence[WorkerGroup]:
        """Return all groups."""
        return queries.all_groups()

    def last_poll(self, state: str) -> datetime | None:
        """Return when a worker last asked for work in *state*."""
        if state not in self._polls:
            self._polls[state] = queries.last_poll(self.project_id, state)
        return self._polls[state]


def withheld(project: Project, state: str) -> str:
    """Say why no script gets new work for *state* in a project, in a sentence; '' when it does."""
    if project.read_only:
        return "The project is archived."
    if project.draining:
        return "The project is draining: no script gets new work."
    if state in project.stopped_states:
        return f"{state!r} is stopped in this project."
    return ""


def refused(group: WorkerGroup, project: Project, state: str, *, listed: bool) -> str:
    """Say why a group gets no work for *state* in a project, as a predicate; '' when it does.

    *listed*: whether the group is listed for the project.
    """
    if not (group.all_projects or listed):
        return f"does not work for {project.slug}"
    if group.paused:
        return "is paused"
    if group.states and state not in group.states:
        return f"gets no work for {state!r}"
    return ""


def who_would_get(ticket: Ticket, around: Around | None = None) -> list[Prospect]:
    """Tell for each worker group whether its workers would get a ticket now, were it their turn, or why not.

    Empty when no script takes tickets from this ticket's state, and for a format that is not made of the talk.
    """
    target = ticket.table.successor(ticket.state, ticket.disabled)
    if ticket.off or target is None or ticket.table.by_name[target].script is None:
        return []
    around = around or Around(ticket.project_id)
    rules = around.rules
    values = properties.merged(ticket) if any(rules.values()) else {}
    found = []
    for group in around.groups:
        reason = refused(group, ticket.project, target, listed=group.id in rules)
        found.append(Prospect(group, reason or _kept(group, around.tallies.get(group.id), rules.get(group.id), values)))
    return found


def nobody(ticket: Ticket, around: Around | None = None) -> str:
    """Say why no worker group would get a ticket that a script should take, each with its reason; '' if one would."""
    found = who_would_get(ticket, around)
    if not found or any(prospect.takes for prospect in found):
        return ""
    return f"No worker group gets it: {'; '.join(f'{each.group.name} {each.reason}' for each in found)}."


def _kept(
    group: WorkerGroup, tally: queries.Tally | None, data: dict[str, object] | None, values: dict[str, str]
) -> str:
    """Say what keeps a ticket from a group that works in its state."""
    if data is not None and (clause := filters.excluded_by(filters.read(data), values)):
        return f"asks for {clause}"
    if tally is None:
        return ""
    if group.max_tickets is not None and tally.tickets >= group.max_tickets:
        return f"has {tally.tickets} tickets, {group.max_tickets} at most"
    return "is held, all its workers" if tally.active and tally.active == tally.held else ""
