"""Somebody was faster: a page with what was seen, what is now, and what was sent, so that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template, request
from flask.typing import ResponseReturnValue

from tracker import properties, queries, tickets
from tracker.errors import Conflict
from tracker.gui import forms
from tracker.gui.access import wants_json
from tracker.models import Ticket

LOG_ROWS = 5
NOT_SHOWN = frozenset(("csrf_token", "version", "was_state", "was_failed", "action", "file"))


def page(error: Conflict, ticket_id: int, wanted: Mapping[str, str]) -> ResponseReturnValue:
    """Answer 409 with both versions; *wanted* maps state, failed or property names to what the user sent.

    A form that carried a version can be sent again as it is, now against what the page shows.
    """
    if wants_json():
        raise error
    found = tickets.get(ticket_id)
    drawn = render_template(
        "conflict.html",
        project=found.project,
        ticket=found,
        talk=found.parent or found,
        sentence=str(error),
        rows=_rows(found, wanted),
        since=queries.history([found.id], LOG_ROWS),
        typed=[(name, value) for name, value in request.form.items(multi=True) if name not in NOT_SHOWN and value],
        resend=[(n, v) for n, v in request.form.items(multi=True) if n not in NOT_SHOWN],
        again=request.path if forms.version() is not None else "",
        back=request.path,
    )
    return drawn, error.http_status


def _rows(found: Ticket, wanted: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """List (what, as the page showed it, as it is now, as the user wants it)."""
    holder = found.user or found.worker
    now = {
        "state": found.state,
        "failed": "yes" if found.failed else "no",
        "held by": holder.name if holder else "nobody",
    }
    stored = properties.own(found)
    rows = [(name, forms.text(f"was_{name}"), value, wanted.get(name, "")) for name, value in now.items()]
    return rows + [
        (name, "", stored.get(name, ""), value)
        for name, value in wanted.items()
        if name not in now and stored.get(name, "") != value
    ]
