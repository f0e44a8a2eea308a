"""What people change by hand."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import events, log_of, make_encoding, make_recording, put
from tracker import projects, properties, queries, tickets
from tracker.errors import Conflict, InvalidInput, NotPermitted
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


def test_edited_properties_are_logged_and_only_what_changed(talk, alice):
    properties.write(talk, {"A.a": "1", "A.b": "2"})
    changed = tickets.edit_properties(talk.id, alice, {"A.a": "1", "A.b": "", "A.c": "3", "Project.Slug": "x"})
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
