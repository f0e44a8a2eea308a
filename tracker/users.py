"""Accounts: passwords, roles, who sees which project, and the limit on failed logins."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from datetime import timedelta

from werkzeug.security import check_password_hash, generate_password_hash

from tracker import queries
from tracker.db import db, now, unless_taken
from tracker.errors import InvalidInput, NotFound, NotPermitted
from tracker.models import LoginFailure, Project, User
from tracker.workers import cipher

ROLES = ("read only", "user", "superuser", "admin")
"""In order: look; cut, check, comment; edit tickets and import; users and settings."""

NAME = re.compile(r"[\w.@-]{1,60}\Z")
ADMIN_SEES_ALL = "An admin sees every project; choose another role, or no projects."
MIN_PASSWORD = 10
FAILURE_WINDOW = timedelta(minutes=15)
INVITATION = timedelta(hours=48)
PURPOSE = b"fahrwerk: invitations of users"
_NOBODY = generate_password_hash(secrets.token_hex(8))
"""Checked when the name is unknown, so that the answer takes as long."""


class TooManyFailures(NotPermitted):
    """Too many failed logins from your address under this name; wait 15 minutes."""

    http_status = 429


def create(name: str, password: str, role: str = "user", only: Collection[Project] = ()) -> User:
    """Make an account; *only* restricts it to projects. Raises InvalidInput, naming the field."""
    if not NAME.match(name):
        raise InvalidInput(f"User name {name!r}: letters, digits and . _ @ -, at most 60.", "name")
    taken = InvalidInput(f"There is already a user {name!r}.", "name")
    if queries.user_by_name(name) is not None:
        raise taken
    if role not in ROLES:
        raise InvalidInput(f"Role {role!r} is unknown; there are: {', '.join(ROLES)}.", "role")
    if only and role == "admin":
        raise InvalidInput(ADMIN_SEES_ALL, "projects")
    user = User(name=name, role=role, projects=list(only), password_hash="", session_token="")
    set_password(user, password)
    with unless_taken(taken):
        db.session.add(user)
    return user


def set_password(user: User, password: str) -> None:
    """Store a new password (scrypt); sessions opened with the old one end."""
    if len(password) < MIN_PASSWORD:
        raise InvalidInput(f"A password needs {MIN_PASSWORD} characters.", "password")
    user.password_hash = generate_password_hash(password, method="scrypt")
    user.session_token = secrets.token_urlsafe(16)


def set_active(user: User, active: bool) -> None:
    """Let an account be used or not; its open sessions end. Raises InvalidInput for the last admin."""
    if not active:
        _keep_an_admin(user)
    user.active = active
    user.session_token = secrets.token_urlsafe(16)


def configure(user: User, *, role: str | None = None, only: Collection[Project] | None = None) -> None:
    """Change what a user may do and see, from the next request on; None leaves one alone. *only* empty: all projects.

    Raises InvalidInput for an unknown role, and for the last admin who would be none any more.
    """
    if role is not None and role != user.role:
        if role not in ROLES:
            raise InvalidInput(f"Role {role!r} is unknown; there are: {', '.join(ROLES)}.", "role")
        _keep_an_admin(user)
        user.role = role
    if role == "admin" and only is None and user.projects:
        raise InvalidInput(ADMIN_SEES_ALL, "projects")
    if only is not None:
        if only and user.role == "admin":
            raise InvalidInput(ADMIN_SEES_ALL, "projects")
        user.projects = list(only)
    db.session.flush()


def _keep_an_admin(user: User) -> None:
    others = [each for each in queries.all_users() if each.role == "admin" and each.active and each.id != user.id]
    if user.role == "admin" and user.active and not others:
        raise InvalidInput(f"{user.name} is the last admin; make another one first.", "role")


def add(name: str, role: str = "user", only: Collection[Project] = ()) -> User:
    """Make an account whose password nobody knows; an invitation lets its owner choose one."""
    return create(name, secrets.token_urlsafe(32), role, only)


def invitation(user: User, secret_key: str) -> str:
    """Return a token with which a user may choose a password once, within INVITATION."""
    until = int((now() + INVITATION).timestamp())
    return cipher.seal(f"{until}:{user.get_id()}", secret_key, PURPOSE).decode()


def invited(token: str, secret_key: str) -> User | None:
    """Return the user of an invitation, None when it is over, used or no invitation."""
    try:
        until, _, identity = cipher.unseal(token.encode(), secret_key, PURPOSE).partition(":")
    except cipher.Unreadable:
        return None
    return by_session(identity) if int(until) > now().timestamp() else None


def change_password(user: User, old: str, new: str) -> None:
    """Choose another password, knowing the present one. Raises InvalidInput, naming the field."""
    if not check_password_hash(user.password_hash, old):
        raise InvalidInput("That is not your present password.", "old")
    set_password(user, new)


def end_sessions(user: User) -> None:
    """Log a user out everywhere."""
    user.session_token = secrets.token_urlsafe(16)


def get(name: str) -> User:
    """Return a user by name; raise NotFound."""
    found = queries.user_by_name(name) if NAME.match(name) else None
    if found is None:
        raise NotFound(f"There is no user {name!r}.")
    return found


def by_session(identity: str) -> User | None:
    """Return the user of a login session (``id:token``), None when it ended or the account is off."""
    number, _, token = identity.partition(":")
    user = db.session.get(User, int(number)) if number.isascii() and number.isdigit() else None
    if user is None or not user.active or not secrets.compare_digest(user.session_token.encode(), token.encode()):
        return None
    return user


def require_actable(admin: User, user: User) -> None:
    """Raise NotPermitted unless *admin* may act as *user*: nobody gets more rights by it, or another admin's name."""
    if admin.role != "admin" or admin.acted_by:
        raise NotPermitted("Only an admin acts as somebody else.")
    if user.role == "admin":
        raise NotPermitted(f"{user.name} is an admin; an admin acts only as somebody with fewer rights.")
    if not user.active:
        raise NotPermitted(f"{user.name} can no longer log in; nobody acts as them.")


def acting(admin: User, identity: str) -> User | None:
    """Return the user of *identity* as whom *admin* acts; None when either of them changed so that it is over."""
    user = by_session(identity)
    if user is None or user.role == "admin" or admin.role != "admin":
        return None
    user.acted_by = admin.name
    return user


def authenticate(name: str, password: str, address: str, max_failures: int) -> User | None:
    """Return the user when name and password match, else None and the failure is counted.

    Failures are counted per address and claimed name; raises TooManyFailures, whatever the password, after
    *max_failures* of them in 15 minutes.
    """
    since, claimed = now() - FAILURE_WINDOW, name[:60].replace("\x00", "")
    if queries.login_failures(address, claimed, since) >= max_failures:
        raise TooManyFailures()
    user = queries.user_by_name(name) if NAME.match(name) else None
    if check_password_hash(user.password_hash if user else _NOBODY, password) and user is not None and user.active:
        return user
    queries.forget_login_failures(since)
    db.session.add(LoginFailure(address=address, name=claimed))
    db.session.flush()
    return None


def may(user: User, role: str) -> bool:
    """Tell whether a user has at least this role."""
    return ROLES.index(user.role) >= ROLES.index(role)


def require(user: User, role: str) -> None:
    """Raise NotPermitted unless the user has at least this role."""
    if not may(user, role):
        raise NotPermitted(f"This needs the role {role!r}; {user.name} has {user.role!r}.")


def visible_projects(user: User) -> list[int] | None:
    """List the ids of the projects a user is restricted to, None for no restriction."""
    return [project.id for project in user.projects] or None


def require_project(user: User, project: Project) -> None:
    """Raise NotFound (not to tell that it exists) when the user may not see the project."""
    only = visible_projects(user)
    if only is not None and project.id not in only:
        raise NotFound(f"There is no project {project.slug!r}.")
