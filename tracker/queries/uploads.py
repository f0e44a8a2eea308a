"""Named SELECTs: files that people send through the browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from tracker.db import db
from tracker.models import Upload


def upload_by_key(key: str) -> Upload | None:
    """Return the upload that a key names."""
    return db.session.scalar(select(Upload).where(Upload.key == key))


def uploads(project_id: int, limit: int) -> Sequence[Upload]:
    """List the last uploads of a project with their recordings, newest first."""
    return db.session.scalars(
        select(Upload)
        .where(Upload.project_id == project_id)
        .order_by(Upload.id.desc())
        .limit(limit)
        .options(selectinload(Upload.ticket), selectinload(Upload.user))
    ).all()


def upload_bytes(user_id: int) -> int:
    """Add up the files of a user that take room, unfinished ones as if they were whole."""
    total = select(func.coalesce(func.sum(Upload.size), 0)).where(Upload.user_id == user_id, Upload.stored)
    return int(db.session.scalar(total) or 0)


def unfinished_uploads(user_id: int) -> int:
    """Count the uploads that a user has begun and not finished."""
    unfinished = select(func.count()).select_from(Upload)
    return db.session.scalar(unfinished.where(Upload.user_id == user_id, Upload.finished.is_(None))) or 0


def left_uploads(before: datetime) -> Sequence[Upload]:
    """Lock and list the uploads that were begun before a moment and never finished."""
    return db.session.scalars(
        select(Upload)
        .where(Upload.finished.is_(None), Upload.created < before)
        .order_by(Upload.id)
        .with_for_update(skip_locked=True)
    ).all()
