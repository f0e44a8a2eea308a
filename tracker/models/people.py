"""People who log in, and the keys of their programs."""

from __future__ import annotations

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.db import Base
from tracker.models.columns import Moment
from tracker.models.projects import Project


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

    acted_by = ""
    """The admin who acts as this person in the present request; not stored."""

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


class ApiToken(Base):
    """A key with which a program reads the JSON mirror in the name of a user; only its hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text, unique=True)
    created: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    last_used: Mapped[datetime | None] = mapped_column(Moment)
    expires: Mapped[datetime | None] = mapped_column(Moment)

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class SavedSearch(Base):
    """A question about the tickets of a project that somebody asks again and again, or lets all ask."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("project_id", "user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    question: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(server_default="false", default=False)

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
