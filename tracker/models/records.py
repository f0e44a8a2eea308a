"""What is written down about tickets: their identity in schedules, the log, comments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.db import Base
from tracker.models.columns import Moment
from tracker.models.ticket import Ticket


class ScheduleEvent(Base):
    """What identifies a scheduled talk: (guid, source id, occurrence), tied to its recording ticket (design D12)."""

    __tablename__ = "schedule_event"
    __table_args__ = (UniqueConstraint("project_id", "guid", "source_id", "occurrence"),)

    recording_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    guid: Mapped[str] = mapped_column(Text, server_default="", default="")
    source_id: Mapped[str] = mapped_column(Text, server_default="", default="")
    occurrence: Mapped[int] = mapped_column(server_default="0", default=0)
    said: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    """The Fahrplan.* properties as the Fahrplan last had them and somebody decided about them; what is stored otherwise
    was written by hand, or declined."""
    gone: Mapped[bool] = mapped_column(server_default="false", default=False)
    """The Fahrplan no longer has the talk, and that was dealt with."""

    recording: Mapped[Ticket] = relationship()


class LogEntry(Base):
    """One row per change of a ticket; only ever added. *actor* keeps the name of whoever did it."""

    __tablename__ = "log_entry"
    __table_args__ = (
        Index("ix_log_entry_ticket", "ticket_id", "id"),
        Index("ix_log_entry_worker", "ticket_id", "worker_id", "event", postgresql_where="worker_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_timestamp())
    actor: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.id", ondelete="SET NULL"))
    event: Mapped[str] = mapped_column(Text)
    from_state: Mapped[str | None] = mapped_column(Text)
    to_state: Mapped[str | None] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text, server_default="", default="")
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}", default=dict)
    """The fields of the ticket that changed besides its state, with their new values; the log can be replayed."""


class Comment(Base):
    """What somebody wrote about a ticket."""

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    text: Mapped[str] = mapped_column(Text)
