"""The page about the present."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import assign, encoding, make_encoding, make_recording, make_worker, put
from tests.tracker.gui.visitor import enter, page, words
from tracker import reports, tickets
from tracker.db import db, now


@pytest.fixture
def crew(client):
    enter(client, "rita", "read only")


def test_it_says_who_is_at_what(client, project, crew):
    ticket = make_encoding(project, title="Öfen")
    worker = make_worker()
    assign(ticket, worker, "encoding", 60)
    tickets.heartbeat(worker, ticket.id, "frame=12", 42.0, 60)
    db.session.flush()
    text = words(client.get("/demo/now"))
    assert [part for part in ("Öfen", "vm-encoder1.example.org", "42 %") if part not in text] == []


def test_it_says_what_failed_and_why(client, project, crew):
    ticket = make_recording(project, "merged")
    ticket.failed, ticket.waiting = True, "The microphone was off."
    db.session.flush()
    shown = page(client.get("/demo/now"))
    section = next(s for s in shown.iter("section") if "Failed" in s.findtext("h2"))
    assert "The microphone was off." in section.text_content()


def test_it_says_why_a_script_does_not_take_what_waits(client, project, crew):
    make_recording(project, "recorded", title="Long ago")
    assert "No script B asked for work in the last 10 minutes." in words(client.get("/demo/now"))


def test_it_says_what_is_on_in_the_rooms(client, project, crew):
    talk = make_recording(project, title="Right now")
    talk.start, talk.end = now() - timedelta(minutes=5), now() + timedelta(minutes=5)
    later = make_recording(project, title="In a while")
    later.start, later.end = now() + timedelta(hours=1), now() + timedelta(hours=2)
    cancelled = make_recording(project, "locked", title="Never")
    cancelled.start, cancelled.end = now() + timedelta(minutes=30), now() + timedelta(hours=2)
    db.session.flush()
    ((_, current, coming),) = reports.present(project).rooms
    assert (current.title, coming.title) == ("Right now", "In a while")


def test_a_room_without_a_talk_is_there_too(project):
    talk = make_recording(project)
    talk.start, talk.end = now() - timedelta(hours=2), now() - timedelta(hours=1)
    db.session.flush()
    ((room, current, coming),) = reports.present(project).rooms
    assert (room.name, current, coming) == ("Saal 1", None, None)


def test_the_funnel_counts_every_ticket_once(project):
    for state in ("scheduled", "merged", "merged", "copied"):
        make_recording(project, state)
    steps = {(step.type, step.state.name): step.count for step in reports.present(project).funnel if step.count}
    assert steps == {
        ("recording", "scheduled"): 1,
        ("recording", "merged"): 2,
        ("recording", "copied"): 1,
        ("encoding", "material needed"): 6,
        ("encoding", "ready to encode"): 2,
    }


def test_times_count_from_the_end_of_the_talk_to_the_first_arrival(project):
    talk = make_recording(project, "copied")
    talk.end = now() - timedelta(minutes=30)
    put(encoding(talk), "released")
    put(encoding(talk), "postprocessed")
    db.session.flush()
    half, most, count = reports.present(project).lead_times["released"]
    assert count == 1 and half == most == pytest.approx(1800, abs=60)


def test_an_empty_project_has_a_page_too(client, project, crew):
    assert "Nobody, and no script." in words(client.get("/demo/now"))
