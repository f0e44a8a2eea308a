"""What people change by hand."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import encoding, events, log_of, make_encoding, make_recording, put
from tracker import projects, properties, queries, tickets
from tracker.db import db
from tracker.errors import Conflict, InvalidInput, NotFound, NotPermitted
from tracker.statemachine import ENCODING

FRAMES = {"Record.DurationFrames": "9000"}


@pytest.fixture
def talk(merged):
    return merged


# --- by hand -----------------------------------------------------------------------------------------------------


def test_a_state_set_by_hand_is_logged_with_its_comment(talk, alice):
    tickets.set_state(talk.id, alice, "locked", version=talk.version, comment="speaker asked")
    entry = log_of(talk)[-1]
    assert (entry.event, entry.actor, entry.to_state, entry.comment) == (
        "Edit.state",
        "alice",
        "locked",
        "speaker asked",
    )


def test_a_form_that_is_out_of_date_conflicts(talk, alice):
    drawn = talk.version
    put(talk, "recorded")
    for change in (
        lambda: tickets.set_state(talk.id, alice, "cut", version=drawn),
        lambda: tickets.set_failed(talk.id, alice, True, version=drawn, comment="x"),
        lambda: tickets.edit_properties(talk.id, alice, {"A.b": "1"}, version=drawn),
    ):
        with pytest.raises(Conflict, match="it is now 'recorded'"):
            change()
    assert (talk.state, talk.failed, "A.b" in properties.own(talk)) == ("recorded", False, False)


def test_a_state_switched_off_cannot_be_set(project, alice):
    projects.configure(project, disabled_states={ENCODING: ["checking"]})
    with pytest.raises(InvalidInput, match="switched off"):
        tickets.set_state(make_encoding(project).id, alice, "checking")


@pytest.mark.parametrize(
    ("state", "source"),
    [("encoding", "ready to encode"), ("postprocessing", "checked"), ("releasing", "ready to release")],
)
def test_clearing_failed_in_a_scripts_state_queues_the_ticket_again(project, worker, alice, state, source):
    ticket = put(make_encoding(project), source)
    factories.assign(ticket, worker, state)
    tickets.fail(ticket.id, project, worker, "crashed")
    tickets.set_failed(ticket.id, alice, False, comment="disk was full")
    assert (ticket.state, ticket.failed, ticket.waiting, ticket.losses) == (source, False, "", 0)
    assert events(ticket)[-1] == ("Edit.unfailed", state, source)
    assert tickets.claim_next(project, state, factories.make_worker("other.example")) is ticket


@pytest.mark.parametrize("state", ["scheduled", "recording", "recorded", "merged", "cutting"])
def test_clearing_failed_elsewhere_leaves_the_ticket_where_it_is(project, alice, state):
    talk = make_recording(project, state, failed=True)
    tickets.set_failed(talk.id, alice, False)
    assert (talk.state, talk.failed) == (state, False)


def test_setting_failed_needs_a_reason_and_frees_the_ticket(project, worker, alice):
    ticket = factories.assign(make_encoding(project), worker, "encoding")
    with pytest.raises(InvalidInput, match="Say in a sentence"):
        tickets.set_failed(ticket.id, alice, True)
    tickets.set_failed(ticket.id, alice, True, comment="wrong profile")
    assert (ticket.failed, ticket.worker_id, ticket.waiting) == (True, None, "wrong profile")
    assert tickets.heartbeat(worker, ticket.id) == "Ticket lost"


def test_a_computed_property_cannot_be_typed(talk, alice):
    with pytest.raises(InvalidInput, match=r"Project\.Slug is computed"):
        tickets.edit_properties(talk.id, alice, {"A.a": "1", "Project.Slug": "x"})
    assert "A.a" not in properties.own(talk)


def test_edited_properties_are_logged_and_only_what_changed(talk, alice):
    properties.write(talk, {"A.a": "1", "A.b": "2"})
    changed = tickets.edit_properties(talk.id, alice, {"A.a": "1", "A.b": "", "A.c": "3"})
    assert changed == {"A.b": "", "A.c": "3"}
    assert log_of(talk)[-1].comment == "deleting A.b\nA.c=3"
    before = talk.version
    assert tickets.edit_properties(talk.id, alice, {"A.c": "3"}) == {} and talk.version == before


def test_a_comment_is_kept_and_logged_and_disturbs_no_form(talk, bob):
    before = talk.version
    tickets.comment(talk.id, bob, "  sounds fine\x00 ")
    assert queries.comments([talk.id])[0].text == "sounds fine"
    assert (log_of(talk)[-1].event, talk.version) == ("Comment.Add", before)
    with pytest.raises(InvalidInput, match="empty"):
        tickets.comment(talk.id, bob, " \n")


def test_nothing_changes_in_an_archived_project(project, cutting, checking, bob):
    projects.configure(project, read_only=True)
    for change in (
        lambda: tickets.finish_cut(cutting.id, bob, 100, 8000, "deu", 0),
        lambda: tickets.unable(cutting.id, bob, "x"),
        lambda: tickets.accept(checking.id, bob),
        lambda: tickets.set_state(cutting.id, bob, "merged"),
        lambda: tickets.set_failed(cutting.id, bob, True, comment="x"),
        lambda: tickets.edit_properties(cutting.id, bob, {"A.b": "1"}),
        lambda: tickets.comment(cutting.id, bob, "x"),
        lambda: tickets.mark_ready(cutting.id, bob),
    ):
        with pytest.raises(NotPermitted, match="demo is archived"):
            change()


# --- marks edited by hand --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Record.Cutin", "Record.Cutout", "Record.Language", "Record.AVDelay"])
@pytest.mark.parametrize("state", ["copying", "copied"])
def test_another_cut_by_hand_is_copied_anew_and_takes_the_files_along(project, alice, state, name):
    talk = make_recording(project, "copied", values={"Record.Cutin": "1", "Record.Cutout": "9"})
    file = put(encoding(talk), "checked")
    properties.write(file, {"Encoding.Cut": tickets.moves.cut_of(file)})
    put(talk, state)
    tickets.edit_properties(talk.id, alice, {name: "5"})
    assert (talk.state, file.state, file.blocked) == ("cut", "checked", "recording")
    assert events(talk)[-1] == ("Edit.properties", state, "cut") and "copied anew" in log_of(talk)[-1].comment
    put(talk, "copied")
    assert file.state == "ready to encode"


def test_other_properties_or_earlier_states_move_nothing(project, alice):
    talk = make_recording(project, "copied")
    tickets.edit_properties(talk.id, alice, {"Record.Holes": "none", "Meta.Year": "2026"})
    assert talk.state == "copied"
    put(talk, "cut")
    tickets.edit_properties(talk.id, alice, {"Record.Cutin": "5"})
    assert talk.state == "cut"


# --- attention, comments ---------------------------------------------------------------------------------------------


def test_a_mark_for_attention_is_set_and_taken_away(talk, alice):
    tickets.set_attention(talk.id, alice, True, comment="sound?")
    tickets.set_attention(talk.id, alice, True)
    entries = [entry for entry in log_of(talk) if entry.event == "Edit.attention"]
    assert [(e.changes, e.comment) for e in entries] == [({"needs_attention": True}, "sound?")]
    assert tickets.set_attention(talk.id, alice, False).needs_attention is False


def test_a_comment_may_ask_for_attention_or_end_it(talk, bob):
    tickets.comment(talk.id, bob, "who is this?", attention=True)
    assert talk.needs_attention and log_of(talk)[-1].changes == {"needs_attention": True}
    tickets.comment(talk.id, bob, "found her", attention=False)
    assert not talk.needs_attention


def test_ones_own_comment_can_be_deleted_the_log_keeps_it(talk, alice, bob):
    row = tickets.comment(talk.id, bob, "stupid talk")
    with pytest.raises(NotPermitted, match="only bob and admins may delete it"):
        tickets.delete_comment(row.id, factories.make_user("carl"))
    tickets.delete_comment(row.id, bob)
    assert queries.comments([talk.id]) == [] and log_of(talk)[-1].comment == "of bob: stupid talk"
    again = tickets.comment(talk.id, bob, "once more")
    assert tickets.delete_comment(again.id, alice) is talk
    with pytest.raises(NotFound, match=f"no comment {again.id}"):
        tickets.delete_comment(again.id, alice)


# --- the log ---------------------------------------------------------------------------------------------------------


def test_one_verb_writes_one_row_for_its_ticket(project, alice, bob, worker):
    """What follows for other tickets is the tracker's and has rows of its own."""
    talk, file = make_recording(project, "cutting", values=FRAMES), make_encoding(project, "encoded")
    verbs = [
        (talk, lambda: tickets.start_cut(talk.id, bob)),
        (talk, lambda: tickets.finish_cut(talk.id, bob, 0, 10, "deu", 0)),
        (talk, lambda: tickets.set_state(talk.id, alice, "copied")),
        (talk, lambda: tickets.set_failed(talk.id, alice, True, comment="x")),
        (talk, lambda: tickets.set_failed(talk.id, alice, False)),
        (talk, lambda: tickets.set_priority(talk.id, alice, 2)),
        (talk, lambda: tickets.edit_properties(talk.id, alice, {"Record.Cutin": "1"})),
        (talk, lambda: tickets.comment(talk.id, bob, "x")),
        (talk, lambda: tickets.start_fix(talk.id, bob)),
        (talk, lambda: tickets.finish_fix(talk.id, bob, "a.ts")),
        (file, lambda: tickets.start_check(file.id, bob)),
        (file, lambda: tickets.assign(file.id, alice, alice)),
        (file, lambda: tickets.reject(file.id, alice, "x")),
        (file, lambda: tickets.set_failed(file.id, alice, False)),
        (file, lambda: tickets.set_state(file.id, alice, "ready to encode")),
        (file, lambda: tickets.claim_next(project, "encoding", worker)),
        (file, lambda: tickets.cancel(file.id, alice)),
        (file, lambda: tickets.reset(file.id, alice)),
    ]
    for number, (ticket, verb) in enumerate(verbs):
        before = len(log_of(ticket))
        verb()
        assert len(log_of(ticket)) == before + 1, number


def test_a_field_set_behind_the_verbs_is_in_the_next_row(talk, alice):
    """Whoever forgets to log a change cannot hide it for long."""
    talk.needs_attention = True
    db.session.flush()
    tickets.set_priority(talk.id, alice, 2)
    assert log_of(talk)[-1].changes == {"needs_attention": True, "own_priority": 2, "priority": 2}
    put(talk, "recorded")
    assert log_of(talk)[-1].changes == {}


def test_edited_properties_make_a_form_of_before_conflict(talk, alice, bob):
    seen = talk.version
    tickets.edit_properties(talk.id, alice, {"Record.Language": "eng"}, version=seen)
    with pytest.raises(Conflict):
        tickets.set_state(talk.id, bob, "cut", version=seen)


def test_the_log_keeps_no_secret(talk, bob):
    tickets.edit_properties(talk.id, bob, {"Publishing.Token": "geheim", "A.B": "1"})
    assert log_of(talk)[-1].comment == "Publishing.Token=(secret)\nA.B=1"
