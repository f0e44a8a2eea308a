"""The log of whatever makes and changes tickets replays to the tickets as they are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tests.factories import encoding, make_recording, put
from tests.tracker.tickets.sequences import depend, replay
from tracker import profiles, queries, tickets
from tracker.db import db
from tracker.models import LogEntry
from tracker.models.ticket import LOGGED
from tracker.tickets import TRACKER, bulk


def replayed(project) -> dict[int, dict[str, Any]]:
    """Return the fields of all tickets of a project as the log says that they are."""
    db.session.flush()
    found: dict[int, dict[str, Any]] = {t.id: {"state": None, **LOGGED} for t in queries.find_tickets(project.id)}
    for entry in db.session.scalars(select(LogEntry).order_by(LogEntry.id)):
        replay(found[entry.ticket_id], entry)
    return found


def stored(project) -> dict[int, dict[str, Any]]:
    return {
        ticket.id: {"state": ticket.state, **{name: getattr(ticket, name) for name in LOGGED}}
        for ticket in queries.find_tickets(project.id)
    }


def test_tickets_of_an_import_are_logged_as_they_are_made(project):
    profiles.use(project, "hd", 0.5)
    talks = [bulk.NewRecording(f"Talk {n}", n, {}, room="Saal 1", locked="gone" if n == 2 else "") for n in (1, 2, 3)]
    bulk.create_recordings(project, TRACKER, talks)
    assert len(stored(project)) == 6 and replayed(project) == stored(project)


def test_formats_that_come_later_or_are_made_one_by_one_are_too(project, alice):
    talk = put(make_recording(project, "cut"), "copied")
    tickets.set_priority(talk.id, alice, 2)
    for slug in ("mp3", "opus"):
        profiles.use(project, slug, 0.5)
    depend(project)
    tickets.settle_project(project)
    put(encoding(talk), "released")
    assert replayed(project) == stored(project)
    assert [child["blocked"] for child in stored(project).values()] == ["", "", "", "master"]


def test_an_empty_project_has_an_empty_log(project):
    assert replayed(project) == stored(project) == {}
