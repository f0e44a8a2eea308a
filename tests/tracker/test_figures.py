"""The statistics of a project."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import encoding, make_project, make_recording, make_user, make_worker, put
from tracker import properties, queries, tickets
from tracker.db import db
from tracker.figures import figures
from tracker.tickets import Actor


def later(ticket, seconds):
    """Have the last log row of a ticket stand so many seconds after the one before."""
    last, before = queries.history([ticket.id], 2)
    last.created = before.created + timedelta(seconds=seconds)
    db.session.flush()


def walk(ticket, actor, *steps):
    """Move a ticket through (state, seconds after the move before, failed)."""
    for state, seconds, failed in steps:
        tickets.move(ticket, state, actor, "Test", failed=failed)
        later(ticket, seconds)


@pytest.fixture
def project(db_session):
    return make_project()


def test_encoding_is_told_by_format_and_worker_with_speed_and_failures(project):
    for number, (seconds, ending) in enumerate([(60, "encoded"), (180, "encoded")]):
        file = encoding(make_recording(project, "copied"))
        properties.write(file, {"Encoding.Seconds": str(120 * (number + 1))})
        actor = Actor.of(make_worker("fast.example.org"))
        walk(file, actor, ("encoding", 5, ""), (ending, seconds, ""))
    file = encoding(make_recording(project, "copied"))
    walk(file, Actor.of(make_worker("slow.example.org")), ("encoding", 1, ""), ("encoding", 9, "no space left"))
    fast, slow = figures(project).done["encoding"]
    assert (fast.who, fast.profile, fast.times, fast.failed, fast.median_s, fast.speed) == (
        "fast.example.org", "hd", 2, 0, 120.0, 1.5,
    )  # fmt: skip
    assert (slow.who, slow.times, slow.failed) == ("slow.example.org", 0, 1)


def test_people_are_told_by_what_they_cut_and_checked(project):
    talk, bob = make_recording(project, "merged"), Actor.of(make_user("bob"))
    walk(talk, bob, ("cutting", 1, ""), ("cut", 300, ""))
    done = figures(project).done
    assert [(each.who, each.times, each.median_s) for each in done["cutting"]] == [("bob", 1, 300.0)]
    assert done["checking"] == []


def test_hands_are_no_workers(project):
    file, bob = encoding(make_recording(project, "copied")), Actor.of(make_user("bob"))
    walk(file, bob, ("encoding", 5, ""), ("encoding", 9, "no space left"), ("encoded", 3, ""))
    assert figures(project).done["encoding"] == []


def test_who_checked_two_formats_is_told_once(db_session):
    talk, bob = make_recording(make_project(formats=("hd", "mp3")), "copied"), Actor.of(make_user("bob"))
    for slug, seconds in (("hd", 100), ("mp3", 300)):
        walk(put(encoding(talk, slug), "encoded"), bob, ("checking", 1, ""), ("checked", seconds, ""))
    (done,) = figures(talk.project).done["checking"]
    assert (done.who, done.times, done.median_s) == ("bob", 2, 200.0)


def test_hours_are_added_up_and_what_is_no_number_counts_as_none(project):
    for length, cut in (("3600", "1800.5"), ("100", "40"), ("long", "")):
        make_recording(project, values={"Record.DurationSeconds": length, "Record.Cutdiffseconds": cut})
    talk = make_recording(project, "copied", values={"Record.Cutdiffseconds": "60"})
    put(encoding(talk), "released")
    make_recording(make_project("other"), values={"Record.DurationSeconds": "1"})
    assert figures(project).film_s == {"recorded": 3700.0, "cut": 1900.5, "released": 60.0}
