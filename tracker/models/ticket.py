"""The ticket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, event, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.orm.base import NO_VALUE

from tracker.db import Base
from tracker.models.columns import Moment, quoted
from tracker.models.people import User
from tracker.models.projects import ProfileVersion, Project, Room
from tracker.models.workers import Worker
from tracker.statemachine import TYPES, WORKFLOWS, Table, workflow

BLOCKED = ("", "recording", "master", "off")
"""Free; the recording is worked on again; the master's file is not far enough; this format is not made here."""


LOGGED: Mapping[str, Any] = {
    "failed": False,
    "user_id": None,
    "worker_id": None,
    "own_priority": 1.0,
    "priority": 1.0,
    "needs_attention": False,
    "blocked": "",
    "off": "",
}
"""The fields whose changes the log carries besides the state, with the value each begins with."""


def _states_check() -> str:
    """Build the CHECK that a ticket is in a state of its type, in any workflow."""
    parts = []
    for kind in TYPES:
        names = {state.name: 0 for flow in WORKFLOWS.values() for state in flow.tables[kind].states}
        parts.append(f"(type = '{kind}' AND state IN ({quoted(names)}))")
    return " OR ".join(parts)


class Ticket(Base):
    """A recording, encoding or miscellaneous ticket. Encoding tickets are children of a recording."""

    __tablename__ = "ticket"
    __table_args__ = (
        CheckConstraint(_states_check(), name="state"),
        CheckConstraint("user_id IS NULL OR worker_id IS NULL", name="one_assignee"),
        CheckConstraint("(type = 'encoding') = (profile_version_id IS NOT NULL)", name="profile"),
        CheckConstraint("type <> 'encoding' OR parent_id IS NOT NULL", name="parent"),
        CheckConstraint("type <> 'recording' OR (parent_id IS NULL AND fahrplan_id IS NOT NULL)", name="recording"),
        CheckConstraint("lease_until IS NULL OR worker_id IS NOT NULL", name="lease"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
        CheckConstraint("priority >= 0 AND own_priority >= 0", name="priority"),
        CheckConstraint(f"blocked IN ({quoted(BLOCKED)})", name="blocked"),
        CheckConstraint("(blocked = 'off') = (off <> '')", name="off"),
        Index("uq_ticket_fahrplan_id", "project_id", "fahrplan_id", unique=True, postgresql_where="type = 'recording'"),
        Index("uq_ticket_profile", "parent_id", "profile_id", unique=True, postgresql_where="type = 'encoding'"),
        Index("uq_ticket_basename", "project_id", "basename", unique=True, postgresql_where="basename <> ''"),
        Index(
            "ix_ticket_free",
            "project_id",
            "state",
            text("priority DESC"),
            "state_since",
            "id",
            postgresql_where="user_id IS NULL AND worker_id IS NULL AND NOT failed AND blocked = '' AND priority > 0",
        ),
        Index("ix_ticket_lease", "lease_until", postgresql_where="lease_until IS NOT NULL"),
        Index("ix_ticket_withdraw", "project_id", postgresql_where="withdraw"),
        Index("ix_ticket_worker", "worker_id", postgresql_where="worker_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    failed: Mapped[bool] = mapped_column(server_default="false", default=False)
    title: Mapped[str] = mapped_column(Text, server_default="", default="")
    fahrplan_id: Mapped[int | None]
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("encoding_profile.id"))
    profile_version_id: Mapped[int | None] = mapped_column(ForeignKey("profile_version.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    start: Mapped[datetime | None] = mapped_column(Moment)
    """Scheduled start of a recording ticket, without padding; for lists and their order."""
    end: Mapped[datetime | None] = mapped_column(Moment)
    own_priority: Mapped[float] = mapped_column(server_default="1", default=1.0)
    """What a person gave this ticket."""
    priority: Mapped[float] = mapped_column(server_default="1", default=1.0)
    """The one in force: own, times that of the recording, times that of the profile in the project, each once."""
    needs_attention: Mapped[bool] = mapped_column(server_default="false", default=False)
    blocked: Mapped[str] = mapped_column(Text, server_default="", default="")
    """Why no script gets it although it stands ready, computed by the tracker; one of BLOCKED."""
    off: Mapped[str] = mapped_column(Text, server_default="", default="")
    """Why this format is not made of this talk; it leaves progress and release then."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("worker.id", ondelete="SET NULL"))
    lease_s: Mapped[int | None]
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    named: Mapped[bool] = mapped_column(server_default="false", default=False)
    """The assigned worker has named the ticket in a call since it got it (design D5)."""
    attempt: Mapped[int] = mapped_column(server_default="0", default=0)
    """Counts assignments; part files carry it."""
    losses: Mapped[int] = mapped_column(server_default="0", default=0)
    """How often in a row a silent worker lost the ticket."""
    percent: Mapped[float] = mapped_column(server_default="0", default=0.0)
    """Progress inside the process state, as told by the worker."""
    waiting: Mapped[str] = mapped_column(Text, server_default="", default="")
    not_before: Mapped[datetime | None] = mapped_column(Moment)
    set_by_hand: Mapped[bool] = mapped_column(server_default="false", default=False)
    """A person chose this state; the tracker leaves it alone until the parent moves (design D4)."""
    withdraw: Mapped[bool] = mapped_column(server_default="false", default=False)
    """The ticket left `released` and its public files still have to go (design D13)."""
    exposed: Mapped[bool] = mapped_column(server_default="false", default=False)
    """A script began to publish it, so files may be public; until a withdrawal is done."""
    cut_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    basename: Mapped[str] = mapped_column(Text, server_default="", default="")
    """Encoding.Basename, frozen when the recording was copied (design D12)."""
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    state_since: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    modified: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

    project: Mapped[Project] = relationship(lazy="joined", innerjoin=True)
    parent: Mapped[Ticket | None] = relationship(remote_side=[id], back_populates="children")
    children: Mapped[list[Ticket]] = relationship(back_populates="parent", order_by="Ticket.id", passive_deletes=True)
    profile_version: Mapped[ProfileVersion | None] = relationship(lazy="joined")
    room: Mapped[Room | None] = relationship(lazy="joined")
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    worker: Mapped[Worker | None] = relationship()
    cut_by: Mapped[User | None] = relationship(foreign_keys=[cut_by_id])

    @property
    def table(self) -> Table:
        """Return the state table of this ticket's type in its project's workflow."""
        return workflow(self.project.workflow).tables[self.type]

    @property
    def disabled(self) -> list[str]:
        """List the states of this type that the project switched off."""
        return self.project.disabled_states.get(self.type, [])

    @property
    def progress(self) -> float:
        """Return the percent that this ticket's state stands for."""
        return self.table.by_name[self.state].progress

    def take_changes(self) -> dict[str, Any]:
        """Return the LOGGED fields that changed since this was asked last, with their values: for the log row."""
        before: dict[str, Any] = self.__dict__.pop("_before", {})
        return {name: getattr(self, name) for name, old in before.items() if getattr(self, name) != old}


def _remember(name: str) -> Callable[..., None]:
    """Make a listener that keeps the value a field had when the log was written last."""

    def remember(ticket: Ticket, _new: Any, old: Any, _initiator: Any) -> None:
        ticket.__dict__.setdefault("_before", {}).setdefault(name, LOGGED[name] if old is NO_VALUE else old)

    return remember


for _field in LOGGED:
    event.listen(getattr(Ticket, _field), "set", _remember(_field), active_history=True)
