"""Named SELECTs: encoding profiles."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from tracker.db import db
from tracker.models import LogEntry, Profile, ProfileVersion, Project, ProjectProfile, Ticket


def profile_by_slug(slug: str) -> Profile | None:
    """Return the profile with this slug."""
    return db.session.scalar(select(Profile).where(Profile.slug == slug))


def profile_slug(profile_id: int) -> str:
    """Return the slug of a profile, '' if there is none."""
    return db.session.scalar(select(Profile.slug).where(Profile.id == profile_id)) or ""


def latest_version(profile_id: int) -> ProfileVersion | None:
    """Return the newest revision of a profile."""
    return db.session.scalar(
        select(ProfileVersion)
        .where(ProfileVersion.profile_id == profile_id)
        .order_by(ProfileVersion.revision.desc())
        .limit(1)
    )


def project_profiles(project_id: int) -> Sequence[ProjectProfile]:
    """List the profiles a project uses, by profile id."""
    return db.session.scalars(
        select(ProjectProfile).where(ProjectProfile.project_id == project_id).order_by(ProjectProfile.profile_id)
    ).all()


def recordings_without(project_id: int, profile_id: int) -> Sequence[Ticket]:
    """List recording tickets that have no encoding ticket of a profile yet, locked in id order.

    Locked, because a recording that is copied at the same moment would not see the tickets made for it.
    """
    child = aliased(Ticket)
    missing = ~exists().where(child.parent_id == Ticket.id, child.profile_id == profile_id)
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.project_id == project_id, Ticket.type == "recording", missing)
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def all_profiles() -> Sequence[Profile]:
    """List all profiles by slug."""
    return db.session.scalars(select(Profile).order_by(Profile.slug)).all()


def lock_profiles() -> Sequence[Profile]:
    """Return all profiles locked in id order: who changes what depends on what sees no half of another change."""
    return db.session.scalars(
        select(Profile).order_by(Profile.id).with_for_update().execution_options(populate_existing=True)
    ).all()


def profile_versions(profile_id: int) -> Sequence[ProfileVersion]:
    """List the versions of a profile, oldest first."""
    return db.session.scalars(
        select(ProfileVersion).where(ProfileVersion.profile_id == profile_id).order_by(ProfileVersion.revision)
    ).all()


def lock_version(version_id: int) -> ProfileVersion:
    """Return a version with its row locked, so that no ticket can begin to use it meanwhile."""
    return db.session.scalars(
        select(ProfileVersion)
        .where(ProfileVersion.id == version_id)
        .with_for_update(of=ProfileVersion)
        .execution_options(populate_existing=True)
    ).one()


def delete_versions(profile_id: int) -> None:
    """Delete all versions of a profile."""
    db.session.execute(delete(ProfileVersion).where(ProfileVersion.profile_id == profile_id))


def tickets_of_version(version_id: int) -> int:
    """Count the tickets that use a version."""
    return db.session.scalar(select(func.count()).where(Ticket.profile_version_id == version_id)) or 0


def tickets_of_profile(profile_id: int) -> int:
    """Count the tickets that use any version of a profile."""
    return db.session.scalar(select(func.count()).where(Ticket.profile_id == profile_id)) or 0


def projects_using(profile_id: int) -> Sequence[Project]:
    """List the projects that encode with a profile, by slug."""
    return db.session.scalars(
        select(Project)
        .join(ProjectProfile, ProjectProfile.project_id == Project.id)
        .where(ProjectProfile.profile_id == profile_id)
        .order_by(Project.slug)
    ).all()


def profile_uses(only: Collection[int] | None = None) -> dict[int, tuple[int, list[str]]]:
    """Tell of every profile, by id, how many versions it has and the titles of the projects that encode with it.

    With *only*, other projects are not named.
    """
    counts = db.session.execute(
        select(ProfileVersion.profile_id, func.count()).group_by(ProfileVersion.profile_id)
    ).all()
    titles: dict[int, list[str]] = {}
    for profile_id, title in db.session.execute(
        select(ProjectProfile.profile_id, Project.title)
        .join(Project, Project.id == ProjectProfile.project_id)
        .where(true() if only is None else Project.id.in_(only))
        .order_by(Project.slug)
    ):
        titles.setdefault(profile_id, []).append(title)
    return {profile_id: (count, titles.get(profile_id, [])) for profile_id, count in counts}


def worked_on(ticket_ids: Collection[int], but: Collection[str]) -> set[int]:
    """Return which of these tickets a person or a worker did anything to, other than the events *but*."""
    statement = select(LogEntry.ticket_id).where(
        LogEntry.ticket_id.in_(ticket_ids),
        LogEntry.event.not_in(but),
        or_(LogEntry.user_id.is_not(None), LogEntry.worker_id.is_not(None)),
    )
    return set(db.session.scalars(statement))


def delete_tickets(ticket_ids: Collection[int]) -> None:
    """Delete tickets with all that hangs on them."""
    db.session.execute(delete(Ticket).where(Ticket.id.in_(ticket_ids)))
