"""All tables. Invariants live here, in CHECKs and partial unique indexes; behaviour lives in the domain modules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.db import Base
from tracker.statemachine import TYPES, WORKFLOWS, Table, workflow

Moment = DateTime(timezone=True)


def _quoted(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _states_check() -> str:
    """Build the CHECK that a ticket is in a state of its type, in any workflow."""
    parts = []
    for kind in TYPES:
        names = {state.name: 0 for flow in WORKFLOWS.values() for state in flow.tables[kind].states}
        parts.append(f"(type = '{kind}' AND state IN ({_quoted(names)}))")
    return " OR ".join(parts)


class Project(Base):
    """One event: its workflow, time zone (segment names are in it), languages and switches."""

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9_-]{0,49}$'", name="slug"),
        CheckConstraint("max_attempts BETWEEN 1 AND 100", name="max_attempts"),
        CheckConstraint(f"workflow IN ({_quoted(WORKFLOWS)})", name="workflow"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    workflow: Mapped[str] = mapped_column(Text, server_default="classic", default="classic")
    time_zone: Mapped[str] = mapped_column(Text, server_default="Europe/Berlin", default="Europe/Berlin")
    languages: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    disabled_states: Mapped[dict[str, list[str]]] = mapped_column(JSONB, server_default="{}", default=dict)
    read_only: Mapped[bool] = mapped_column(server_default="false", default=False)
    separate_checker: Mapped[bool] = mapped_column(server_default="true", default=True)
    """The person who cut a talk may not check it."""
    max_attempts: Mapped[int] = mapped_column(server_default="3", default=3)
    """So often a ticket may get lost with a silent worker before it is failed."""
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Room(Base):
    """A room of a project; *key* is how recorders name it and unique, *name* is what the Fahrplan says."""

    __tablename__ = "room"
    __table_args__ = (UniqueConstraint("project_id", "key"), CheckConstraint("key <> ''", name="key"))

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)


class Profile(Base):
    """A way to encode: an output format with its file extension."""

    __tablename__ = "encoding_profile"
    __table_args__ = (CheckConstraint("slug ~ '^[A-Za-z0-9_-]{0,40}$'", name="slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    extension: Mapped[str] = mapped_column(Text)
    mirror_folder: Mapped[str] = mapped_column(Text, server_default="", default="")
    depends_on_id: Mapped[int | None] = mapped_column(ForeignKey("encoding_profile.id"))


class ProfileVersion(Base):
    """One revision of a profile's template (XSLT 1.0 that makes a jobfile)."""

    __tablename__ = "profile_version"
    __table_args__ = (UniqueConstraint("profile_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("encoding_profile.id"))
    revision: Mapped[int]
    description: Mapped[str] = mapped_column(Text, server_default="", default="")
    template: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

    profile: Mapped[Profile] = relationship(lazy="joined", innerjoin=True)


class ProjectProfile(Base):
    """A project uses a version of a profile; priority 0 switches it off."""

    __tablename__ = "project_profile"
    __table_args__ = (CheckConstraint("priority >= 0", name="priority"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("encoding_profile.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("profile_version.id"))
    priority: Mapped[float] = mapped_column(server_default="1", default=1.0)
    auto_create: Mapped[bool] = mapped_column(server_default="true", default=True)

    version: Mapped[ProfileVersion] = relationship(lazy="joined", innerjoin=True)


class User(UserMixin, Base):  # type: ignore[misc]  # Flask-Login publishes no types
    """A person. Roles: read only < user < superuser < admin; without projects listed, all projects."""

    __tablename__ = "user"
    __table_args__ = (CheckConstraint("role IN ('read only', 'user', 'superuser', 'admin')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default="true", default=True)
    session_token: Mapped[str] = mapped_column(Text)
    """Part of every login session; a new password makes a new token, which ends the old sessions."""
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

    projects: Mapped[list[Project]] = relationship(secondary="user_project", lazy="selectin")

    @property
    def is_active(self) -> bool:
        """Tell Flask-Login whether the account may be used."""
        return self.active

    def get_id(self) -> str:
        """Return what the session stores: the id and the token."""
        return f"{self.id}:{self.session_token}"


class UserProject(Base):
    """A user who is restricted to some projects has one row for each."""

    __tablename__ = "user_project"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)


class LoginFailure(Base):
    """A failed login, kept to limit guessing per address and claimed name."""

    __tablename__ = "login_failure"
    __table_args__ = (Index("ix_login_failure_who", "address", "name", "created"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Worker(Base):
    """A script on a host; registered by its first valid call."""

    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    last_seen: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    log_tail: Mapped[str] = mapped_column(Text, server_default="", default="")
    command: Mapped[str] = mapped_column(Text, server_default="", default="")
    """What the next ping answers instead of OK."""


class Poll(Base):
    """When a worker last asked for work in a process state of a project."""

    __tablename__ = "poll"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(Text, primary_key=True)
    asked: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


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
        CheckConstraint("priority >= 0", name="priority"),
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
            postgresql_where="user_id IS NULL AND worker_id IS NULL AND NOT failed",
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
    priority: Mapped[float] = mapped_column(server_default="1", default=1.0)
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


class ScheduleEvent(Base):
    """What identifies a scheduled talk: (guid, source id, occurrence), tied to its recording ticket (design D12)."""

    __tablename__ = "schedule_event"
    __table_args__ = (UniqueConstraint("project_id", "guid", "source_id", "occurrence"),)

    recording_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    guid: Mapped[str] = mapped_column(Text, server_default="", default="")
    source_id: Mapped[str] = mapped_column(Text, server_default="", default="")
    occurrence: Mapped[int] = mapped_column(server_default="0", default=0)

    recording: Mapped[Ticket] = relationship()


class Property(Base):
    """A name and a text on exactly one project, profile or ticket (design D7)."""

    __tablename__ = "property"
    __table_args__ = (
        CheckConstraint("num_nonnulls(project_id, profile_id, ticket_id) = 1", name="one_owner"),
        Index("uq_property_project", "project_id", "name", unique=True, postgresql_where="project_id IS NOT NULL"),
        Index("uq_property_profile", "profile_id", "name", unique=True, postgresql_where="profile_id IS NOT NULL"),
        Index("uq_property_ticket", "ticket_id", "name", unique=True, postgresql_where="ticket_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("encoding_profile.id", ondelete="CASCADE"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)


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


class Comment(Base):
    """What somebody wrote about a ticket."""

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    author: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    text: Mapped[str] = mapped_column(Text)


class FahrplanImport(Base):
    """One applied import: where it came from, the file as it was, and what it changed."""

    __tablename__ = "fahrplan_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    source: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text, server_default="", default="")
    xml: Mapped[bytes] = mapped_column(LargeBinary)
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Reply(Base):
    """The answer to a call with a request id, kept so that a repeated call gets the same (design D5)."""

    __tablename__ = "reply"

    worker_id: Mapped[int] = mapped_column(ForeignKey("worker.id", ondelete="CASCADE"), primary_key=True)
    request_id: Mapped[str] = mapped_column(Text, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now(), index=True)
