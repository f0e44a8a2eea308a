"""Who works: the scripts, what each one holds and when it was last heard of."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from tracker import queries, users
from tracker.db import now
from tracker.gui.access import bp, me
from tracker.models import Ticket

SHOWN_FOR = timedelta(days=2)
SILENT_AFTER = timedelta(minutes=2)


@bp.get("/workers")
def workers() -> ResponseReturnValue:
    """List the workers of the last days."""
    only = users.visible_projects(me())

    def visible(ticket: Ticket | None) -> bool:
        return ticket is not None and (only is None or ticket.project_id in only)

    rows = [(worker, ticket, visible(ticket)) for worker, ticket in queries.all_workers(now() - SHOWN_FOR)]
    return render_template("workers.html", rows=rows, silent_before=now() - SILENT_AFTER)
