"""The check page: plays the encoded file and takes the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import properties, queries, tickets
from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput, NotFound
from tracker.gui import conflicts, forms, marks
from tracker.gui.access import bp, me, needs, ticket_or_404
from tracker.gui.views.media import TYPES, encoded_file
from tracker.models import Ticket

SAID = {
    "accept": "Checked. Script D prepares it for the release now.",
    "reject": "The encoding is marked as failed with your reason.",
    "send_back": "The recording goes back to cutting, with your reason.",
    "leave": "You left the ticket; nothing was stored.",
}


@bp.get("/<slug>/ticket/<int:ticket_id>/check")
def check(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Show the encoded file, and the form to whoever holds the ticket. Looking changes nothing."""
    return check_page(ticket_or_404(slug, ticket_id, "encoding"))


@bp.post("/<slug>/ticket/<int:ticket_id>/check")
@needs("user")
def check_post(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Start, accept, reject, send back or leave a check."""
    found = ticket_or_404(slug, ticket_id, "encoding")
    try:
        act = forms.action(ACTIONS)
        with transaction():
            act(found)
    except InvalidInput as error:
        return forms.again(error, check_page, found)
    except Conflict as error:
        return conflicts.page(error, ticket_id, {})
    if forms.text("action") == "start":
        return redirect(request.path, 303)
    flash(SAID[forms.text("action")])
    return redirect(url_for("gui.talks", slug=slug, _anchor=f"t{found.parent_id}"), 303)


def check_page(found: Ticket, error: InvalidInput | None = None) -> str:
    """Draw the check page; with *error*, the comment that was typed is kept."""
    values = properties.merged(found)
    talk = found.parent
    assert talk is not None  # the schema gives every encoding ticket a recording
    kind, missing = _playable(found, values)
    return render_template(
        "check.html",
        project=found.project,
        ticket=found,
        talk=talk,
        values=values,
        rate=marks.rate_of(values),
        time_of=marks.time_of,
        kind=kind,
        missing=missing,
        comment=request.form.get("comment", ""),
        cut_myself=found.project.separate_checker and talk.cut_by_id == me().id,
        mine=found.state == "checking" and found.user_id == me().id and not found.failed,
        startable=found.state in ("encoded", "checking"),
        why=tickets.why_waiting(found),
        comments=queries.comments([talk.id, *(child.id for child in talk.children)]),
        error=error,
    )


def _playable(found: Ticket, values: Mapping[str, str]) -> tuple[str, str]:
    """Return the MIME type of the encoded file and '', or '' and why it cannot be played."""
    try:
        return TYPES.get(encoded_file(found, values).suffix.lower(), ""), ""
    except NotFound as error:
        return "", str(error)


def _start(found: Ticket) -> None:
    tickets.start_check(found.id, me(), take_over=forms.text("take_over") == "1")


def _accept(found: Ticket) -> None:
    tickets.accept(found.id, me())


def _reject(found: Ticket) -> None:
    tickets.reject(found.id, me(), forms.text("comment"))


def _send_back(found: Ticket) -> None:
    tickets.send_back(found.id, me(), forms.text("comment"))


def _leave(found: Ticket) -> None:
    tickets.abandon(found.id, me())


ACTIONS: dict[str, Callable[[Ticket], None]] = {
    "start": _start,
    "accept": _accept,
    "reject": _reject,
    "send_back": _send_back,
    "leave": _leave,
}
