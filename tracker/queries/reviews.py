"""Named SELECTs: links with which people without an account look at a talk, and feedback from the public."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from tracker.db import db
from tracker.models import Comment, LogEntry, ReviewLink, Ticket


def review_links(ticket_id: int) -> Sequence[ReviewLink]:
    """List the links of a talk, newest first."""
    return db.session.scalars(
        select(ReviewLink).where(ReviewLink.ticket_id == ticket_id).order_by(ReviewLink.id.desc())
    ).all()


def review_link(digest: str) -> ReviewLink | None:
    """Return the link whose address has this digest."""
    return db.session.scalar(select(ReviewLink).where(ReviewLink.hash == digest))


def holding_links(ticket_id: int) -> Sequence[ReviewLink]:
    """List the links with which a talk is held."""
    found = select(ReviewLink).where(ReviewLink.ticket_id == ticket_id, ReviewLink.verdict == "held")
    return db.session.scalars(found.order_by(ReviewLink.id)).all()


def comments_by(ticket_id: int, author: str) -> Sequence[Comment]:
    """List what somebody wrote about a ticket, oldest first."""
    return db.session.scalars(
        select(Comment).where(Comment.ticket_id == ticket_id, Comment.author == author).order_by(Comment.id)
    ).all()


def released_files(recording_id: int) -> int:
    """Count the files of a talk that are public."""
    found = select(func.count()).select_from(Ticket)
    return db.session.scalar(found.where(Ticket.parent_id == recording_id, Ticket.state == "released")) or 0


def open_feedback(recording_id: int, actor: str) -> int:
    """Count the tickets that *actor* opened about a talk and nobody has dealt with."""
    ours = select(LogEntry.ticket_id).where(LogEntry.event == "Created", LogEntry.actor == actor)
    found = select(func.count()).select_from(Ticket).where(Ticket.parent_id == recording_id, Ticket.type == "misc")
    return db.session.scalar(found.where(Ticket.state == "open", Ticket.id.in_(ours))) or 0


def talks_to_release(project_id: int, limit: int) -> Sequence[Ticket]:
    """List the recordings of which a file waits to be released, with all their files, by start of the talk."""
    waiting = select(Ticket.parent_id).where(
        Ticket.project_id == project_id,
        Ticket.type == "encoding",
        Ticket.state == "postprocessed",
        Ticket.failed.is_(False),
        Ticket.off == "",
    )
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(waiting))
        .order_by(Ticket.start.asc().nulls_last(), Ticket.id)
        .limit(limit)
        .options(selectinload(Ticket.children))
    ).all()
