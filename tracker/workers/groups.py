"""Worker groups: workers that share a secret, what they may take, and the projects they work for (design D6)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from typing import Any

from tracker import filters, properties, queries, tickets
from tracker.db import db
from tracker.errors import InvalidInput, NotFound
from tracker.models import Project, WorkerGroup, WorkerGroupProject
from tracker.statemachine import WORKFLOWS
from tracker.tickets import TRACKER, Actor
from tracker.workers import cipher

MAX_NAME, MAX_TICKETS = 60, 10_000


def get(name: str) -> WorkerGroup:
    """Return a group by its name; raise NotFound."""
    found = queries.group_by_name(name)
    if found is None:
        raise NotFound(f"There is no worker group {name!r}.")
    return found


def by_token(token: str) -> WorkerGroup | None:
    """Return the group that a token of the v4 door names; None for the v3 group, which has no secret of its own."""
    found = queries.group_by_token(token) if token.isprintable() else None
    return found if found is not None and found.secret is not None else None


def create(name: str, *, secret_key: str, all_projects: bool = False) -> tuple[WorkerGroup, str]:
    """Make a group; return it with its secret, which is never shown again. Raises InvalidInput for the name."""
    secret = secrets.token_hex(32)
    group = WorkerGroup(
        name=_name(name),
        token=secrets.token_hex(16),
        secret=cipher.seal(secret, secret_key),
        all_projects=all_projects,
    )
    db.session.add(group)
    db.session.flush()
    return group, secret


def _name(name: str) -> str:
    text = " ".join(name.split())
    if not text or len(text) > MAX_NAME or not text.isprintable() or "/" in text:
        raise InvalidInput(f"Group {name[:80]!r}: 1 to {MAX_NAME} characters without '/' make a name.", "name")
    if queries.group_by_name(text) is not None:
        raise InvalidInput(f"There is already a worker group {text!r}.", "name")
    return text


def secrets_of(group: WorkerGroup, secret_key: str) -> list[str]:
    """Return the secrets that the group's workers may sign with, the current one first. Raises cipher.Unreadable."""
    return [cipher.unseal(sealed, secret_key) for sealed in (group.secret, group.previous_secret) if sealed]


def rotate(group: WorkerGroup, *, secret_key: str) -> str:
    """Give the group a new secret and return it; the one before stays good until end_rotation."""
    if group.v3:
        raise InvalidInput(
            f"The secret of {group.name} is a setting: put the present one into FAHRWERK_SECRET_PREVIOUS and a new one "
            "into FAHRWERK_SECRET."
        )
    if group.previous_secret is not None:
        raise InvalidInput(f"{group.name} has two secrets already: end the rotation under way first.")
    secret = secrets.token_hex(32)
    group.previous_secret, group.secret = group.secret, cipher.seal(secret, secret_key)
    return secret


def end_rotation(group: WorkerGroup) -> None:
    """Refuse the secret before from now on."""
    group.previous_secret = None


def configure(
    group: WorkerGroup,
    *,
    name: str | None = None,
    paused: bool | None = None,
    all_projects: bool | None = None,
    strict_filters: bool | None = None,
    max_tickets: int | None = None,
    states: Collection[str] | None = None,
) -> None:
    """Change the settings of a group; None leaves one alone, *max_tickets* 0 takes the limit away.

    Raises InvalidInput, naming the field.
    """
    if name is not None and name != group.name:
        group.name = _name(name)
    if paused is not None:
        group.paused = paused
    if all_projects is not None:
        group.all_projects = all_projects
    if strict_filters is not None:
        group.strict_filters = strict_filters
    if max_tickets is not None:
        if not 0 <= max_tickets <= MAX_TICKETS:
            raise InvalidInput(f"A group may have 1 to {MAX_TICKETS} tickets at once (0: no limit).", "max_tickets")
        group.max_tickets = max_tickets or None
    if states is not None:
        group.states = _states(states)
    db.session.flush()


def _states(names: Collection[str]) -> list[str]:
    known = list(dict.fromkeys(name for flow in WORKFLOWS.values() for name in flow.services))
    wrong = [name for name in names if name not in known]
    if wrong:
        raise InvalidInput(f"No script works in state {wrong[0]!r}; there is work for: {', '.join(known)}.", "states")
    return list(dict.fromkeys(names))


def delete(group: WorkerGroup, actor: Actor = TRACKER) -> int:
    """Delete a group with its workers; the tickets they hold return. Return how many. The v3 group stays."""
    if group.v3:
        raise InvalidInput(f"{group.name} is the group of the v3 door; pause it instead.")
    returned = take_back(queries.lock_group_members(group.id), None, actor, f"group {group.name} was deleted")
    db.session.delete(group)
    db.session.flush()
    return returned


def take_back(worker_ids: Sequence[int], project_id: int | None, actor: Actor, reason: str) -> int:
    """Return the tickets that some workers hold (in one project, or in all) to the state before; return how many."""
    held = queries.held_tickets(worker_ids, project_id)
    return sum(tickets.take_back(number, actor, reason) for number in held)


# --- the projects of a group -----------------------------------------------------------------------------------


def add_project(group: WorkerGroup, project: Project) -> None:
    """Let the group work for a project; a filter it has there stays."""
    queries.add_group_project(group.id, project.id)


def remove_project(group: WorkerGroup, project: Project, actor: Actor = TRACKER) -> int:
    """Take a project, and its filter, from the group; the tickets that its workers hold there return.

    Return how many. Raises InvalidInput when it works for all projects.
    """
    if group.all_projects:
        raise InvalidInput(f"{group.name} works for all projects; restrict it first (edit --listed-projects).")
    queries.delete_group_project(group.id, project.id)
    members = queries.lock_group_members(group.id)
    return take_back(members, project.id, actor, f"group {group.name} no longer works for {project.slug}")


def set_filter(group: WorkerGroup, project: Project, data: Any | None) -> None:
    """Give the group only the tickets of a project that pass a filter; None: all of them.

    *data* is decoded JSON as ``tracker.filters`` reads it. Raises InvalidInput when it is no filter, and when the
    group does not work for the project.
    """
    row = db.session.get(WorkerGroupProject, (group.id, project.id))
    if row is None:
        if not group.all_projects:
            raise InvalidInput(f"{group.name} does not work for {project.slug}: add the project first.", "project")
        row = WorkerGroupProject(group_id=group.id, project_id=project.id)
        db.session.add(row)
    if data is not None:
        _check_names(filters.read(data))
    row.filter = data
    db.session.flush()


def _check_names(rule: filters.Filter) -> None:
    late = properties.VIRTUAL - filters.VIRTUAL
    for clause in filters.clauses(rule):
        if clause.name in late:
            usable = ", ".join(sorted(filters.VIRTUAL))
            raise InvalidInput(f"{clause.name} is computed and no filter can use it; those can: {usable}.", "filter")


def projects_of(group: WorkerGroup, *, archived: bool = False) -> Sequence[Project]:
    """List the projects a group works for; with *archived* those too."""
    if not archived:
        return queries.writable_projects(None if group.all_projects else group.id)
    listed = None if group.all_projects else [row.project_id for row in queries.group_rows(group.id)]
    return queries.all_projects(listed)


def works_for(group: WorkerGroup, project_id: int) -> bool:
    """Tell whether a group may touch a project at all."""
    return group.all_projects or queries.has_project(group.id, project_id)
