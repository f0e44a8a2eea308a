"""Named SELECTs: projects and users."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from tracker.db import Base, db
from tracker.models import (
    LoginFailure,
    Project,
    User,
    WorkerGroupProject,
)


def savepoint() -> AbstractContextManager[Any]:
    """Return a nested transaction: what fails inside is undone, the rest stands."""
    return db.session.begin_nested()


def project_by_slug(slug: str) -> Project | None:
    """Return the project with this slug."""
    return db.session.scalar(select(Project).where(Project.slug == slug))


def lock_project(project_id: int) -> None:
    """Lock a project's row until the end of the transaction: imports and new tickets are serialised on it."""
    db.session.execute(select(Project.id).where(Project.id == project_id).with_for_update(key_share=True))


def lock_again(row: Base) -> None:
    """Lock a row that was read before until the end of the transaction, and read it as it is now."""
    db.session.refresh(row, with_for_update={"key_share": True})


def all_projects(only: Collection[int] | None = None) -> Sequence[Project]:
    """List projects by title, active ones first; *only* restricts to ids."""
    statement = select(Project).order_by(Project.read_only, Project.title, Project.id)
    if only is not None:
        statement = statement.where(Project.id.in_(only))
    return db.session.scalars(statement).all()


def writable_projects(group_id: int | None = None) -> Sequence[Project]:
    """List the projects that scripts may work on, by id; with *group_id* only those the group is listed for."""
    statement = select(Project).where(Project.read_only.is_(False)).order_by(Project.id)
    if group_id is not None:
        listed = select(WorkerGroupProject.project_id).where(WorkerGroupProject.group_id == group_id)
        statement = statement.where(Project.id.in_(listed))
    return db.session.scalars(statement).all()


def user_by_name(name: str) -> User | None:
    """Return the user with this name."""
    return db.session.scalar(select(User).where(User.name == name))


def all_users() -> Sequence[User]:
    """List users by name."""
    return db.session.scalars(select(User).order_by(User.name)).all()


def login_failures(address: str, name: str, since: datetime) -> int:
    """Count the failed logins of an address under a claimed name since a moment."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(LoginFailure)
            .where(LoginFailure.address == address, LoginFailure.name == name, LoginFailure.created > since)
        )
        or 0
    )


def forget_login_failures(before: datetime) -> None:
    """Delete failed logins that no longer count."""
    db.session.execute(delete(LoginFailure).where(LoginFailure.created < before))
