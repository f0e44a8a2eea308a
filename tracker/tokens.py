"""Keys with which programs read in the name of a user: made, used, revoked. Only their digests are kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from tracker import queries
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound, NotPermitted
from tracker.models import ApiToken, LoginFailure, User
from tracker.queries import keys
from tracker.users import FAILURE_WINDOW, TooManyFailures

PREFIX = "fahrwerk_"
"""Every key begins so: programs that look for secrets in repositories know it by that."""
NAME = re.compile(r"[^\x00-\x1f\x7f]{1,60}\Z")
MAX_DAYS = 3650
USED_EVERY = timedelta(minutes=1)
"""When a key was last used is written at most so often."""
CLAIMED = "api token"
"""Stands for the claimed name where failures are counted; no user can be called so."""


class BadToken(NotPermitted):
    """The token is unknown, expired or revoked, or its user is switched off; send `Authorization: Bearer TOKEN`."""

    http_status = 401


def create(user: User, name: str, days: int | None = None) -> tuple[ApiToken, str]:
    """Make a key for *user*, called *name*, good for so many *days* or for ever; return its row and, once, its text.

    Raises InvalidInput, naming the field.
    """
    if not NAME.match(name):
        raise InvalidInput("A token needs a name of 1 to 60 characters, so that you know it again.", "name")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise InvalidInput(f"A token is good for 1 to {MAX_DAYS} days, or, without a number, for ever.", "days")
    text = PREFIX + secrets.token_urlsafe(32)
    made = ApiToken(user=user, name=name, hash=digest(text), expires=now() + timedelta(days=days) if days else None)
    db.session.add(made)
    db.session.flush()
    return made, text


def digest(text: str) -> str:
    """Return what is kept of a key; it is random, so that a plain hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


def revoke(token_id: int) -> ApiToken:
    """Delete a key; return what it was. Raises NotFound."""
    found = keys.token(token_id)
    if found is None:
        raise NotFound(f"There is no token {token_id}.")
    db.session.delete(found)
    db.session.flush()
    return found


def authenticate(text: str, address: str, max_failures: int) -> User | None:
    """Return the user in whose name a program with this key reads, else None and the failure is counted.

    Raises TooManyFailures for a wrong key after *max_failures* of them from *address* in 15 minutes; a good one is
    never held up: many programs may share an address.
    """
    found = keys.token_by_hash(digest(text)) if text.startswith(PREFIX) else None
    if found is not None and found.user.active and (found.expires is None or found.expires > now()):
        _note_use(found)
        return found.user
    since = now() - FAILURE_WINDOW
    if queries.login_failures(address, CLAIMED, since) >= max_failures:
        raise TooManyFailures("Too many wrong tokens from your address; wait 15 minutes.")
    queries.forget_login_failures(since)
    db.session.add(LoginFailure(address=address, name=CLAIMED))
    db.session.flush()
    return None


def _note_use(found: ApiToken) -> None:
    since = now() - USED_EVERY
    if (found.last_used is None or found.last_used < since) and keys.still_unused(found, since):
        found.last_used = now()
        db.session.flush()
