"""The priority in force: a ticket's own, times that of its recording, times that of its profile, each once.

0 anywhere means never handed out, and no longer so when that 0 goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracker import queries
from tracker.models import Project, Ticket
from tracker.tickets.actor import TRACKER
from tracker.tickets.journal import log, touch


def of(ticket: Ticket, profiles: Mapping[int, float]) -> float:
    """Compute the priority in force of a ticket; *profiles* maps profile ids to their priority in the project."""
    recording = ticket.parent.own_priority if ticket.parent is not None else 1.0
    profile = 1.0 if ticket.profile_id is None else profiles.get(ticket.profile_id, 1.0)
    return ticket.own_priority * recording * profile


def of_profiles(project: Project) -> dict[int, float]:
    """Return the priorities of a project's profiles by profile id."""
    return {used.profile_id: used.priority for used in queries.project_profiles(project.id)}


def refresh(found: Iterable[Ticket], profiles: Mapping[int, float], reason: str) -> None:
    """Bring the priority in force of locked tickets up to date, each change with its log row."""
    for ticket in found:
        priority = of(ticket, profiles)
        if priority != ticket.priority:
            ticket.priority = priority
            touch(ticket)
            log(ticket, TRACKER, "Priority", reason, ticket.state, ticket.state)


def refresh_profile(project: Project, profile_id: int) -> None:
    """The priority of a profile in a project changed: bring that of its encoding tickets up to date."""
    queries.lock_project(project.id)
    found = queries.lock_encodings(project.id, profile_id)
    profiles = of_profiles(project)
    refresh(found, profiles, f"the profile has priority {profiles.get(profile_id, 1.0):g} in the project")
