"""What checkers do, and the last look before the release."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import encoding, make_encoding, make_recording, put, states
from tracker import profiles, projects, properties, tickets
from tracker.errors import Conflict, InvalidInput, NotPermitted
from tracker.statemachine import RECORDING
from tracker.tickets import moves

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


# --- another cut -----------------------------------------------------------------------------------------------------


def test_a_file_of_another_cut_is_not_accepted(project, alice, bob):
    """However the recording's marks came to differ: here a script wrote them."""
    ticket = make_encoding(project, "encoded")
    properties.write(ticket, {"Encoding.Cut": "0-100-deu-0"})
    properties.write(ticket.parent, {"Record.Cutin": "10", "Record.Cutout": "100"})
    tickets.start_check(ticket.id, bob)
    with pytest.raises(Conflict, match="made from the cut 0-100-deu-0, and the recording has 10-100-deu-0 now"):
        tickets.accept(ticket.id, bob)
    put(ticket, "postprocessed")
    with pytest.raises(Conflict, match="reset the ticket to have it made again"):
        tickets.mark_ready(ticket.parent_id, alice)
    properties.write(ticket, {"Encoding.Cut": "10-100-deu-0"})
    assert tickets.mark_ready(ticket.parent_id, alice) == 1


def test_a_delay_of_the_file_alone_is_part_of_its_cut(project, bob):
    ticket = make_encoding(project, "encoded")
    properties.write(ticket, {"Encoding.Cut": "0-0-deu-40", "Record.AVDelay": "40"})
    tickets.start_check(ticket.id, bob)
    assert tickets.accept(ticket.id, bob).state == "checked"


# --- sending back, from anywhere -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["encoded", "checked", "postprocessing", "ready to release", "released"])
def test_a_flaw_can_be_seen_in_any_state(project, bob, state):
    ticket = put(make_encoding(project), state)
    recording = tickets.send_back(ticket.id, bob, "begins too late")
    assert (recording.state, recording.failed, recording.user_id) == ("cutting", True, None)
    assert ticket.state == ("released" if state == "released" else "material needed")


@pytest.mark.parametrize("state", ["merged", "cut", "copying", "copied"])
def test_it_can_be_seen_on_the_recording_too(project, alice, worker, state):
    talk = make_recording(project, state)
    tickets.send_back(talk.id, alice, "wrong room")
    assert (talk.state, talk.failed, talk.waiting) == ("cutting", True, "wrong room")
    assert factories.log_of(talk)[-1].changes == {"failed": True}


@pytest.mark.parametrize("state", ["locked", "scheduled", "recorded", "merging", "fixing"])
def test_before_there_is_something_to_cut_there_is_nothing_to_send_back(project, alice, state):
    with pytest.raises(Conflict, match="there is no cut to send back"):
        tickets.send_back(make_recording(project, state).id, alice, "x")


def test_who_works_on_the_ticket_or_the_recording_is_not_disturbed(project, cutting, checking, alice, bob):
    for ticket in (cutting, checking):
        with pytest.raises(Conflict, match="bob is working on ticket"):
            tickets.send_back(ticket.id, alice, "x")
    assert tickets.send_back(checking.id, bob, "x").user_id is None


def test_a_public_file_stays_and_asks_to_be_released_again(project, alice, bob, worker):
    ticket = put(make_encoding(project), "released")
    properties.write(ticket, {"Encoding.Cut": moves.cut_of(ticket)})
    talk = tickets.send_back(ticket.id, alice, "begins too late")
    assert (ticket.state, ticket.withdraw, ticket.needs_attention) == ("released", False, True)
    assert "of the cut before" in tickets.why_waiting(ticket)
    properties.write(talk, FRAMES)
    cut(tickets.start_cut(talk.id, bob), bob)
    put(talk, "copied")
    assert ticket.state == "released", "nothing public is made anew without a person"
    assert tickets.why_waiting(ticket).startswith("The public file is of an older cut; revert its release")
    tickets.reset(ticket.id, alice)
    assert (ticket.state, ticket.withdraw) == ("ready to encode", True)
    put(ticket, "released")
    assert not ticket.needs_attention and tickets.why_waiting(ticket) == ""


def test_what_is_being_published_meanwhile_counts_as_public(project, alice, worker):
    ticket = factories.assign(make_encoding(project, "ready to release"), worker, "releasing")
    tickets.send_back(ticket.parent_id, alice, "x")
    assert (ticket.state, ticket.worker_id, ticket.needs_attention) == ("releasing", worker.id, True)


def test_where_nobody_cuts_it_goes_to_the_state_before(project, alice):
    projects.configure(project, disabled_states={RECORDING: ["cutting"]})
    talk = make_recording(project, "copied")
    assert tickets.send_back(talk.id, alice, "x").state == "merged"


def test_a_recording_sent_back_is_nobodys(project, alice, bob):
    ticket = make_encoding(project, "encoded")
    tickets.set_state(ticket.parent_id, alice, "cutting")
    tickets.assign(ticket.parent_id, alice, alice)
    assert ticket.parent.user is alice
    put(ticket.parent, "copied")
    talk = tickets.send_back(put(ticket, "encoded").id, bob, "the first sentence is missing")
    assert (talk.state, talk.user_id, talk.worker_id) == ("cutting", None, None)
