"""Which version of which profile a project encodes with, and what that means for its talks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tracker import queries, tickets
from tracker.db import db
from tracker.errors import InvalidInput, NotFound, NotPermitted
from tracker.models import ProfileVersion, Project, ProjectProfile
from tracker.profiles import catalogue
from tracker.tickets import TRACKER, Actor

MAX_PRIORITY = 1000.0


@dataclass(frozen=True)
class Removal:
    """What became of the tickets of a profile that a project no longer uses."""

    deleted: int
    worked_on: int
    of_locked_talks: int

    def sentence(self, slug: str, project: str) -> str:
        """Say it to whoever removed the profile."""
        parts = [f"Project {project} no longer uses profile {slug!r}; {self.deleted} tickets are deleted."]
        if self.worked_on:
            parts.append(f"{self.worked_on} tickets were worked on: they stay, with their files, and can be finished.")
        if self.of_locked_talks:
            parts.append(f"{self.of_locked_talks} tickets of locked talks stay.")
        return " ".join(parts)


def use(project: Project, slug: str, priority: float = 1.0, *, actor: Actor = TRACKER) -> ProjectProfile:
    """Have a project encode with the latest version of a profile; talks that exist get their encoding tickets.

    *priority* holds for the encoding tickets that exist, too; 0 switches the profile off.
    """
    return pin(project, slug, latest=True, priority=priority, actor=actor)


def pin(
    project: Project,
    slug: str,
    *,
    revision: int | None = None,
    latest: bool = False,
    priority: float | None = None,
    auto_create: bool | None = None,
    actor: Actor = TRACKER,
) -> ProjectProfile:
    """Have a project encode with a version of a profile, or change how it does; None leaves one alone.

    A profile that is new to the project begins with its latest version, priority 1, for all talks. With another version
    encoding tickets that have not begun are made with that one. With *auto_create* every talk has a ticket of it, also
    those that exist; switched off, nothing is deleted. Raises InvalidInput, NotFound, NotPermitted (archived).
    """
    _check(project, priority)
    profile = catalogue.get(slug)
    _lock(project)
    used = db.session.get(ProjectProfile, (project.id, profile.id))
    if used is None:
        used = ProjectProfile(
            project_id=project.id, profile_id=profile.id, version=catalogue.version(profile, revision)
        )
        db.session.add(used)
        used.priority, used.auto_create = 1.0, True
    elif revision is not None or latest:
        used.version = catalogue.version(profile, revision)
    if priority is not None:
        used.priority = priority
    if auto_create is not None:
        used.auto_create = auto_create
    db.session.flush()
    _apply(project, used, actor)
    return used


def _apply(project: Project, used: ProjectProfile, actor: Actor) -> None:
    tickets.refresh_priorities(project, used.profile_id)
    tickets.take_version(project, used, actor)
    if used.auto_create:
        tickets.create_encodings(project, used, actor)
    tickets.settle_ladders(project)


def _lock(project: Project) -> None:
    """Lock the recordings of a project before any of their encoding tickets, as everybody does."""
    queries.lock_project(project.id)
    queries.lock_recordings(project.id)


def _check(project: Project, priority: float | None) -> None:
    if project.read_only:
        raise NotPermitted(f"Project {project.slug} is archived; nothing in it can be changed.")
    if priority is not None and not (math.isfinite(priority) and 0 <= priority <= MAX_PRIORITY):
        raise InvalidInput(f"A priority is a number from 0 (off) to {MAX_PRIORITY:g}.", "priority")


def remove(project: Project, slug: str, *, actor: Actor = TRACKER) -> Removal:
    """Have a project no longer encode with a profile. Raises NotFound when it does not.

    Only tickets that nobody ever worked on are deleted, and none of a locked talk; the others stay and can be finished.
    """
    _check(project, None)
    profile = catalogue.find(slug)
    _lock(project)
    used = db.session.get(ProjectProfile, (project.id, profile.id))
    if used is None and not queries.lock_encodings(project.id, profile.id):
        raise NotFound(f"Project {project.slug} does not use profile {slug!r}.")
    if used is not None:
        db.session.delete(used)
        db.session.flush()
    removal = Removal(*tickets.drop_unworked(project, profile, actor))
    tickets.refresh_priorities(project, profile.id)
    tickets.settle_ladders(project)
    return removal


def warnings(project: Project) -> list[str]:
    """Return a sentence for each profile of a project whose tickets could wait for ever: its master is not made."""
    used = {each.profile_id: each for each in queries.project_profiles(project.id)}
    names = {each.id: each.slug for each in queries.all_profiles()}
    found = []
    for each in used.values():
        master = each.version.profile.depends_on_id
        if master is None or each.priority == 0:
            continue
        if master not in used:
            what = "does not use"
        elif used[master].priority == 0:
            what = "has switched off (priority 0)"
        else:
            continue
        found.append(
            f"Profile {each.version.profile.slug!r} depends on {names[master]!r}, which project {project.slug} {what}: "
            "its tickets wait for files that nobody makes."
        )
    return found


def newer(used: ProjectProfile) -> ProfileVersion | None:
    """Return the latest version of a profile when the project has pinned an older one."""
    latest = queries.latest_version(used.profile_id)
    return latest if latest is not None and latest.id != used.version_id else None
