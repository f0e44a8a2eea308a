"""Login and logout."""

from __future__ import annotations

import logging

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from tracker import users
from tracker.db import transaction
from tracker.gui.access import ACTING, bp, me, needs, public, safe_path
from tracker.gui.speech import LANGUAGES
from tracker.gui.speech.spoken import COOKIE
from tracker.models import User

log = logging.getLogger(__name__)


@bp.get("/login")
@public
def login_page() -> ResponseReturnValue:
    """Show the login form."""
    if current_user.is_authenticated:
        return redirect(safe_path(request.args.get("next", "")))
    return _form()


@bp.post("/login")
@public
def login_post() -> ResponseReturnValue:
    """Log in. Failures are counted per address and claimed name (design D11)."""
    try:
        user = _authenticate(request.form.get("name", "").strip(), request.form.get("password", ""))
    except users.TooManyFailures as error:
        return _form(str(error)), error.http_status
    if user is None:
        return _form("Name and password do not match."), 401
    session.clear()
    session.permanent = True
    login_user(user)
    return redirect(safe_path(request.form.get("next", "")), 303)


def _authenticate(name: str, password: str) -> User | None:
    limit = current_app.config["SETTINGS"].login_max_failures
    with transaction():
        return users.authenticate(name.replace("\x00", ""), password, request.remote_addr or "", limit)


def _form(error: str = "") -> str:
    return render_template(
        "login.html",
        error=error,
        name=request.form.get("name", ""),
        next=safe_path(request.values.get("next", "")),
    )


@bp.post("/language")
@public
def speak() -> ResponseReturnValue:
    """Keep the language the reader chose in a cookie, and go on where they were."""
    answer = redirect(safe_path(request.form.get("next", "")), 303)
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        answer.set_cookie(COOKIE, chosen, max_age=365 * 86400, httponly=True, samesite="Lax", secure=secure)
    return answer


@bp.post("/acting/stop")
@needs("read only")
def stop_acting() -> ResponseReturnValue:
    """Be oneself again after having acted as somebody else."""
    name, admin = me().name, me().acted_by
    if session.pop(ACTING, ""):
        log.info("%s no longer acts as %s", admin, name)
        flash(f"You are {admin} again.")
        return redirect(url_for("gui.user_list"), 303)
    return redirect(url_for("gui.front"), 303)


@bp.post("/logout")
@needs("read only")
def logout() -> ResponseReturnValue:
    """End the login."""
    logout_user()
    session.clear()
    flash("You are logged out.")
    return redirect(url_for("gui.login_page"), 303)
