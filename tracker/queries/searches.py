"""Named SELECTs: questions that people keep."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from tracker.db import db
from tracker.models import SavedSearch, Ticket


def saved_searches(project_id: int, user_id: int) -> Sequence[SavedSearch]:
    """List the searches of a project that a user has or all share, by name."""
    mine = or_(SavedSearch.user_id == user_id, SavedSearch.shared)
    return db.session.scalars(
        select(SavedSearch).where(SavedSearch.project_id == project_id, mine).order_by(SavedSearch.name, SavedSearch.id)
    ).all()


def numbered(project_id: int, number: int) -> Sequence[Ticket]:
    """List the tickets of a project that a number may mean: its own, or the recording with this Fahrplan.ID."""
    talk = (Ticket.type == "recording") & (Ticket.fahrplan_id == number)
    return db.session.scalars(
        select(Ticket).where(Ticket.project_id == project_id, or_(Ticket.id == number, talk)).order_by(Ticket.id)
    ).all()
