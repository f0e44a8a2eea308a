"""Accounts: who there is, what each may do, invitations, and one's own password."""

from __future__ import annotations

import logging
from typing import Any

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user

from tracker import projects, queries, users
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.gui import drawn, forms
from tracker.gui.access import ACTING, bp, me, needs, oneself, public
from tracker.models import Project, User

log = logging.getLogger(__name__)


@bp.get("/users")
@needs("admin")
def user_list() -> ResponseReturnValue:
    """List the accounts."""
    return _list(None)


def _list(_: None, error: InvalidInput | None = None, link: tuple[str, str] | None = None) -> str:
    return render_template(
        "users.html",
        users=queries.all_users(),
        projects=queries.all_projects(),
        roles=users.ROLES,
        drawn_from=_drawn_from,
        form=request.form,
        link=link,
        error=error,
    )


def _drawn_from(user: User) -> dict[str, Any]:
    return {"Role": user.role, "Sees only": sorted(project.title for project in user.projects)}


def _only() -> list[Project]:
    return [projects.get(slug) for slug in forms.texts("projects") if slug]


def _edit(user: User) -> str:
    drawn.unmoved(_drawn_from(user))
    users.configure(user, role=forms.text("role"), only=_only())
    return f"{user.name} is a {user.role} now."


def _switch(user: User) -> str:
    users.set_active(user, forms.text("wanted") == "1")
    return f"{user.name} may log in again." if user.active else f"{user.name} can no longer log in."


def _log_out(user: User) -> str:
    users.end_sessions(user)
    return f"{user.name} is logged out everywhere."


def _act_as(user: User) -> str:
    users.require_actable(me(), user)
    session[ACTING] = user.get_id()
    log.info("%s acts as %s", me().name, user.name)
    return f"You see and do now what {user.name} may see and do."


NEW_PASSWORD = "Your new password holds; you are logged out everywhere else."
ACTIONS = {"edit": _edit, "switch": _switch, "log out": _log_out, "act as": _act_as}


@bp.post("/users")
@needs("admin")
def users_post() -> ResponseReturnValue:
    """Make or change an account; a link to choose a password is on the page that answers, and nowhere else."""
    try:
        if forms.text("action") in ("add", "invite"):
            return _list(None, link=_invite())
        act = forms.action(ACTIONS)
        with transaction():
            user = users.get(forms.text("user"))
            queries.lock_again(user)
            said = act(user)
    except drawn.Stale as stale:
        return drawn.page(stale)
    except InvalidInput as error:
        return forms.again(error, _list, None)
    flash(said)
    return redirect(url_for("gui.front" if session.get(ACTING) else "gui.user_list"), 303)


def _invite() -> tuple[str, str]:
    with transaction():
        if forms.text("action") == "add":
            user = users.add(forms.text("name"), forms.text("role"), _only())
        else:
            user = users.get(forms.text("user"))
        token = users.invitation(user, str(current_app.config["SECRET_KEY"]))
        return user.name, url_for("gui.invitation", token=token, _external=True)


# --- one's own -------------------------------------------------------------------------------------------------


@bp.get("/invitation/<token>")
@public
def invitation(token: str) -> ResponseReturnValue:
    """Show the form to choose a password with an invitation."""
    user = _invited(token)
    return _choose(user), 200 if user else 410


def _invited(token: str) -> User | None:
    return users.invited(token, str(current_app.config["SECRET_KEY"]))


def _choose(user: User | None, error: InvalidInput | None = None) -> str:
    return render_template("password.html", user=user, invited=True, error=error)


@bp.post("/invitation/<token>")
@public
def invitation_post(token: str) -> ResponseReturnValue:
    """Store the password that somebody chose with an invitation, and log them in."""
    try:
        with transaction():
            user = _invited(token)
            if user is None:
                return _choose(None), 410
            users.set_password(user, _twice())
    except InvalidInput as error:
        return _choose(_invited(token), error), error.http_status
    session.clear()
    session.permanent = True
    login_user(user)
    return redirect(url_for("gui.front"), 303)


def _twice() -> str:
    chosen = request.form.get("password", "")
    if chosen != request.form.get("again", ""):
        raise InvalidInput("The two passwords differ; type the same twice.", "again")
    return chosen


@bp.get("/account")
@needs("read only")
@oneself
def account() -> ResponseReturnValue:
    """Show the form for another password."""
    return _account(None)


def _account(_: None, error: InvalidInput | None = None) -> str:
    return render_template("password.html", user=me(), invited=False, error=error)


@bp.post("/account")
@needs("read only")
@oneself
def account_post() -> ResponseReturnValue:
    """Store another password, or with the action ``log out`` none; other sessions end, this one goes on."""
    only_leave = forms.text("action") == "log out"
    try:
        with transaction():
            user = me()
            if only_leave:
                users.end_sessions(user)
            else:
                users.change_password(user, request.form.get("old", ""), _twice())
    except InvalidInput as error:
        return forms.again(error, _account, None)
    login_user(user)
    flash("You are logged out everywhere else." if only_leave else NEW_PASSWORD)
    return redirect(url_for("gui.account"), 303)
