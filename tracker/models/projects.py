"""Projects, their rooms and profiles, and the properties of everything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, literal_column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.db import Base
from tracker.models.columns import Moment, quoted
from tracker.statemachine import WORKFLOWS


class Project(Base):
    """One event: its workflow, time zone (segment names are in it), languages and switches."""

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9_-]{0,49}$'", name="slug"),
        CheckConstraint("max_attempts BETWEEN 1 AND 100", name="max_attempts"),
        CheckConstraint(f"workflow IN ({quoted(WORKFLOWS)})", name="workflow"),
        CheckConstraint("node_timeout_s BETWEEN 30 AND 86400", name="node_timeout_s"),
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
    dependee_state: Mapped[str] = mapped_column(Text, server_default="released", default="released")
    """The encoding state that a master has to reach before tickets of depending profiles are handed out."""
    stopped_states: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    """Process states for which no script gets work at present; what is under way goes on."""
    draining: Mapped[bool] = mapped_column(server_default="false", default=False)
    """No script gets new work of this project; what is under way goes on."""
    node_timeout_s: Mapped[int] = mapped_column(server_default="600", default=600)
    """Seconds of silence after which a worker without a lease is told of as lost."""
    feedback: Mapped[bool] = mapped_column(server_default="false", default=False)
    """Everybody may tell what is wrong with a released talk."""
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Room(Base):
    """A room of a project; *key* is unique and stays, *name* is what the Fahrplan says at present."""

    __tablename__ = "room"
    __table_args__ = (UniqueConstraint("project_id", "key"), CheckConstraint("key <> ''", name="key"))

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    guid: Mapped[str] = mapped_column(Text, server_default="", default="")
    """What the Fahrplan calls the room by, whatever its name is."""
    recorders: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    """What the names of segments begin with, one for each recorder; none: the key."""


class Profile(Base):
    """A way to encode: an output format with its file extension."""

    __tablename__ = "encoding_profile"
    __table_args__ = (CheckConstraint("slug ~ '^[A-Za-z0-9_-]{0,40}$'", name="slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    extension: Mapped[str] = mapped_column(Text)
    mirror_folder: Mapped[str] = mapped_column(Text, server_default="", default="")
    description: Mapped[str] = mapped_column(Text, server_default="", default="")
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


class Property(Base):
    """A name and a text on exactly one project, profile or ticket (design D7)."""

    __tablename__ = "property"
    __table_args__ = (
        CheckConstraint("num_nonnulls(project_id, profile_id, ticket_id) = 1", name="one_owner"),
        Index("uq_property_project", "project_id", "name", unique=True, postgresql_where="project_id IS NOT NULL"),
        Index("uq_property_profile", "profile_id", "name", unique=True, postgresql_where="profile_id IS NOT NULL"),
        Index("uq_property_ticket", "ticket_id", "name", unique=True, postgresql_where="ticket_id IS NOT NULL"),
        Index(
            "ix_property_value",
            "name",
            literal_column("left(value, 60)").label("start"),
            postgresql_ops={"start": "text_pattern_ops"},
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("encoding_profile.id", ondelete="CASCADE"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
