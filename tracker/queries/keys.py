"""Named SELECTs: the keys of programs that read in the name of a user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from tracker.db import db
from tracker.models import ApiToken


def token(token_id: int) -> ApiToken | None:
    """Return the key with this id."""
    return db.session.get(ApiToken, token_id)


def token_by_hash(digest: str) -> ApiToken | None:
    """Return the key whose text has this digest."""
    return db.session.scalar(select(ApiToken).where(ApiToken.hash == digest))


def tokens(user_id: int | None = None) -> Sequence[ApiToken]:
    """List the keys of a user, or of all, by id."""
    statement = select(ApiToken).order_by(ApiToken.id)
    return db.session.scalars(statement if user_id is None else statement.where(ApiToken.user_id == user_id)).all()


def still_unused(found: ApiToken, since: datetime) -> bool:
    """Tell whether a key was not used since a moment, locking it; False also when another call is at it just now."""
    statement = select(ApiToken.last_used).where(ApiToken.id == found.id).with_for_update(skip_locked=True)
    row = db.session.execute(statement).first()
    return row is not None and (row.last_used is None or row.last_used < since)
