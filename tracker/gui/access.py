"""Who may see and do what: login, roles, projects. One guard for every request, denied unless a view says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, current_app, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from tracker import projects, tickets, users
from tracker.errors import NotFound, NotPermitted
from tracker.gui.compress import MaskedCSRF
from tracker.models import Project, Ticket, User

bp = Blueprint("gui", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
login = LoginManager()
csrf = MaskedCSRF()

DOORS = frozenset(("rpc", "mirror", "health"))
"""Blueprints with their own proof of who calls."""
ACTING = "acting"
"""Key of the login session under which the account is kept as which an admin acts."""
LOOKING = frozenset(("GET", "HEAD", "OPTIONS"))

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Let everybody call a view, without login."""
    view.public = True  # type: ignore[attr-defined]
    return view


def needs(role: str) -> Callable[[View], View]:
    """Name the least role that may call a view. Without it: looking needs 'read only', changing needs 'admin'."""

    def mark(view: View) -> View:
        view.role = role  # type: ignore[attr-defined]
        return view

    return mark


def oneself(view: View) -> View:
    """Refuse a view to an admin who acts as somebody else: only the person may do this."""
    view.oneself = True  # type: ignore[attr-defined]
    return view


def role_for(view: Any, method: str) -> str:
    """Return the least role that may call *view* with *method*, '' for everybody."""
    if getattr(view, "public", False):
        return ""
    return str(getattr(view, "role", "read only" if method in LOOKING else "admin"))


@bp.before_app_request
def guard() -> ResponseReturnValue | None:
    """Refuse what needs a login, a role or a CSRF token and comes without."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.blueprint in DOORS or request.endpoint == f"{bp.name}.static":
        return None
    role = role_for(view, request.method)
    if role:
        if not current_user.is_authenticated:
            return login_first()
        users.require(me(), role)
        if me().acted_by and getattr(view, "oneself", False):
            raise NotPermitted(f"Only {me().name} may do this; stop acting as {me().name} first.")
    csrf.protect()
    return None


def login_first() -> ResponseReturnValue:
    """Send to the login page, and back to the page that was asked for."""
    if wants_json():
        return jsonify(error="Log in first."), 401
    asked = request.full_path.rstrip("?") if request.method in LOOKING else ""
    return redirect(url_for("gui.login_page", next=asked if asked not in ("", "/") else None))


@login.user_loader
def by_session(identity: str) -> User | None:
    """Return the user of a login session, or the one as whom an admin acts; None when either is over."""
    found, acted = users.by_session(identity), session.get(ACTING, "")
    if found is None:
        return None
    found.acted_by = ""
    return users.acting(found, acted) if acted else found


def me() -> User:
    """Return the user who calls; the guard saw to it that there is one."""
    found: User = current_user._get_current_object()
    return found


def project_or_404(slug: str) -> Project:
    """Return the project of a page; raise NotFound also when the user may not see it."""
    project = projects.get(slug)
    users.require_project(me(), project)
    return project


def ticket_or_404(slug: str, ticket_id: int, kind: str = "") -> Ticket:
    """Return the ticket of a page; raise NotFound for one of another project or another type than *kind*."""
    project = project_or_404(slug)
    ticket = tickets.get(ticket_id)
    if ticket.project_id != project.id or (kind and ticket.type != kind):
        what = f"{kind} ticket" if kind else "ticket"
        raise NotFound(f"There is no {what} {ticket_id} in project {slug}.")
    return ticket


def wants_json() -> bool:
    """Tell whether the client asked for JSON rather than for a page."""
    kinds = request.accept_mimetypes
    return kinds["application/json"] > kinds["text/html"]


def safe_path(target: str) -> str:
    """Return *target* when it is a path on this host, else the front page (no open redirect)."""
    parts = urlsplit(target)
    plain = target.isprintable() and "\\" not in target and not target.startswith("//")
    return target if target.startswith("/") and plain and not parts.scheme and not parts.netloc else "/"
