"""Named SELECTs: what waits for scripts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select

from tracker.db import db
from tracker.models import Ticket


def free_tickets(project_ids: Collection[int]) -> Sequence[tuple[int, str, str, int, datetime]]:
    """Count the tickets that nobody holds and nothing blocks, per (project, type, state), with the longest wait."""
    rows = db.session.execute(
        select(Ticket.project_id, Ticket.type, Ticket.state, func.count(), func.min(Ticket.state_since))
        .where(
            Ticket.project_id.in_(project_ids),
            Ticket.user_id.is_(None),
            Ticket.worker_id.is_(None),
            ~Ticket.failed,
            Ticket.blocked == "",
            Ticket.priority > 0,
        )
        .group_by(Ticket.project_id, Ticket.type, Ticket.state)
        .order_by(Ticket.project_id, func.min(Ticket.state_since))
    )
    return [(project, kind, state, count, since) for project, kind, state, count, since in rows]
