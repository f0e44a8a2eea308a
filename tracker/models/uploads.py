"""Files that people send through the browser."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.db import Base
from tracker.models.columns import Moment
from tracker.models.people import User
from tracker.models.projects import Project
from tracker.models.ticket import Ticket


class Upload(Base):
    """A file on its way to become a recording. How much of it is there, the file itself tells."""

    __tablename__ = "upload"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    """Names the upload in addresses and the file in the folder."""
    name: Mapped[str] = mapped_column(Text)
    """What the file is called where it came from; only shown."""
    title: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of the whole file."""
    problem: Mapped[str] = mapped_column(Text, server_default="", default="")
    """Why the file became no recording; it is deleted then."""
    stored: Mapped[bool] = mapped_column(server_default="true", default=True)
    """The file, or a part of it, takes room."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="SET NULL"))
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    finished: Mapped[datetime | None] = mapped_column(Moment)

    project: Mapped[Project] = relationship()
    user: Mapped[User | None] = relationship()
    ticket: Mapped[Ticket | None] = relationship()
