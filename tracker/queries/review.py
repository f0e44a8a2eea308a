"""Named SELECTs: what people cut and check next, and what they typed so far."""

from __future__ import annotations

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from tracker.db import db
from tracker.models import CutDraft, ProfileVersion, Ticket


def cut_draft(ticket_id: int) -> CutDraft | None:
    """Return the draft of a recording's cut."""
    return db.session.get(CutDraft, ticket_id)


def forget_cut_draft(ticket_id: int) -> None:
    """Delete the draft of a recording's cut."""
    db.session.execute(delete(CutDraft).where(CutDraft.ticket_id == ticket_id))


def to_cut(project_id: int, user_id: int, but: int = 0, limit: int = 1) -> list[Ticket]:
    """Return what a user should cut next: own recordings first, then by priority and start of the talk."""
    mine = and_(Ticket.state == "cutting", Ticket.user_id == user_id)
    free = and_(Ticket.state == "merged", Ticket.user_id.is_(None), Ticket.worker_id.is_(None))
    query = (
        select(Ticket)
        .where(Ticket.project_id == project_id, Ticket.type == "recording", Ticket.id != but)
        .where(Ticket.failed.is_(False), or_(mine, free))
        .order_by(Ticket.state, Ticket.priority.desc(), Ticket.start.asc().nulls_last(), Ticket.id)
    )
    return list(db.session.scalars(query.limit(limit)))


def to_check(project_id: int, user_id: int, but: int = 0, limit: int = 1, *, separate: bool) -> list[Ticket]:
    """Return the files that a user should check next; with *separate* none of a talk that the user cut."""
    parent = aliased(Ticket)
    mine = and_(Ticket.state == "checking", Ticket.user_id == user_id)
    free = and_(Ticket.state == "encoded", Ticket.user_id.is_(None), Ticket.worker_id.is_(None))
    query = (
        select(Ticket)
        .join(parent, Ticket.parent_id == parent.id)
        .where(Ticket.project_id == project_id, Ticket.type == "encoding", Ticket.id != but)
        .where(Ticket.failed.is_(False), Ticket.blocked == "", or_(mine, free))
        .options(
            contains_eager(Ticket.parent.of_type(parent)),
            joinedload(Ticket.profile_version).joinedload(ProfileVersion.profile),
        )
    )
    if separate:
        query = query.where(func.coalesce(parent.cut_by_id, 0) != user_id)
    order = (Ticket.state, Ticket.priority.desc(), parent.start.asc().nulls_last(), Ticket.id)
    return list(db.session.scalars(query.order_by(*order).limit(limit)))


def next_to_cut(project_id: int, user_id: int, but: int) -> Ticket | None:
    """Return the recording that a user should cut next."""
    return next(iter(to_cut(project_id, user_id, but)), None)


def next_to_check(project_id: int, user_id: int, but: int, *, separate: bool) -> Ticket | None:
    """Return the file that a user should check next; with *separate* none of a talk that the user cut."""
    return next(iter(to_check(project_id, user_id, but, separate=separate)), None)
