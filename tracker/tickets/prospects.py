"""Who would get a ticket: what projects and worker groups withhold, in words, for claims and for people."""

from __future__ import annotations

from dataclasses import dataclass

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


def who_would_get(ticket: Ticket) -> list[Prospect]:
    """Tell for each worker group whether its workers would get a ticket now, were it their turn, or why not.

    Empty when no script takes tickets from this ticket's state.
    """
    target = ticket.table.successor(ticket.state, ticket.disabled)
    if target is None or ticket.table.by_name[target].script is None:
        return []
    rules, tallies = queries.filters_in(ticket.project_id), queries.group_tallies()
    values = properties.merged(ticket) if any(rules.values()) else {}
    found = []
    for group in queries.all_groups():
        reason = refused(group, ticket.project, target, listed=group.id in rules)
        found.append(Prospect(group, reason or _kept(group, tallies.get(group.id), rules.get(group.id), values)))
    return found


def nobody(ticket: Ticket) -> str:
    """Say why no worker group would get a ticket that a script should take, each with its reason; '' if one would."""
    found = who_would_get(ticket)
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
