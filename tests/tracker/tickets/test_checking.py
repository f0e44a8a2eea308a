"""What checkers do, and the last look before the release."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import encoding, make_recording, put, states
from tracker import profiles, projects, tickets
from tracker.errors import Conflict, InvalidInput, NotPermitted

FRAMES = {"Record.DurationFrames": "9000"}


def cut(ticket, user, first=100, last=8000, language="deu", delay=0):
    return tickets.finish_cut(ticket.id, user, first, last, language, delay)


# --- checking ----------------------------------------------------------------------------------------------------


def test_an_accepted_encoding_is_checked(checking, bob):
    tickets.accept(checking.id, bob)
    assert (checking.state, checking.user_id) == ("checked", None)


def test_a_rejected_encoding_fails_with_its_reason(checking, bob):
    tickets.reject(checking.id, bob, "blocky")
    assert (checking.state, checking.failed, checking.waiting) == ("checking", True, "blocky")


def test_who_cut_may_not_check(project, alice, bob):
    talk = tickets.start_cut(make_recording(project, "merged", values=FRAMES).id, bob)
    cut(talk, bob)
    put(talk, "copied")
    child = put(encoding(talk), "encoded")
    with pytest.raises(NotPermitted, match="somebody else has to check"):
        tickets.start_check(child.id, bob)
    assert tickets.start_check(child.id, alice).user_id == alice.id


def test_who_cut_may_check_where_the_project_says_so(project, bob):
    projects.configure(project, separate_checker=False)
    talk = cut(tickets.start_cut(make_recording(project, "merged", values=FRAMES).id, bob), bob)
    put(talk, "copied")
    assert tickets.start_check(put(encoding(talk), "encoded").id, bob).user_id == bob.id


def test_sending_back_takes_the_recording_to_cutting_and_all_to_material_needed(project, alice, bob, worker):
    for slug in ("mp3", "opus", "sd"):
        profiles.use(project, slug)
    talk = make_recording(project, "copied")
    put(encoding(talk, "mp3"), "released")
    put(encoding(talk, "sd"), "checked")
    put(encoding(talk, "hd"), "encoded")
    factories.assign(encoding(talk, "opus"), worker, "encoding")
    tickets.start_check(encoding(talk, "hd").id, bob)
    recording = tickets.send_back(encoding(talk, "hd").id, bob, "the first sentence is missing")
    assert recording is talk and (talk.state, talk.failed) == ("cutting", True)
    assert talk.waiting == "the first sentence is missing"
    assert states(talk) == {
        "hd": "material needed",
        "mp3": "released",
        "opus": "material needed",
        "sd": "material needed",
    }
    assert tickets.heartbeat(worker, encoding(talk, "opus").id) == "Ticket lost"
    assert tickets.start_cut(talk.id, alice).failed is False


def test_sending_back_needs_a_reason(checking, bob):
    with pytest.raises(InvalidInput, match="what is wrong with the recording"):
        tickets.send_back(checking.id, bob, "")
    assert checking.state == "checking"


# --- releasing ---------------------------------------------------------------------------------------------------


def test_all_postprocessed_files_of_a_talk_become_ready_at_once(project, bob):
    profiles.use(project, "mp3")
    profiles.use(project, "opus")
    talk = make_recording(project, "copied")
    for slug, state in (("hd", "postprocessed"), ("mp3", "postprocessed"), ("opus", "checked")):
        put(encoding(talk, slug), state)
    encoding(talk, "mp3").failed = True
    assert tickets.mark_ready(talk.id, bob) == 1
    assert states(talk) == {"hd": "ready to release", "mp3": "postprocessed", "opus": "checked"}


def test_without_a_postprocessed_file_there_is_nothing_to_release(project, bob):
    with pytest.raises(Conflict, match="nothing to release"):
        tickets.mark_ready(make_recording(project, "copied").id, bob)
