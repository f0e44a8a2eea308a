"""Who works on a ticket: assigned, taken over, left; nobody ever holds a ticket in a static state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import assign, events, log_of, make_encoding, make_recording, put
from tracker import projects, tickets, wire
from tracker.db import db, now
from tracker.errors import Conflict, InvalidInput, NotPermitted


@pytest.mark.parametrize(("make", "state", "working"), [(make_recording, "merged", "cutting"),
                                                        (make_encoding, "encoded", "checking")])  # fmt: skip
def test_a_person_who_is_given_a_ticket_works_on_it(project, alice, bob, make, state, working):
    ticket = tickets.assign(make(project, state).id, alice, bob, comment="you know the speaker")
    assert (ticket.state, ticket.user_id) == (working, bob.id)
    entry = log_of(ticket)[-1]
    assert (entry.actor, entry.event, entry.changes) == ("alice", "Edit.assigned", {"user_id": bob.id})
    assert entry.comment == "to bob: you know the speaker"


def test_a_worker_that_is_given_a_ticket_gets_it_when_it_asks_next(project, alice, worker):
    ticket = tickets.assign(make_encoding(project).id, alice, worker)
    assert (ticket.state, ticket.worker_id, ticket.attempt) == ("encoding", worker.id, 1)
    ticket.state_since = now() - timedelta(seconds=10)
    db.session.flush()
    assert tickets.claim_next(project, "encoding", worker) is ticket


def test_a_ticket_goes_from_one_to_another(project, cutting, alice, bob, worker):
    tickets.assign(cutting.id, bob, alice)
    assert (cutting.user_id, events(cutting)[-1]) == (alice.id, ("Edit.assigned", "cutting", "cutting"))
    ticket = assign(make_encoding(project), worker, "encoding")
    other = factories.make_worker("other.example.org")
    tickets.assign(ticket.id, alice, other)
    assert tickets.heartbeat(worker, ticket.id) == wire.TICKET_LOST and ticket.worker_id == other.id


def test_to_give_it_to_who_has_it_is_no_change(cutting, alice, bob):
    before = cutting.version
    assert tickets.assign(cutting.id, alice, bob).version == before


@pytest.mark.parametrize("state", ["recorded", "copied", "locked"])
def test_nobody_works_on_a_ticket_that_waits_for_something_else(project, alice, bob, state):
    with pytest.raises((InvalidInput, Conflict)):
        tickets.assign(make_recording(project, state).id, alice, bob)


def test_people_do_not_hold_what_scripts_do_nor_scripts_what_people_do(project, cutting, alice, worker):
    with pytest.raises(InvalidInput, match="'encoding' is done by encoder; alice cannot hold"):
        tickets.assign(make_encoding(project).id, alice, alice)
    with pytest.raises(InvalidInput, match=r"'cutting' is done by people; vm-encoder1\.example\.org cannot"):
        tickets.assign(cutting.id, alice, worker)


def test_only_people_who_may_work_here_are_given_tickets(project, alice):
    talk = make_recording(project, "merged")
    other = factories.make_project("other")
    for person in (factories.make_user("rita", "read only"), factories.make_user("charlie", only=[other])):
        with pytest.raises(NotPermitted, match=f"{person.name} may not work on tickets of project demo"):
            tickets.assign(talk.id, alice, person)


def test_who_cut_a_talk_is_not_given_its_check(project, alice, bob):
    ticket = make_encoding(project, "encoded")
    ticket.parent.cut_by_id = bob.id
    with pytest.raises(NotPermitted, match="somebody else has to check"):
        tickets.assign(ticket.id, alice, bob)
    projects.configure(project, separate_checker=False)
    assert tickets.assign(ticket.id, alice, bob).user_id == bob.id


def test_a_worker_of_a_group_without_the_project_is_given_nothing(project, alice, worker):
    worker.group.all_projects = False
    with pytest.raises(NotPermitted, match="works in group scripts, not for demo"):
        tickets.assign(make_encoding(project).id, alice, worker)


def test_what_is_taken_from_somebody_goes_back_to_where_it_was(project, cutting, alice, worker):
    tickets.assign(cutting.id, alice, None, comment="went home")
    assert (cutting.state, cutting.user_id, log_of(cutting)[-1].comment) == ("merged", None, "from bob: went home")
    ticket = assign(make_encoding(project), worker, "encoding")
    assert tickets.assign(ticket.id, alice, None).state == "ready to encode"
    with pytest.raises(Conflict, match="Nobody works on ticket"):
        tickets.assign(cutting.id, alice, None)


def test_what_is_being_published_is_not_taken_away_just_so(project, alice, worker):
    ticket = assign(make_encoding(project, "ready to release"), worker, "releasing")
    with pytest.raises(Conflict, match="is being published by"):
        tickets.assign(ticket.id, alice, None)


def test_a_failed_cut_that_is_given_to_somebody_is_no_longer_failed(project, cutting, alice, bob):
    tickets.unable(cutting.id, bob, "no sound")
    tickets.assign(cutting.id, bob, alice)
    assert (cutting.failed, cutting.user_id) == (False, alice.id)


def test_anything_that_people_do_can_be_taken_over(project, checking, alice, bob):
    task = tickets.handle(factories.make_misc(project).id, bob)
    for ticket in (checking, task):
        tickets.take_over(ticket.id, alice)
        assert (ticket.user_id, log_of(ticket)[-1].comment) == (alice.id, "taken over from bob")
    with pytest.raises(Conflict, match="nobody works on it by hand"):
        tickets.take_over(put(checking, "checked").id, alice)


def test_who_cut_a_talk_does_not_take_its_check_over(checking, alice):
    checking.parent.cut_by_id = alice.id
    with pytest.raises(NotPermitted):
        tickets.take_over(checking.id, alice)


def test_who_leaves_a_repair_puts_the_ticket_back_as_it_was(project, alice, bob):
    talk = make_recording(project, "merging")
    tickets.set_failed(talk.id, alice, True, comment="no segments")
    tickets.start_fix(talk.id, bob)
    tickets.take_over(talk.id, alice)
    tickets.leave(talk.id, alice)
    assert (talk.state, talk.failed, talk.waiting) == ("merging", True, "left without being repaired")
    file = put(make_encoding(project), "checked")
    tickets.start_fix(file.id, bob)
    assert tickets.leave(file.id, bob).state == "checked" and not file.failed


def test_every_verb_takes_the_version_that_was_seen(project, cutting, checking, alice, bob):
    task, talk = factories.make_misc(project), make_recording(project, "copied")
    verbs = (
        lambda v: tickets.start_cut(cutting.id, alice, take_over=True, version=v),
        lambda v: tickets.finish_cut(cutting.id, bob, 0, 10, "deu", 0, version=v),
        lambda v: tickets.expand(cutting.id, bob, 5, version=v),
        lambda v: tickets.unable(cutting.id, bob, "x", version=v),
        lambda v: tickets.leave(cutting.id, bob, version=v),
        lambda v: tickets.take_over(cutting.id, alice, version=v),
        lambda v: tickets.assign(cutting.id, alice, None, version=v),
        lambda v: tickets.start_check(checking.id, alice, take_over=True, version=v),
        lambda v: tickets.accept(checking.id, bob, version=v),
        lambda v: tickets.reject(checking.id, bob, "x", version=v),
        lambda v: tickets.send_back(checking.id, bob, "x", version=v),
        lambda v: tickets.set_attention(talk.id, alice, True, version=v),
        lambda v: tickets.set_priority(talk.id, alice, 2, version=v),
        lambda v: tickets.start_fix(talk.id, alice, version=v),
        lambda v: tickets.fix(talk.id, alice, "a.ts", version=v),
        lambda v: tickets.finish_fix(talk.id, alice, "a.ts", version=v),
        lambda v: tickets.reset(talk.id, alice, version=v),
        lambda v: tickets.reset_to_initial(talk.id, alice, version=v),
        lambda v: tickets.commence_by_hand(talk.id, alice, version=v),
        lambda v: tickets.cancel(talk.id, alice, version=v),
        lambda v: tickets.handle(task.id, alice, version=v),
        lambda v: tickets.resolve(task.id, alice, version=v),
        lambda v: tickets.wontfix(task.id, alice, "no", version=v),
    )
    for verb in verbs:
        with pytest.raises(Conflict, match="changed meanwhile"):
            verb(999)
    db.session.flush()
    assert (cutting.state, checking.state, task.state, talk.state) == ("cutting", "checking", "open", "copied")
