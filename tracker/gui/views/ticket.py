"""The ticket page, and what can be changed there by hand."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import profiles, projects, queries, tickets, users, veil
from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput, TrackerError
from tracker.gui import conflicts, forms, live, owned, told
from tracker.gui.access import bp, me, needs, ticket_or_404
from tracker.gui.commands import command_lines
from tracker.models import Ticket
from tracker.statemachine import ENCODING, RECORDING

LOG_ROWS = 200
EMPTY_ROWS = 3
"""So many properties can be added with one form."""


@bp.get("/<slug>/ticket/<int:ticket_id>")
def ticket(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Show everything about a ticket."""
    found = ticket_or_404(slug, ticket_id)
    tag = live.stamp(found.project)
    return live.unchanged(tag) or live.tagged(ticket_page(found), tag)


def ticket_page(found: Ticket, error: InvalidInput | None = None) -> str:
    """Draw the ticket page, with what was typed when *error* says what is wrong with it."""
    family = [found, *found.children]
    log = queries.history([member.id for member in family], LOG_ROWS)
    return render_template(
        "ticket.html",
        project=found.project,
        ticket=found,
        talk=found.parent or found,
        why=tickets.why_waiting(found),
        reasons={child.id: tickets.why_waiting(child) for child in found.children},
        percent=projects.progress_of_talk(found) if found.type == RECORDING else found.progress,
        groups=owned.groups(found),
        veiled=veil.veiled,
        files=queries.named_values(FILE, ticket_ids=[child.id for child in family if child.type == ENCODING]),
        log=log,
        changes=told.changes(log),
        stays=told.stays(log),
        comments=queries.comments([member.id for member in family]),
        members={member.id: member for member in family},
        before=found.table.predecessor(found.state, found.disabled),
        after=found.table.successor(found.state, found.disabled),
        states=[state for state in found.table.states if state.name not in found.disabled],
        form=request.form,
        error=error,
        empty_rows=EMPTY_ROWS,
        people_work=tickets.guards.for_people(found, found.state),
        prospects=tickets.who_would_get(found) if users.may(me(), "superuser") and not _held(found) else [],
        names=_names(found) if users.may(me(), "superuser") else [],
    )


def _held(found: Ticket) -> bool:
    return found.user_id is not None or found.worker_id is not None


def _names(found: Ticket) -> list[str]:
    """List who may be given the ticket: active accounts that see its project and may do more than look."""
    people = (user for user in queries.all_users() if user.active and users.may(user, "user"))
    return [user.name for user in people if found.project_id in (users.visible_projects(user) or [found.project_id])]


FILE = ("Encoding.Seconds", "Encoding.Bytes", "Encoding.Verdict", "Release.Bytes", "Release.SHA256")
"""What the list of files tells of each."""


@bp.get("/<slug>/ticket/<int:ticket_id>/job")
@needs("user")
def job(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Show the jobfile that a worker gets for an encoding ticket, and its command lines; nothing is run or stored."""
    found = ticket_or_404(slug, ticket_id, ENCODING)
    why, text = "", ""
    try:
        text = profiles.shown_job(found)
    except TrackerError as error:
        why = str(error)
    return render_template(
        "job.html",
        project=found.project,
        ticket=found,
        talk=found.parent,
        version=found.profile_version,
        job=text,
        commands=command_lines(text),
        why=why,
    )


# --- changes ---------------------------------------------------------------------------------------------------


def _back(found: Ticket, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("gui.ticket", slug=found.project.slug, ticket_id=found.id), 303)


@bp.post("/<slug>/ticket/<int:ticket_id>/state")
@needs("superuser")
def state(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Set any state of the ticket's type (seed 003)."""
    found = ticket_or_404(slug, ticket_id)
    target = forms.text("state")
    try:
        with transaction():
            tickets.set_state(ticket_id, me(), target, version=forms.version(), comment=forms.text("comment"))
    except Conflict as error:
        return conflicts.page(error, ticket_id, {"state": target})
    except InvalidInput as error:
        return forms.again(error, ticket_page, found)
    return _back(found, f"The ticket is now {target!r}.")


@bp.post("/<slug>/ticket/<int:ticket_id>/failed")
@needs("superuser")
def failed(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Set or clear the failed flag."""
    found = ticket_or_404(slug, ticket_id)
    wanted = request.form.get("failed") == "1"
    try:
        with transaction():
            tickets.set_failed(ticket_id, me(), wanted, version=forms.version(), comment=forms.text("comment"))
    except Conflict as error:
        return conflicts.page(error, ticket_id, {"failed": "yes" if wanted else "no"})
    except InvalidInput as error:
        return forms.again(error, ticket_page, found)
    return _back(found, "The ticket is marked as failed." if wanted else "The failed flag is cleared.")


@bp.post("/<slug>/ticket/<int:ticket_id>/properties")
@needs("superuser")
def edit_properties(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Write properties of the ticket; an empty value deletes."""
    found = ticket_or_404(slug, ticket_id)
    wanted = _typed_properties()
    try:
        with transaction():
            changed = tickets.edit_properties(ticket_id, me(), wanted, version=forms.version())
    except Conflict as error:
        return conflicts.page(error, ticket_id, wanted)
    except InvalidInput as error:
        return forms.again(error, ticket_page, found)
    return _back(found, f"{len(changed)} properties changed." if changed else "Nothing was different.")


def _typed_properties() -> dict[str, str]:
    """Return the properties of the form that its user changed.

    `was` tells what each row showed: a script may have written others meanwhile. Browsers send CR LF for line ends.
    """
    names, values, shown = (request.form.getlist(field) for field in ("name", "value", "was"))
    shown = shown if len(shown) == len(names) else [None] * len(names)  # type: ignore[list-item]
    rows = zip(names, values, shown, strict=False)
    plain = [(name.strip(), _lines(value), was if was is None else _lines(was)) for name, value, was in rows]
    return {name: value for name, value, was in plain if name and value != was}


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x00", "")


@bp.post("/<slug>/ticket/<int:ticket_id>/comment")
@needs("user")
def comment(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Write a comment."""
    found = ticket_or_404(slug, ticket_id)
    try:
        with transaction():
            tickets.comment(ticket_id, me(), forms.text("comment"))
    except InvalidInput as error:
        return forms.again(error, ticket_page, found)
    return _back(found, "The comment is written.")
