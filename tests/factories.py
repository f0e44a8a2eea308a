"""Rows for tests, made by the verbs that make them in life. Plain functions with defaults; nothing commits here."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache

from flask import Flask
from werkzeug.security import generate_password_hash

from tests.conftest import SECRET
from tracker import profiles, projects, properties, queries, tickets
from tracker.app import create_app
from tracker.db import db
from tracker.models import LogEntry, Project, Ticket, User, Worker
from tracker.settings import Settings
from tracker.tickets import TRACKER

PASSWORD = "correct horse battery"
START = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
_numbers = itertools.count(1)


@contextmanager
def committing(url: str) -> Iterator[Flask]:
    """Yield an application over the database at *url* whose commits are real; its connections are closed after."""
    app = create_app(Settings(database_url=url, secret_key="k" * 64, secret=SECRET, threads=16))
    app.testing = True
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()


def make_project(
    slug: str = "demo",
    *,
    formats: Collection[str] = ("hd",),
    languages: Collection[str] = ("deu", "eng"),
    values: Mapping[str, str] | None = None,
    separate_checker: bool = True,
    max_attempts: int = 3,
) -> Project:
    """Make a project that encodes with the shipped profiles *formats*."""
    paths = {
        f"Processing.Path.{name}": f"/video/{name.lower()}"
        for name in ("Raw", "Tmp", "Output", "Prerelease", "Release")
    }
    project = projects.create(slug, f"Project {slug}", languages=languages, values=paths | dict(values or {}))
    projects.configure(project, separate_checker=separate_checker, max_attempts=max_attempts)
    for name in formats:
        profiles.use(project, name)
    return project


def make_recording(
    project: Project,
    state: str = "scheduled",
    *,
    title: str = "A talk",
    room: str = "Saal 1",
    language: str = "deu",
    values: Mapping[str, str] | None = None,
    failed: bool = False,
) -> Ticket:
    """Make a talk in *state*, with its encoding tickets as they are then."""
    start = START + timedelta(hours=next(_numbers) % 1000)
    ticket = tickets.create_recording(
        project, TRACKER, title=title, room=room, start=start, end=start + timedelta(minutes=30)
    )
    properties.write(ticket, {"Record.Language": language, **(values or {})})
    put(ticket, state)
    if failed:
        ticket.failed = True
        tickets.moves.settle(ticket)
    return ticket


def make_encoding(
    project: Project, state: str = "ready to encode", *, slug: str = "hd", title: str = "A talk"
) -> Ticket:
    """Make a copied talk and return its encoding ticket of the profile *slug*, in *state*."""
    return put(encoding(make_recording(project, "copied", title=title), slug), state)


def make_misc(project: Project, title: str = "Sound is bad") -> Ticket:
    """Make a miscellaneous ticket."""
    return tickets.create_misc(project, TRACKER, title)


def make_worker(name: str = "vm-encoder1.example.org") -> Worker:
    """Register a worker."""
    return queries.register_worker(queries.v3_group().id, name)


def make_user(name: str = "alice", role: str = "", only: Collection[Project] = ()) -> User:
    """Make alice the admin, bob the user, or charlie, who sees the projects *only*; the password is PASSWORD."""
    role = role or {"alice": "admin"}.get(name, "user")
    token = secrets.token_urlsafe(16)
    user = User(name=name, role=role, projects=list(only), password_hash=_password_hash(), session_token=token)
    db.session.add(user)
    db.session.flush()
    return user


@cache
def _password_hash() -> str:
    return generate_password_hash(PASSWORD, method="scrypt")


def put(ticket: Ticket, state: str) -> Ticket:
    """Move a ticket to *state* as the tracker does; what follows for its children follows."""
    if ticket.state != state:
        tickets.move(ticket, state, TRACKER, "Test")
    return ticket


def assign(ticket: Ticket, worker: Worker, state: str, lease_s: int | None = None) -> Ticket:
    """Have *worker* claim *ticket* into the process state *state*; fail when another one is handed out."""
    found = tickets.claim_next(ticket.project, state, worker, lease_s)
    assert found is not None and found.id == ticket.id, f"{worker.name} got {found and found.id} instead of {ticket.id}"
    return found


def encoding(recording: Ticket, slug: str = "hd") -> Ticket:
    """Return the encoding ticket of a talk for the profile *slug*."""
    db.session.flush()
    db.session.refresh(recording, ["children"])
    return next(c for c in recording.children if c.profile_version and c.profile_version.profile.slug == slug)


def states(recording: Ticket) -> dict[str, str]:
    """Return the states of the encoding tickets of a talk by profile slug."""
    db.session.flush()
    db.session.refresh(recording, ["children"])
    return {c.profile_version.profile.slug: c.state for c in recording.children if c.profile_version}


def log_of(ticket: Ticket) -> list[LogEntry]:
    """Return the log of a ticket, oldest first."""
    db.session.flush()
    return list(reversed(queries.history([ticket.id])))


def events(ticket: Ticket) -> list[tuple[str, str | None, str | None]]:
    """Return (event, from, to) of a ticket's log, oldest first, without what make_* did."""
    return [(e.event, e.from_state, e.to_state) for e in log_of(ticket) if e.event not in ("Created", "Test")]
