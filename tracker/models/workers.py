"""Worker groups, workers, and what is remembered of their calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.db import Base
from tracker.models.columns import Moment


class WorkerGroup(Base):
    """Workers that share a secret, and what they may take; one group has those of the v3 door (design D6)."""

    __tablename__ = "worker_group"
    __table_args__ = (
        CheckConstraint("max_tickets IS NULL OR max_tickets > 0", name="max_tickets"),
        CheckConstraint("v3 OR secret IS NOT NULL", name="secret"),
        Index("uq_worker_group_v3", "v3", unique=True, postgresql_where="v3"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    token: Mapped[str] = mapped_column(Text, unique=True)
    """Names the group in requests to the v4 door; public."""
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted with FAHRWERK_SECRET_KEY; none for the v3 group, whose secret is a setting."""
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The secret before, still accepted while workers change over."""
    v3: Mapped[bool] = mapped_column(server_default="false", default=False)
    paused: Mapped[bool] = mapped_column(server_default="false", default=False)
    all_projects: Mapped[bool] = mapped_column(server_default="false", default=False)
    """Works for every project; otherwise for those that have a row in worker_group_project."""
    strict_filters: Mapped[bool] = mapped_column(server_default="false", default=False)
    """A property filter that the v4 API does not know is refused instead of ignored."""
    max_tickets: Mapped[int | None]
    """At most so many tickets at once in the hands of the group's workers."""
    states: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    """Process states it is given work for; empty: all."""
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class WorkerGroupProject(Base):
    """A group works for a project, on the tickets that pass its *filter* over merged properties (none: all)."""

    __tablename__ = "worker_group_project"

    group_id: Mapped[int] = mapped_column(ForeignKey("worker_group.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    filter: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class Worker(Base):
    """A script on a host; registered by its first valid call."""

    __tablename__ = "worker"
    __table_args__ = (UniqueConstraint("group_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("worker_group.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text, server_default="", default="")
    """Where its last call came from."""
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    last_seen: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    log_tail: Mapped[str] = mapped_column(Text, server_default="", default="")
    speed: Mapped[str] = mapped_column(Text, server_default="", default="")
    """How fast it works on its ticket, as it said last: "1.7x"."""
    held: Mapped[bool] = mapped_column(server_default="false", default=False)
    """A person holds it: it gets no new work."""
    command: Mapped[str] = mapped_column(Text, server_default="", default="")
    """What the next ping answers instead of OK."""

    group: Mapped[WorkerGroup] = relationship(lazy="joined", innerjoin=True)


class Poll(Base):
    """When a worker last asked for work in a process state of a project."""

    __tablename__ = "poll"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(Text, primary_key=True)
    asked: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Reply(Base):
    """The answer to a call with a request id, kept so that a repeated call gets the same (design D5)."""

    __tablename__ = "reply"

    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id", ondelete="CASCADE"), primary_key=True)
    request_id: Mapped[str] = mapped_column(Text, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now(), index=True)
