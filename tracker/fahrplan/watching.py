"""Looking after the Fahrplan: when each source is asked, what with, and what came of it.

Every verb takes the present moment, so that a week can be lived through in a second.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tracker import properties, queries
from tracker.db import db
from tracker.errors import InvalidInput
from tracker.fahrplan import access, sources
from tracker.fahrplan.importer import import_fahrplan, surroundings
from tracker.fahrplan.report import Report
from tracker.fetch import MAX_WAIT_S, Answer, ask, fetch, shown_address
from tracker.models import Project
from tracker.tickets import Actor

LEAST_S, MOST_S = 30, 7 * 86_400
BACK_OFF_S = 3600
"""After failures a source is asked less and less often, but at least so often, unless it is less often anyway."""
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250}\Z")
MAX_FAILURE = 500
"""Characters of the last failure that are kept."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is needed to ask a source once; nothing of the database is held meanwhile."""

    project_id: int
    slug: str
    address: str
    shown: str
    etag: str = ""
    last_modified: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow_private: bool = False


def configure(
    project: Project,
    *,
    every_s: int | None = None,
    paused: bool | None = None,
    allow_private: bool | None = None,
    mail_to: Collection[str] | None = None,
) -> None:
    """Change how a project's Fahrplan is watched; None leaves one alone. Raises InvalidInput."""
    source = sources.of(project)
    if every_s is not None:
        if not LEAST_S <= every_s <= MOST_S:
            raise InvalidInput(f"{every_s} s is no interval from {LEAST_S} s to a week.", "every")
        source.every_s = every_s
        source.next_try = None
    if paused is not None:
        source.paused = paused
    if allow_private is not None:
        source.allow_private = allow_private
        source.next_try = None
    if mail_to is not None:
        wrong = [each for each in mail_to if not _MAILBOX.match(each)]
        if wrong:
            raise InvalidInput(f"{wrong[0][:80]!r} is no address of a mailbox.", "mail")
        source.mail_to = list(mail_to)
    db.session.flush()


def due(moment: datetime, slugs: Collection[str] = ()) -> list[str]:
    """List the slugs of the projects whose source is to be asked at *moment*; *slugs* restricts to some.

    Watched is every project that is not archived, has the property Fahrplan.XML, and is not paused.
    """
    return queries.projects_to_watch(moment, slugs)


def next_due(slugs: Collection[str] = ()) -> datetime | None:
    """Return the next moment at which a source is to be asked; None when none is watched."""
    return queries.next_watch(slugs)


def plan(project: Project, secret_key: str) -> Plan:
    """Return what to ask for. Raises FahrplanError without an address, cipher.Unreadable."""
    source = sources.of(project)
    address = sources.address(project)
    # The same file says other things once rooms, zone or policy changed: then nobody may answer that it is the same.
    same = source.address == address and source.fingerprint.split(":")[2:] == [surroundings(project)]
    return Plan(
        project.id,
        project.slug,
        address,
        shown_address(address) if "://" in address else address,
        source.etag if same else "",
        source.last_modified if same else "",
        access.headers(source, secret_key, address),
        source.allow_private,
    )


def ask_for(wanted: Plan, timeout_s: float) -> Answer:
    """Ask a source for its file; without a database. Raises FetchError."""
    if "://" not in wanted.address:
        return Answer(fetch(wanted.address))
    return ask(
        wanted.address,
        etag=wanted.etag,
        last_modified=wanted.last_modified,
        headers=wanted.headers,
        allow_private=wanted.allow_private,
        timeout_s=timeout_s,
    )


def succeeded(project: Project, wanted: Plan, answer: Answer, actor: Actor, moment: datetime) -> Report | None:
    """Import what a source gave, unless it says nothing new; None then. Raises FahrplanError as `import_fahrplan`."""
    queries.lock_project(project.id)
    source = sources.of(project)
    same = source.address == wanted.address and properties.own(project).get("Fahrplan.XML", "") == wanted.address
    report = None
    if answer.body is not None:
        report = import_fahrplan(
            project, answer.body, actor, source=wanted.shown, unless=source.fingerprint if same else ""
        )
        source.address, source.etag, source.last_modified = wanted.address, answer.etag, answer.last_modified
    source.last_success, source.failures = moment, 0
    source.next_try = moment + timedelta(seconds=source.every_s)
    db.session.flush()
    return report


def failed(project: Project, sentence: str, moment: datetime, retry_after_s: int = 0) -> datetime:
    """Note that a source could not be had or used; return when it is asked again: later after each failure."""
    source = sources.of(project)
    source.failures += 1
    longest = max(BACK_OFF_S, source.every_s)
    wait_s = min(source.every_s * 2 ** min(source.failures - 1, 20), longest)
    source.last_failure, source.failure = moment, sentence[:MAX_FAILURE]
    source.etag = source.last_modified = ""
    source.next_try = moment + timedelta(seconds=max(wait_s, min(retry_after_s, MAX_WAIT_S)))
    db.session.flush()
    return source.next_try
