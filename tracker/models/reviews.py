"""People without an account who look at a talk before it is released."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.db import Base
from tracker.models.columns import Moment, quoted
from tracker.models.ticket import Ticket

VERDICTS = ("", "approved", "held", "overruled")
"""Nothing yet; may be released; must not; a hold that the crew lifted."""


class ReviewLink(Base):
    """An address with which somebody may watch one talk and say what becomes of it; only a digest of it is kept."""

    __tablename__ = "review_link"
    __table_args__ = (CheckConstraint(f"verdict IN ({quoted(VERDICTS)})", name="verdict"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    """For whom it is."""
    hash: Mapped[str] = mapped_column(Text, unique=True)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    created_by: Mapped[str] = mapped_column(Text)
    expires: Mapped[datetime] = mapped_column(Moment)
    revoked: Mapped[bool] = mapped_column(server_default="false", default=False)
    opened: Mapped[datetime | None] = mapped_column(Moment)
    """When somebody first looked."""
    verdict: Mapped[str] = mapped_column(Text, server_default="", default="")
    reason: Mapped[str] = mapped_column(Text, server_default="", default="")
    decided: Mapped[datetime | None] = mapped_column(Moment)

    ticket: Mapped[Ticket] = relationship(lazy="joined", innerjoin=True)
