"""What a cutter has typed so far."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.db import Base
from tracker.models.columns import Moment
from tracker.models.people import User


class CutDraft(Base):
    """The fields of the cut form as last typed; whoever takes the ticket over goes on from there."""

    __tablename__ = "cut_draft"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    fields: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    saved: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

    user: Mapped[User | None] = relationship()
