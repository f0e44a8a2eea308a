"""The Fahrplan: where it comes from, its versions as files, what each import changed, what waits, what is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.db import Base
from tracker.models.columns import Moment, quoted
from tracker.models.ticket import Ticket

IMPORT_KINDS = ("import", "review")
"""A file was read; people decided about what waited."""
CHANGE_STATUS = ("applied", "waiting", "declined", "overtaken", "undone")
MESSAGE_CHANNELS = ("webhook", "mail")


class FahrplanSource(Base):
    """How a project's Fahrplan is watched, what is done about its changes, and who is told."""

    __tablename__ = "fahrplan_source"
    __table_args__ = (
        CheckConstraint("every_s BETWEEN 30 AND 604800", name="every_s"),
        CheckConstraint("loss_share > 0 AND loss_share <= 1", name="loss_share"),
        CheckConstraint("loss_count > 0", name="loss_count"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    policy: Mapped[dict[str, list[str]]] = mapped_column(JSONB, server_default="{}", default=dict)
    """Class of change -> [action before the recording, action from it on]; the others are as by default."""
    loss_share: Mapped[float] = mapped_column(server_default="0.1", default=0.1)
    loss_count: Mapped[int] = mapped_column(server_default="3", default=3)
    """This share of the talks, and at least so many, vanish together only in an outage of the source."""
    rooms: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    """The keys of the rooms that are recorded; empty: all."""
    hold: Mapped[str] = mapped_column(Text, server_default="", default="")
    """Why every change has to wait for the crew; '' while policies decide."""
    outage: Mapped[str] = mapped_column(Text, server_default="", default="")
    """What is missing from the last version, as it was told; '' while it is complete."""
    paused: Mapped[bool] = mapped_column(server_default="false", default=False)
    every_s: Mapped[int] = mapped_column(server_default="600", default=600)
    allow_private: Mapped[bool] = mapped_column(server_default="false", default=False)
    """Addresses in the own network may be asked and told."""
    login: Mapped[bytes | None] = mapped_column(LargeBinary)
    """How the source is asked for the file (JSON), encrypted with FAHRWERK_SECRET_KEY."""
    address: Mapped[str] = mapped_column(Text, server_default="", default="")
    """What etag, last_modified and fingerprint belong to."""
    etag: Mapped[str] = mapped_column(Text, server_default="", default="")
    last_modified: Mapped[str] = mapped_column(Text, server_default="", default="")
    fingerprint: Mapped[str] = mapped_column(Text, server_default="", default="")
    """Hash of what the last version says, and of what decided about it; the same again changes nothing."""
    last_success: Mapped[datetime | None] = mapped_column(Moment)
    last_failure: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str] = mapped_column(Text, server_default="", default="")
    failures: Mapped[int] = mapped_column(server_default="0", default=0)
    """How many tries failed in a row."""
    next_try: Mapped[datetime | None] = mapped_column(Moment)
    webhook: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Address and secret of the webhook (JSON), encrypted with FAHRWERK_SECRET_KEY."""
    mail_to: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)


class FahrplanFile(Base):
    """A version of a Fahrplan as it was read, compressed with gzip; each content is kept once."""

    __tablename__ = "fahrplan_file"
    __table_args__ = (UniqueConstraint("project_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class FahrplanImport(Base):
    """One change set: a version that changed or asked something, or what people decided in a review."""

    __tablename__ = "fahrplan_import"
    __table_args__ = (CheckConstraint(f"kind IN ({quoted(IMPORT_KINDS)})", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    kind: Mapped[str] = mapped_column(Text, server_default="import", default="import")
    actor: Mapped[str] = mapped_column(Text, server_default="importer", default="importer")
    source: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text, server_default="", default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("fahrplan_file.id", ondelete="SET NULL"))
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB)
    words: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)
    """What is told of it, a sentence each."""
    undone: Mapped[datetime | None] = mapped_column(Moment)
    undone_by: Mapped[str] = mapped_column(Text, server_default="", default="")

    file: Mapped[FahrplanFile | None] = relationship()


class FahrplanChange(Base):
    """What a change set did, or wants to do, to one talk. Without a ticket: a talk that the project does not have."""

    __tablename__ = "fahrplan_change"
    __table_args__ = (
        CheckConstraint(f"status IN ({quoted(CHANGE_STATUS)})", name="status"),
        Index("uq_fahrplan_change_waiting", "ticket_id", unique=True, postgresql_where="status = 'waiting'"),
        Index("ix_fahrplan_change_open", "project_id", postgresql_where="status IN ('waiting', 'declined')"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    import_id: Mapped[int] = mapped_column(ForeignKey("fahrplan_import.id", ondelete="CASCADE"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="SET NULL"), index=True)
    status: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="", default="")
    """Why it waits although a policy would let it through: 'outage', 'hold', or ''."""
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """name, kind, old and new value of each property; a talk as a whole is 'new', 'gone' or 'back'."""
    wanted: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Everything the Fahrplan says of the talk; none of one that is gone."""
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What an undo brings back."""
    log_id: Mapped[int] = mapped_column(server_default="0", default=0)
    """The last log row of the talk's tickets that the change wrote; a later one means that something was done."""
    revision: Mapped[int] = mapped_column(server_default="1", default=1)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())

    ticket: Mapped[Ticket | None] = relationship()
    run: Mapped[FahrplanImport] = relationship()


class Message(Base):
    """Something the crew is told, kept until it is delivered; *key* lets the receiver drop a repetition."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(f"channel IN ({quoted(MESSAGE_CHANNELS)})", name="channel"),
        UniqueConstraint("import_id", "channel"),
        Index("ix_message_due", "next_try", postgresql_where="sent IS NULL AND given_up IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("fahrplan_import.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text, unique=True)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    next_try: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    sent: Mapped[datetime | None] = mapped_column(Moment)
    given_up: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str] = mapped_column(Text, server_default="", default="")
