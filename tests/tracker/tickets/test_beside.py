"""Further formats of the talk whose ticket a worker holds: under the same conditions as any claim, each by itself."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest

from tests import factories
from tests.factories import committing, encoding, log_of, make_recording, make_worker, put
from tests.tracker.tickets.sequences import depend
from tracker import projects, properties, queries, tickets, workers
from tracker.db import db, now, transaction
from tracker.errors import InvalidInput, NoService, NotAssigned, NotFound
from tracker.models import Ticket
from tracker.workers import groups

FORMATS = ("hd", "mp3", "opus")


@pytest.fixture
def project(db_session):
    return factories.make_project(formats=FORMATS)


@pytest.fixture
def talk(project) -> list[Ticket]:
    """Return the encoding tickets of a copied talk."""
    return formats_of(make_recording(project, "copied", values={"Record.Cutin": "7", "Record.Cutout": "9"}))


def formats_of(recording) -> list[Ticket]:
    return [encoding(recording, slug) for slug in FORMATS]


def beside(ticket, worker, most=4, lease_s=None, **more) -> list[Ticket]:
    return tickets.claim_beside(ticket.id, ticket.project, worker, most, lease_s, **more)


def test_each_is_a_ticket_of_its_own(project, talk, worker):
    other = make_recording(project, "copied")
    first = tickets.claim_next(project, "encoding", worker, 60)
    taken = beside(first, worker, lease_s=90)
    assert [first, *taken] == talk
    for ticket in taken:
        assert (ticket.state, ticket.worker_id, ticket.lease_s, ticket.attempt) == ("encoding", worker.id, 90, 1)
        entry = log_of(ticket)[-1]
        assert (entry.event, entry.comment) == (
            "RPC.assignNextUnassignedForState",
            f"beside ticket {first.id} of the same talk",
        )
        assert properties.own(ticket)["Encoding.Cut"] == "7-9-deu-0"
    assert {ticket.state for ticket in formats_of(other)} == {"ready to encode"}


def test_they_end_one_by_one(project, talk, worker):
    first = tickets.claim_next(project, "encoding", worker, 60)
    second, third = beside(first, worker)
    assert tickets.fail(second.id, project, worker, "It is too short.")
    assert tickets.give_back(third.id, project, worker, "no room") and tickets.finish(first.id, project, worker)
    assert [(ticket.state, ticket.failed) for ticket in talk] == [
        ("encoded", False),
        ("encoding", True),
        ("ready to encode", False),
    ]
    assert tickets.finish(third.id, project, worker) is False


@pytest.mark.parametrize(("most", "count"), [(0, 0), (1, 1), (16, 2)])
def test_no_more_than_asked_for(project, talk, worker, most, count):
    first = tickets.claim_next(project, "encoding", worker)
    assert len(beside(first, worker, most)) == count


@pytest.mark.parametrize(("most", "told"), [(-1, "-1"), (17, "17"), (int(1e300), "1e+300")])
def test_a_number_beyond_the_bounds_is_refused(project, talk, worker, most, told):
    first = tickets.claim_next(project, "encoding", worker)
    with pytest.raises(InvalidInput, match=f"most is {re.escape(told)}; it may be 0 to 16"):
        beside(first, worker, most)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda ticket: setattr(ticket, "failed", True),
        lambda ticket: setattr(ticket, "priority", 0.0),
        lambda ticket: setattr(ticket, "withdraw", True),
        lambda ticket: setattr(ticket, "not_before", now() + timedelta(hours=1)),
        lambda ticket: setattr(ticket, "user_id", factories.make_user("carla", "user").id),
        lambda ticket: put(ticket, "encoded"),
    ],
    ids=["failed", "switched off", "to be withdrawn", "not yet", "in a person's hands", "done"],
)
def test_what_no_claim_gets_is_not_got_this_way(project, talk, worker, spoil):
    first = tickets.claim_next(project, "encoding", worker)
    spoil(talk[2])
    db.session.flush()
    assert beside(first, worker) == [talk[1]]


def test_what_depends_on_another_format_waits_for_it(project, worker):
    depend(project)
    talk = formats_of(make_recording(project, "copied"))
    first = tickets.claim_next(project, "encoding", worker)
    assert first is talk[0] and beside(first, worker) == []


@pytest.mark.parametrize("policy", [{"draining": True}, {"stopped_states": ["encoding"]}], ids=str)
def test_policies_of_the_project_hold(project, talk, worker, policy):
    first = tickets.claim_next(project, "encoding", worker)
    projects.regulate(project, **policy)
    assert beside(first, worker) == []


def test_a_worker_on_hold_gets_nothing_more(project, talk, worker):
    first = tickets.claim_next(project, "encoding", worker)
    worker.held = True
    assert beside(first, worker) == []


@pytest.fixture
def mine(project):
    """Make a worker of a group that works for the project."""
    group = groups.create("encoders", secret_key="k" * 64)[0]
    groups.add_project(group, project)
    return workers.register(group, "vm-1")


@pytest.mark.parametrize("setting", [{"paused": True}, {"states": ["merging"]}, {"max_tickets": 1}], ids=str)
def test_settings_of_the_group_hold(project, talk, mine, setting):
    first = tickets.claim_next(project, "encoding", mine)
    groups.configure(mine.group, **setting)
    assert beside(first, mine) == []


def test_the_group_has_no_more_than_it_may(project, talk, mine):
    groups.configure(mine.group, max_tickets=2)
    assert len(beside(tickets.claim_next(project, "encoding", mine), mine)) == 1


@pytest.mark.parametrize(("kept", "count"), [("mp3", 1), ("opus", 1), ("hd", 0)])
def test_the_filter_of_the_group_holds(project, talk, mine, kept, count):
    rule = {"property": "EncodingProfile.Slug", "in": ["hd", kept]}
    groups.set_filter(mine.group, project, rule)
    taken = beside(tickets.claim_next(project, "encoding", mine), mine)
    assert [properties.merged(ticket)["EncodingProfile.Slug"] for ticket in taken] == [kept] * count


def test_spare_ones_are_taken_while_other_talks_wait(project, talk, worker):
    first = tickets.claim_next(project, "encoding", worker)
    assert beside(first, worker, spare=True) == []
    make_recording(project, "copied")
    assert beside(first, worker, spare=True) == talk[1:]


def test_only_the_holder_may_ask(project, talk, worker):
    first = tickets.claim_next(project, "encoding", worker)
    with pytest.raises(NotAssigned):
        beside(first, make_worker("vm-other.example.org"))
    with pytest.raises(NotAssigned):
        beside(talk[1], worker)
    with pytest.raises(NotFound):
        tickets.claim_beside(first.id, factories.make_project("other"), worker, 4)
    tickets.finish(first.id, project, worker)
    with pytest.raises((NotAssigned, NoService)):
        beside(first, worker)


def test_a_recording_has_nothing_beside_it(project, worker):
    make_recording(project, "cut")
    assert beside(tickets.claim_next(project, "copying", worker), worker) == []


def test_a_format_that_kills_workers_does_not_take_the_others_along(project, talk):
    for number in range(20):
        mine = make_worker(f"vm-{number}.example.org")
        first = tickets.claim_next(project, "encoding", mine, 60)
        if first is None:
            break
        got = [first, *beside(first, mine, lease_s=60)]
        assert got == (talk if number == 0 else [first]), "after a loss each goes by itself"
        for ticket in got:
            if talk[1] in got:
                ticket.lease_until = now() - timedelta(seconds=1)
            else:
                tickets.finish(ticket.id, project, mine)
        db.session.flush()
        tickets.return_silent()
    assert [(ticket.state, ticket.failed, ticket.losses) for ticket in talk] == [
        ("encoded", False, 0),
        ("encoding", True, project.max_attempts),
        ("encoded", False, 0),
    ]


def test_what_was_lost_is_stepped_over(project, talk, worker):
    talk[1].losses = 1
    db.session.flush()
    assert beside(tickets.claim_next(project, "encoding", worker), worker) == [talk[2]]


def test_two_who_ask_at_once_never_get_the_same(committed_db):
    with committing(committed_db) as app:
        with app.app_context(), transaction():
            make_recording(factories.make_project(formats=FORMATS), "copied")
        begin, got = threading.Barrier(2, timeout=30), []

        def work(name: str) -> None:
            with app.app_context(), transaction():
                me = queries.register_worker(queries.v3_group().id, name)
                first = tickets.claim_next(projects.get("demo"), "encoding", me).id
            begin.wait()
            with app.app_context(), transaction():
                me = queries.register_worker(queries.v3_group().id, name)
                taken = tickets.claim_beside(first, projects.get("demo"), me, 4)
                got.extend([first, *(ticket.id for ticket in taken)])

        threads = [threading.Thread(target=work, args=(f"vm-{n}",)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == len(set(got)) and 2 <= len(got) <= 3
