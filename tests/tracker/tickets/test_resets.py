"""Reset, commence, cancel."""

from __future__ import annotations

import pytest

from tests.factories import assign, encoding, events, log_of, make_encoding, make_recording, put, states
from tests.tracker.tickets.sequences import depend
from tracker import profiles, projects, tickets, wire
from tracker.errors import Conflict, InvalidInput
from tracker.statemachine import CLASSIC, ENCODING, RECORDING
from tracker.tickets import TRACKER, resets


@pytest.fixture
def talk(project):
    """A copied talk whose mp3 depends on hd, and opus on mp3; sd depends on nothing."""
    for slug in ("mp3", "opus"):
        profiles.use(project, slug)
    depend(project)
    profiles.use(project, "sd")
    return make_recording(project, "copied")


def moved(found):
    return [ticket.profile_version.profile.slug if ticket.profile_version else ticket.type for ticket in found]


# --- reset -----------------------------------------------------------------------------------------------------------


def test_a_talk_is_reset_with_its_children(talk, project, alice):
    put(encoding(talk, "hd"), "checked")
    task = put(tickets.create_misc(project, TRACKER, "sound", talk), "resolved")
    found = tickets.reset(talk.id, alice, comment="wrong disk")
    assert moved(found) == ["recording", "hd", "misc"]
    assert (talk.state, set(states(talk).values()), task.state) == ("scheduled", {"material needed"}, "open")
    assert log_of(talk)[-1].comment == "wrong disk" and events(task)[-1] == ("Action.reset", "resolved", "open")


def test_only_the_types_asked_for_are_reset(talk, alice):
    put(encoding(talk, "hd"), "checked")
    assert moved(tickets.reset(talk.id, alice, types=["encoding"])) == ["hd"]
    assert (talk.state, states(talk)["hd"]) == ("copied", "ready to encode")
    with pytest.raises(InvalidInput, match="'meta' is no type of ticket"):
        tickets.reset(talk.id, alice, types=["meta"])


def test_an_encoding_is_reset_with_all_that_depend_on_it(talk, alice):
    for slug in ("hd", "mp3", "opus", "sd"):
        put(encoding(talk, slug), "encoded")
    assert moved(tickets.reset(encoding(talk, "mp3").id, alice)) == ["mp3", "opus"]
    assert states(talk) == {"hd": "encoded", "mp3": "ready to encode", "opus": "ready to encode", "sd": "encoded"}
    assert moved(tickets.reset(encoding(talk, "hd").id, alice)) == ["hd"]


def test_what_is_where_it_begins_does_not_count_as_reset(talk, alice):
    assert tickets.reset(encoding(talk, "sd").id, alice) == []
    assert events(encoding(talk, "sd"))[-1][0] == "Recording.copied"


def test_a_reset_frees_and_clears_what_did_not_move(talk, alice):
    tickets.set_failed(encoding(talk, "sd").id, alice, True, comment="x")
    assert tickets.reset(encoding(talk, "sd").id, alice) == []
    assert (encoding(talk, "sd").failed, events(encoding(talk, "sd"))[-1][0]) == (False, "Action.reset")


def test_a_state_set_by_hand_does_not_survive_a_reset(talk, alice):
    child = tickets.set_state(encoding(talk, "sd").id, alice, "material needed")
    tickets.set_state(child.id, alice, "checked")
    assert tickets.reset_to_initial(child.id, alice) is True
    assert child.state == "ready to encode"


def test_public_files_are_withdrawn_and_what_is_being_published_is_not_reset(talk, project, alice, worker):
    put(encoding(talk, "sd"), "released")
    busy = assign(put(encoding(talk, "hd"), "ready to release"), worker, "releasing")
    with pytest.raises(Conflict, match=f"Ticket {busy.id} is being published just now"):
        tickets.reset(talk.id, alice)
    tickets.reset(talk.id, alice, force=True)
    assert encoding(talk, "sd").withdraw and busy.withdraw
    assert tickets.heartbeat(worker, busy.id) == wire.TICKET_LOST


def test_workers_may_reset_and_are_named(talk, worker):
    put(talk, "merged")
    assert moved(tickets.reset(talk.id, worker))[0] == "recording"
    assert log_of(talk)[-1].actor == worker.name


# --- where tickets begin ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("off", "begins"), [([], "scheduled"), (["scheduled"], "recording"), (["scheduled", "recording"], "recorded")]
)
def test_tickets_begin_in_the_first_state_that_is_on(project, alice, off, begins):
    projects.configure(project, disabled_states={RECORDING: off})
    talk = make_recording(project, begins)
    assert [e.to_state for e in log_of(talk)] == [begins]
    put(talk, "cut")
    tickets.reset_to_initial(talk.id, alice)
    assert talk.state == begins


@pytest.mark.parametrize(
    ("kind", "off", "stopped", "state"),
    [
        (RECORDING, [], [], "scheduled"),
        (RECORDING, [], ["recording"], "recorded"),
        (RECORDING, ["recording"], [], "recorded"),
        (RECORDING, ["scheduled"], ["merging"], "cut"),
        (ENCODING, [], [], "ready to encode"),
        (ENCODING, [], ["encoding"], "checked"),
        (ENCODING, ["encoding"], ["postprocessing", "releasing"], None),
        ("misc", [], [], None),
    ],
)
def test_work_commences_just_before_the_first_state_of_a_script(kind, off, stopped, state):
    assert CLASSIC.commence(kind, off, stopped) == state


def test_commencing_takes_a_new_ticket_there_and_no_other(project, alice):
    child = encoding(make_recording(project))
    assert tickets.commence_by_hand(child.id, alice).state == "ready to encode" and child.set_by_hand
    with pytest.raises(Conflict, match="only new tickets are commenced"):
        tickets.commence_by_hand(child.id, alice)
    task = tickets.create_misc(project, TRACKER, "x")
    with pytest.raises(Conflict, match="No script of project demo works on misc tickets"):
        tickets.commence_by_hand(task.id, alice)
    talk = make_recording(project)
    assert tickets.commence_by_hand(talk.id, alice).state == "scheduled" and resets.commence_state(talk) == "scheduled"


# --- cancel ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("requeue", [False, True])
def test_a_cancelled_ticket_is_lost_to_its_worker(project, alice, worker, requeue):
    ticket = assign(make_encoding(project), worker, "encoding", lease_s=60)
    tickets.cancel(ticket.id, alice, "too slow there", requeue=requeue)
    assert tickets.heartbeat(worker, ticket.id) == wire.TICKET_LOST
    assert tickets.finish(ticket.id, project, worker) is False
    assert (ticket.state, ticket.failed) == ("ready to encode", not requeue)
    assert (tickets.claim_next(project, "encoding", worker) is ticket) == requeue


def test_it_says_who_cancelled_and_why(project, alice, worker):
    ticket = tickets.cancel(assign(make_encoding(project), worker, "encoding").id, alice, "disk is full")
    assert tickets.why_waiting(ticket).endswith("cancelled by alice: disk is full")
    assert log_of(ticket)[-1].event == "Action.cancel"


def test_once_publishing_has_begun_cancelling_has_to_be_forced_and_withdraws(project, alice, worker):
    ticket = assign(make_encoding(project, "ready to release"), worker, "releasing")
    with pytest.raises(Conflict, match="is being published: cancelling withdraws what is public"):
        tickets.cancel(ticket.id, alice)
    assert ticket.worker_id == worker.id
    tickets.cancel(ticket.id, alice, force=True)
    assert (ticket.state, ticket.withdraw, ticket.worker_id) == ("postprocessed", True, None)


@pytest.mark.parametrize("state", ["merged", "cutting", "copied"])
def test_what_no_script_does_is_not_cancelled(project, alice, state):
    with pytest.raises(Conflict, match="No script works on ticket"):
        tickets.cancel(make_recording(project, state).id, alice)
