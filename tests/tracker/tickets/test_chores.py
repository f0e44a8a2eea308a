"""Miscellaneous tickets: free or about a talk, handled, resolved or not."""

from __future__ import annotations

import pytest

from tests.factories import events, make_misc, make_recording
from tracker import queries, tickets
from tracker.errors import Conflict, InvalidInput
from tracker.tickets import TRACKER


def test_a_task_is_handled_and_resolved(project, bob):
    task = tickets.handle(make_misc(project).id, bob)
    assert (task.state, task.user_id) == ("inprogress", bob.id)
    tickets.resolve(task.id, bob, "reencoded")
    assert (task.state, task.user_id) == ("resolved", None)
    assert events(task)[-2:] == [("Action.handle", "open", "inprogress"), ("Action.resolved", "inprogress", "resolved")]


def test_what_will_not_be_done_needs_a_reason(project, bob):
    task = make_misc(project)
    with pytest.raises(InvalidInput, match="why it will not be done"):
        tickets.wontfix(task.id, bob, " ")
    assert tickets.wontfix(task.id, bob, "cannot be heard").state == "wontfix"


def test_a_task_of_somebody_else_is_left_alone_unless_taken_over(project, alice, bob):
    task = tickets.handle(make_misc(project).id, bob)
    for verb in (tickets.handle, tickets.resolve, lambda n, u: tickets.wontfix(n, u, "no")):
        with pytest.raises(Conflict, match="bob is working on"):
            verb(task.id, alice)
    assert tickets.handle(task.id, alice, take_over=True).user_id == alice.id


def test_what_is_over_is_over(project, bob):
    task = tickets.resolve(make_misc(project).id, bob)
    for verb in (tickets.handle, tickets.resolve):
        with pytest.raises(Conflict):
            verb(task.id, bob)


def test_other_tickets_are_no_tasks(project, bob):
    with pytest.raises(InvalidInput, match="is a recording ticket, not a misc ticket"):
        tickets.resolve(make_recording(project).id, bob)


def test_tasks_are_listed_urgent_ones_first(project, alice):
    talk = make_recording(project)
    free, about, urgent = (
        tickets.create_misc(project, TRACKER, t, p) for t, p in (("a", None), ("b", talk), ("c", talk))
    )
    tickets.set_attention(urgent.id, alice, True)
    assert list(queries.misc_tickets(project.id)) == [urgent, about, free]
    tickets.resolve(about.id, alice)
    assert list(queries.misc_tickets(project.id, recording_id=talk.id, states=["open"])) == [urgent]


SENTENCES = {
    "open": "Waits for somebody to handle it.",
    "inprogress": "Nobody is at it; somebody has to take it up.",
    "resolved": "",
    "wontfix": "",
}


@pytest.mark.parametrize(("state", "sentence"), SENTENCES.items())
def test_a_task_says_what_it_waits_for(project, alice, state, sentence):
    assert tickets.why_waiting(tickets.set_state(make_misc(project).id, alice, state)) == sentence
