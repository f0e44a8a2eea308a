"""Priority: own, times the recording's, times the profile's, each once; 0 holds a ticket back and never sticks."""

from __future__ import annotations

import pytest

from tests.factories import encoding, log_of, make_encoding, make_recording
from tracker import profiles, tickets
from tracker.errors import InvalidInput
from tracker.tickets import TRACKER


def test_the_three_factors_count_once_each(project, alice):
    profiles.use(project, "hd", 0.5)
    talk = make_recording(project, "copied")
    tickets.set_priority(talk.id, alice, 1.5)
    tickets.set_priority(encoding(talk).id, alice, 2)
    assert (talk.priority, encoding(talk).priority) == (1.5, 1.5 * 0.5 * 2)


def test_another_priority_of_the_profile_holds_for_tickets_that_exist(project):
    talk = make_recording(project, "copied")
    found = []
    for priority in (0.5, 0.0, 1.5, 1.0):
        profiles.use(project, "hd", priority)
        found.append(encoding(talk).priority)
    assert found == [0.5, 0.0, 1.5, 1.0]
    assert [e.changes for e in log_of(encoding(talk)) if e.event == "Priority"] == [{"priority": p} for p in found]


def test_a_ticket_made_while_its_profile_was_off_is_worked_on_when_it_is_on_again(project, worker):
    profiles.use(project, "hd", 0)
    talk = make_recording(project, "copied")
    assert tickets.claim_next(project, "encoding", worker) is None
    assert tickets.why_waiting(encoding(talk)) == "Its profile is switched off (priority 0)."
    profiles.use(project, "hd", 1)
    assert tickets.claim_next(project, "encoding", worker) is encoding(talk)


def test_children_follow_the_recording_miscellaneous_ones_too(project, alice):
    talk = make_recording(project, "copied")
    task = tickets.create_misc(project, TRACKER, "sound", talk)
    tickets.set_priority(talk.id, alice, 0)
    assert (encoding(talk).priority, task.priority) == (0, 0)
    assert tickets.why_waiting(encoding(talk)) == "The priority of its recording is 0: no script gets it."
    assert encoding(talk).own_priority == 1
    tickets.set_priority(talk.id, alice, 2)
    assert (encoding(talk).priority, task.priority) == (2, 2)


def test_urgent_tickets_go_first(project, worker, alice):
    first, second = make_encoding(project), make_encoding(project)
    tickets.set_priority(second.id, alice, 1.5)
    assert [tickets.claim_next(project, "encoding", worker) for _ in range(2)] == [second, first]


def test_its_own_priority_0_says_so(project, alice):
    ticket = tickets.set_priority(make_encoding(project).id, alice, 0, comment="later")
    assert tickets.why_waiting(ticket) == "Its priority is 0: no script gets it."
    entry = log_of(ticket)[-1]
    assert (entry.event, entry.changes, entry.comment) == (
        "Edit.priority",
        {"own_priority": 0, "priority": 0},
        "later",
    )


@pytest.mark.parametrize("priority", [-0.1, 1000.1, float("nan"), float("inf")])
def test_a_priority_that_is_none_is_refused(project, alice, priority):
    with pytest.raises(InvalidInput, match="A priority is a number from 0 to 1000"):
        tickets.set_priority(make_recording(project).id, alice, priority)


def test_the_same_priority_is_no_change(project, alice):
    ticket = make_recording(project)
    before = ticket.version, len(log_of(ticket))
    tickets.set_priority(ticket.id, alice, 1)
    assert (ticket.version, len(log_of(ticket))) == before
