"""Named SELECTs: encoding profiles."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from tracker.db import db
from tracker.models import (
    Profile,
    ProfileVersion,
    ProjectProfile,
    Ticket,
)


def profile_by_slug(slug: str) -> Profile | None:
    """Return the profile with this slug."""
    return db.session.scalar(select(Profile).where(Profile.slug == slug))


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
