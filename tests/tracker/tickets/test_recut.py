"""A recording cut anew takes its files with it: nothing of an old cut is checked or released."""

from __future__ import annotations

import pytest

from scripts.encoder import cut_of
from tests.factories import encoding, events, make_recording, make_worker, put
from tracker import properties, tickets
from tracker.errors import Conflict, NotAssigned

FIRST, SECOND = (100, 8000), (100, 7000)


def cut(talk, user, marks, language="deu"):
    tickets.start_cut(talk.id, user)
    tickets.finish_cut(talk.id, user, *marks, language, 0)
    put(talk, "copied")


@pytest.fixture
def encoded(project, bob, worker):
    """A talk whose file was made from the first cut and is encoded."""
    talk = make_recording(project, "merged", values={"Record.DurationFrames": "9000"})
    cut(talk, bob, FIRST)
    file = tickets.claim_next(project, "encoding", worker)
    assert file == encoding(talk)
    tickets.finish(file.id, project, worker)
    return file


def test_a_file_says_of_which_cut_it_was_made(encoded):
    assert properties.own(encoded)["Encoding.Cut"] == "100-8000-deu-0"


@pytest.mark.parametrize("state", ["encoded", "checked", "postprocessed", "ready to release"])
def test_another_cut_sends_the_file_back_to_be_encoded(encoded, bob, state):
    put(encoded, state)
    put(encoded.parent, "merged")
    cut(encoded.parent, bob, SECOND)
    assert encoded.state == "ready to encode"
    assert events(encoded)[-1] == ("Recording.recut", state, "ready to encode")


def test_another_language_sends_it_back_too(encoded, bob):
    put(encoded.parent, "merged")
    cut(encoded.parent, bob, FIRST, language="eng")
    assert encoded.state == "ready to encode"


def test_the_same_cut_leaves_the_file_where_it_is(encoded, bob):
    put(encoded.parent, "merged")
    cut(encoded.parent, bob, FIRST)
    assert encoded.state == "encoded"


def test_a_public_file_stays_until_a_person_reverts_it(encoded, bob):
    put(encoded, "released")
    put(encoded.parent, "merged")
    cut(encoded.parent, bob, SECOND)
    assert (encoded.state, encoded.withdraw) == ("released", False)


@pytest.mark.parametrize(("state", "service"), [("checked", "postprocessing"), ("ready to release", "releasing")])
def test_scripts_get_no_file_while_its_recording_is_worked_on(project, encoded, worker, state, service):
    put(encoded, state)
    put(encoded.parent, "cutting")
    assert tickets.claim_next(project, service, worker) is None
    assert "'cutting' again" in tickets.why_waiting(encoded)
    put(encoded.parent, "copied")
    assert tickets.claim_next(project, service, worker) == encoded


def test_nobody_accepts_or_releases_a_file_while_its_recording_is_worked_on(encoded, alice):
    tickets.start_check(encoded.id, alice)
    put(encoded.parent, "cut")
    with pytest.raises(Conflict, match="may be of another cut"):
        tickets.accept(encoded.id, alice)
    put(encoded, "postprocessed")
    with pytest.raises(Conflict, match="may be of another cut"):
        tickets.mark_ready(encoded.parent_id, alice)


def test_one_click_releases_just_what_was_shown(encoded, alice):
    put(encoded, "postprocessed")
    properties.write(encoded, {"Release.SHA256": "abc"})
    for shown in ({}, {encoded.id: "abd"}, {encoded.id: "abc", 999: "x"}):
        with pytest.raises(Conflict, match="Other files"):
            tickets.mark_ready(encoded.parent_id, alice, shown)
    assert tickets.mark_ready(encoded.parent_id, alice, {encoded.id: "abc"}) == 1


def test_a_worker_that_lost_the_ticket_writes_nothing_to_it(project, encoded, worker):
    put(encoded, "ready to encode")
    tickets.claim_next(project, "encoding", make_worker("other.example.org"), lease_s=60)
    with pytest.raises(NotAssigned, match="another worker's"):
        tickets.set_properties(encoded.id, project, worker, {"Encoding.Frames": "1"})


@pytest.mark.parametrize(
    "more", [{"audio": "left"}, {"apology": "No sound at first."}, {"chapters": [tickets.Chapter(200, "A")]}]
)
def test_another_source_of_sound_apology_or_chapter_sends_it_back_too(encoded, bob, worker, project, more):
    put(encoded.parent, "merged")
    tickets.start_cut(encoded.parent.id, bob)
    tickets.finish_cut(encoded.parent.id, bob, *FIRST, "deu", 0, tickets.More(**more))
    put(encoded.parent, "copied")
    assert encoded.state == "ready to encode"
    assert tickets.claim_next(project, "encoding", worker) == encoded
    made = properties.own(encoded)["Encoding.Cut"]
    assert made == tickets.moves.cut_of(encoded) == cut_of(properties.merged(encoded))
    assert made.startswith("100-8000-deu-0-")
