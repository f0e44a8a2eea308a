"""The cut page: plays the virtual recording and takes in, out, language and A/V delay."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import properties, queries, tickets
from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput, NotFound
from tracker.gui import conflicts, forms, marks
from tracker.gui.access import bp, me, needs, ticket_or_404
from tracker.gui.views.media import work_file
from tracker.models import Ticket

SAID = {
    "cut": "Cut. Script C makes the cut master now.",
    "expand": "The recording is put together again with more material; it comes back to be cut.",
    "unable": "The recording is marked as failed with your reason.",
    "leave": "You left the ticket; nothing was stored.",
}


@bp.get("/<slug>/ticket/<int:ticket_id>/cut")
def cut(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Show the recording, and the form to whoever holds the ticket. Looking changes nothing."""
    return cut_page(ticket_or_404(slug, ticket_id, "recording"))


@bp.post("/<slug>/ticket/<int:ticket_id>/cut")
@needs("user")
def cut_post(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Start, finish, expand, give up or leave a cut."""
    found = ticket_or_404(slug, ticket_id, "recording")
    try:
        act = forms.action(ACTIONS)
        with transaction():
            act(found)
    except InvalidInput as error:
        return forms.again(error, cut_page, found)
    except Conflict as error:
        return conflicts.page(error, ticket_id, _wanted())
    if forms.text("action") == "start":
        return redirect(request.path, 303)
    flash(SAID[forms.text("action")])
    return redirect(url_for("gui.talks", slug=slug, _anchor=f"t{ticket_id}"), 303)


def cut_page(found: Ticket, error: InvalidInput | None = None) -> str:
    """Draw the cut page; with *error*, the form keeps what was typed."""
    values = properties.merged(found)
    rate = marks.rate_of(values)
    begin, end = marks.suggested(values)
    typed = request.form
    fields = {
        "cut_in": typed.get("cut_in", begin),
        "cut_out": typed.get("cut_out", end),
        "language": typed.get("language", values.get("Record.Language", "")),
        "av_delay": typed.get("av_delay", values.get("Record.AVDelay", "0")),
        "before": typed.get("before", ""),
        "after": typed.get("after", ""),
        "unit": typed.get("unit", "min"),
        "comment": typed.get("comment", ""),
    }
    return render_template(
        "cut.html",
        project=found.project,
        ticket=found,
        values=values,
        rate=rate,
        fields=fields,
        suggested="Record.Cutin" not in values,
        missing=_missing(values),
        mine=found.state == "cutting" and found.user_id == me().id and not found.failed,
        startable=found.state in ("merged", "cutting"),
        why=tickets.why_waiting(found),
        comments=queries.comments([found.id, *(child.id for child in found.children)]),
        error=error,
    )


def _missing(values: Mapping[str, str]) -> str:
    """Return why the recording cannot be played, '' when it can."""
    try:
        for name in ("timeline.json", "index.m3u8"):
            work_file(values, name)
    except NotFound as error:
        return str(error)
    return ""


# --- actions ---------------------------------------------------------------------------------------------------


def _start(found: Ticket) -> None:
    tickets.start_cut(found.id, me(), take_over=forms.text("take_over") == "1")


def _cut(found: Ticket) -> None:
    rate = marks.rate_of(properties.merged(found))
    begin, end = (marks.frame_of(forms.text(field), rate, field) for field in ("cut_in", "cut_out"))
    tickets.finish_cut(found.id, me(), begin, end, forms.text("language"), forms.whole("av_delay"))


def _expand(found: Ticket) -> None:
    factor = 1 if forms.text("unit") == "s" else 60
    tickets.expand(found.id, me(), forms.whole("before", "expand") * factor, forms.whole("after", "expand") * factor)


def _unable(found: Ticket) -> None:
    tickets.unable(found.id, me(), forms.text("comment"))


def _leave(found: Ticket) -> None:
    tickets.abandon(found.id, me())


ACTIONS: dict[str, Callable[[Ticket], None]] = {
    "start": _start,
    "cut": _cut,
    "expand": _expand,
    "unable": _unable,
    "leave": _leave,
}


def _wanted() -> dict[str, str]:
    """Return the marks that were sent, by the properties they would have become."""
    names = {"cut_in": "Record.Cutin", "cut_out": "Record.Cutout", "language": "Record.Language"}
    return {names[name]: forms.text(name) for name in names if forms.text("action") == "cut" and forms.text(name)}
