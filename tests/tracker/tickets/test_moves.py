"""Moves: every state from every state, one log row each, and what the tracker settles afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tests import factories
from tests.factories import encoding, events, make_encoding, make_recording, put, states
from tracker import profiles, projects, properties, queries, tickets
from tracker.db import db, transaction
from tracker.errors import InvalidInput, NotFound
from tracker.statemachine import CLASSIC, ENCODING, MISC, RECORDING
from tracker.tickets import TRACKER, Actor, moves

MAKERS = {RECORDING: make_recording, ENCODING: make_encoding, MISC: factories.make_misc}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_state_can_be_set_by_hand_forth_and_back_and_is_logged(project, alice, kind):
    """As far as the CHECK constraints of the table are concerned; the pairs are in test_statemachine."""
    ticket = MAKERS[kind](project)
    names = list(CLASSIC.tables[kind].by_name)
    for target in (*names, *reversed(names)):
        moves.move(ticket, target, Actor.of(alice), "Edit.state", by_hand=True)
        assert ticket.state == target
    walked = [entry.to_state for entry in factories.log_of(ticket) if entry.event == "Edit.state"]
    assert walked == [*names, *reversed(names)]


@pytest.mark.parametrize("state", ["encoding", "nonsense", ""])
def test_a_state_of_another_type_is_refused(project, state):
    recording = make_recording(project)
    with pytest.raises(InvalidInput, match="no state of a recording ticket"):
        moves.move(recording, state, TRACKER, "Test")
    assert (recording.state, events(recording)) == ("scheduled", [])


def test_a_move_frees_the_ticket_and_forgets_what_it_waited_for(project, worker):
    ticket = factories.assign(make_encoding(project), worker, "encoding", lease_s=60)
    ticket.failed, ticket.waiting, ticket.percent = True, "no disk", 50.0
    put(ticket, "encoded")
    assert (ticket.worker_id, ticket.lease_s, ticket.lease_until) == (None, None, None)
    assert (ticket.failed, ticket.waiting, ticket.percent, ticket.not_before) == (False, "", 0.0, None)


def test_a_move_counts_as_a_change(project):
    ticket = make_recording(project)
    before = ticket.version
    put(ticket, "recorded")
    assert ticket.version == before + 1


def test_a_log_keeps_the_end_of_a_long_message_and_no_nul(project):
    ticket = make_recording(project)
    moves.log(ticket, TRACKER, "Test.long", "begin" + "x" * moves.MAX_COMMENT + "\x00end")
    written = factories.log_of(ticket)[-1].comment
    assert written.startswith("[...]\n") and written.endswith("x\ufffdend")


@pytest.mark.parametrize("number", [0, -1, 2**31, 999_999])
def test_an_unknown_ticket_is_named(db_session, number):
    for find in (moves.get, moves.lock):
        with pytest.raises(NotFound, match=f"no ticket {number}"):
            find(number)


def test_a_talk_is_locked_before_its_encodings_by_everybody(committed_db):
    """Real commits: one goes from the encoding to the talk, one from the talk to the encoding, at the same time."""
    with factories.committing(committed_db) as app:
        with app.app_context(), transaction():
            child = make_encoding(factories.make_project())
            number, talk = child.id, child.parent_id
        begin, done = threading.Barrier(2, timeout=20), []

        def change(*verbs: Callable[[], object]) -> None:
            begin.wait()
            with app.app_context(), transaction():
                for verb in verbs:
                    verb()
                    time.sleep(0.1)
            done.append(verbs)

        orders = (
            (lambda: moves.lock(number), lambda: moves.lock(talk)),
            (
                lambda: moves.lock(talk),
                lambda: queries.lock_children(talk),
            ),
        )
        threads = [threading.Thread(target=change, args=order) for order in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 2


# --- the tracker settles (design D4) -------------------------------------------------------------------------


@pytest.fixture
def talk(project):
    profiles.use(project, "mp3")
    return make_recording(project, "cut")


def test_copied_makes_the_encodings_ready(talk):
    assert states(talk) == {"hd": "material needed", "mp3": "material needed"}
    put(talk, "copied")
    assert states(talk) == {"hd": "ready to encode", "mp3": "ready to encode"}
    assert events(encoding(talk)) == [("Recording.copied", "material needed", "ready to encode")]


@pytest.mark.parametrize("state", sorted(set(CLASSIC.tables[RECORDING].by_name) - {"copied"}))
def test_leaving_copied_takes_back_what_nobody_worked_on(talk, state):
    put(talk, "copied")
    put(encoding(talk, "mp3"), "encoded")
    put(talk, state)
    assert states(talk) == {"hd": "material needed", "mp3": "encoded"}


def test_a_move_before_copied_changes_nothing(talk):
    put(talk, "merged")
    assert states(talk) == {"hd": "material needed", "mp3": "material needed"} and events(encoding(talk)) == []


def test_what_somebody_holds_is_not_taken_back(talk, worker):
    put(talk, "copied")
    factories.assign(encoding(talk), worker, "encoding")
    put(talk, "cutting")
    assert states(talk) == {"hd": "encoding", "mp3": "material needed"}


def test_a_failed_recording_is_no_material_until_it_is_repaired(talk, alice):
    put(talk, "copied")
    tickets.set_failed(talk.id, alice, True, comment="wrong room")
    assert set(states(talk).values()) == {"material needed"}
    tickets.set_failed(talk.id, alice, False)
    assert set(states(talk).values()) == {"ready to encode"}


def test_an_encoding_made_after_copied_is_ready_at_once(project, talk):
    put(talk, "copied")
    profiles.use(project, "opus")
    assert states(talk)["opus"] == "ready to encode"


def test_an_encoding_made_before_copied_waits(project, talk):
    profiles.use(project, "opus")
    assert states(talk)["opus"] == "material needed"


@pytest.mark.parametrize(("recording", "by_hand"), [("copied", "material needed"), ("cut", "ready to encode")])
def test_a_state_set_by_hand_stands_until_the_recording_moves(talk, alice, recording, by_hand):
    put(talk, recording)
    child = tickets.set_state(encoding(talk).id, alice, by_hand)
    moves.settle(talk)
    assert child.state == by_hand
    put(talk, "merged")
    put(talk, "copied")
    assert child.state == "ready to encode"


def test_what_was_made_ready_by_hand_is_so_again_when_it_is_given_back(project, talk, alice, worker):
    child = tickets.set_state(encoding(talk).id, alice, "ready to encode")
    factories.assign(child, worker, "encoding")
    tickets.give_back(child.id, project, worker, "disk full")
    assert child.state == "ready to encode"


def test_an_encoding_given_back_after_the_recording_left_copied_needs_material(project, talk, worker):
    put(talk, "copied")
    child = factories.assign(encoding(talk), worker, "encoding")
    put(talk, "cutting")
    tickets.give_back(child.id, project, worker, "stopped")
    assert child.state == "material needed"
    put(talk, "copied")
    assert child.state == "ready to encode"


def test_an_encoding_no_longer_failed_needs_material_when_there_is_none(project, talk, alice, worker):
    put(talk, "copied")
    child = factories.assign(encoding(talk), worker, "encoding")
    tickets.fail(child.id, project, worker, "broken")
    put(talk, "cutting")
    tickets.set_failed(child.id, alice, False)
    assert (child.state, child.failed) == ("material needed", False)


# --- the name of the files -----------------------------------------------------------------------------------


def named(recording):
    return properties.merged(encoding(recording))["Encoding.Basename"]


def test_the_name_is_fixed_when_the_recording_is_copied(talk):
    properties.write(talk, {"Fahrplan.Slug": "before"})
    put(talk, "copied")
    properties.write(talk, {"Fahrplan.Slug": "after", "Record.Language": "eng"})
    assert named(talk) == f"demo-{talk.fahrplan_id}-deu-before"


def test_a_talk_copied_again_gets_its_new_name(talk):
    put(talk, "copied")
    properties.write(talk, {"Fahrplan.Slug": "after"})
    put(talk, "merged")
    put(talk, "copied")
    assert named(talk) == f"demo-{talk.fahrplan_id}-deu-after"


@pytest.mark.parametrize("left", [False, True])
def test_a_talk_with_a_public_file_keeps_its_name(talk, left):
    put(talk, "copied")
    before = named(talk)
    put(encoding(talk), "released")
    if left:
        put(encoding(talk), "fixing")
    properties.write(talk, {"Fahrplan.Slug": "after"})
    put(talk, "merged")
    put(talk, "copied")
    assert named(talk) == before


def test_two_talks_never_share_a_name(project):
    projects.configure(project, languages=[])
    first = tickets.create_recording(project, TRACKER, title="x", fahrplan_id=1, values={"Fahrplan.Slug": "2-x"})
    second = tickets.create_recording(
        project, TRACKER, title="x", fahrplan_id=2, values={"Fahrplan.Slug": "x", "Record.Language": ""}
    )
    first.basename = "demo-2-x"
    put(second, "copied")
    assert second.basename == f"demo-2-x-{second.id}"


# --- leaving released (design D13) ---------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(set(CLASSIC.tables[ENCODING].by_name) - {"released"}))
def test_leaving_released_by_hand_queues_the_withdrawal(project, alice, state):
    ticket = make_encoding(project, "released")
    tickets.set_state(ticket.id, alice, state)
    assert ticket.withdraw and queries.withdrawals(project.id) == [ticket]


@pytest.mark.parametrize("state", ["checked", "postprocessed", "fixing"])
def test_a_release_broken_off_half_way_is_withdrawn_unless_it_is_tried_again(project, alice, state):
    ticket = make_encoding(project, "ready to release")
    for again in ("releasing", "ready to release"):
        tickets.set_state(ticket.id, alice, again)
        assert not ticket.withdraw
    tickets.set_state(ticket.id, alice, state)
    assert ticket.withdraw


def test_reaching_released_again_clears_the_withdrawal(project, alice):
    ticket = make_encoding(project, "released")
    for state in ("encoded", "checked", "released"):
        tickets.set_state(ticket.id, alice, state)
    assert not ticket.withdraw


def test_a_released_file_stays_public_when_it_is_only_marked_failed(project, alice):
    ticket = make_encoding(project, "released")
    tickets.set_failed(ticket.id, alice, True, comment="look at this")
    assert (ticket.state, ticket.withdraw) == ("released", False)


def test_the_recordings_moves_leave_released_files_alone(talk):
    put(talk, "copied")
    put(encoding(talk), "released")
    put(talk, "locked")
    assert states(talk)["hd"] == "released" and not encoding(talk).withdraw


# --- progress ------------------------------------------------------------------------------------------------


def test_progress_counts_recordings_and_encodings_of_talks_that_are_not_locked(project):
    assert projects.progress(project) == 0
    first = make_recording(project, "copied")
    second = make_recording(project, "recorded")
    put(encoding(first), "released")
    put(encoding(make_recording(project, "copied")), "ready to encode")
    locked = make_recording(project, "copied")
    put(encoding(locked), "released")
    put(locked, "locked")
    tickets.create_misc(project, TRACKER, "not counted", first)
    db.session.flush()
    assert projects.progress_of_talk(first) == 100
    assert projects.progress_of_talk(second) == 12.5
    assert projects.progress(project) == pytest.approx((100 + 12.5 + 55) / 3)


def test_misc_tickets_do_not_count_for_a_talk(project):
    talk = make_recording(project, "recorded")
    tickets.create_misc(project, TRACKER, "sound", talk)
    db.session.refresh(talk)
    assert len(talk.children) == 2 and projects.progress_of_talk(talk) == 12.5
