"""Dispatch: exact claims in the right order, leases, late and repeated answers (design D5)."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.factories import assign, committing, events, make_encoding, make_recording, make_worker, put
from tracker import projects, queries, tickets, users, wire
from tracker.db import db, now, transaction
from tracker.errors import InvalidInput, NoService, NotAssigned, NotFound
from tracker.models import LogEntry, Ticket
from tracker.tickets.claims import ASSIGN
from tracker.tickets.dispatch import DONE, FAIL
from tracker.tickets.leases import LOST
from tracker.tickets.signs import LOG_TAIL

ENCODER = "encoding"


@pytest.fixture
def ticket(project):
    return make_encoding(project)


@pytest.fixture
def other(db_session):
    return make_worker("vm-encoder2.example.org")


def age(ticket: Ticket, **ago: float) -> Ticket:
    """Let a ticket have been in its state for longer."""
    ticket.state_since = now() - timedelta(**ago)
    db.session.flush()
    return ticket


def silence(ticket: Ticket) -> Ticket:
    """Let the lease of a ticket have run out."""
    ticket.lease_until = now() - timedelta(minutes=1)
    db.session.flush()
    return ticket


# --- claiming ------------------------------------------------------------------------------------------------


def test_a_claim_gives_the_ticket_to_the_worker(project, ticket, worker):
    found = tickets.claim_next(project, ENCODER, worker)
    assert found is ticket
    assert (found.state, found.worker_id, found.attempt, found.lease_until) == ("encoding", worker.id, 1, None)
    assert events(ticket)[-1] == (ASSIGN, "ready to encode", "encoding")


def test_there_is_nothing_when_all_is_taken(project, ticket, worker, other):
    assert tickets.claim_next(project, ENCODER, worker) is ticket
    assert tickets.claim_next(project, ENCODER, other) is None


@pytest.mark.parametrize(
    ("state", "source", "make"),
    [
        ("recording", "scheduled", make_recording),
        ("merging", "recorded", make_recording),
        ("copying", "cut", make_recording),
        ("encoding", "ready to encode", make_encoding),
        ("postprocessing", "checked", make_encoding),
        ("releasing", "ready to release", make_encoding),
    ],
)
def test_each_script_takes_from_the_state_before_its_own(project, worker, state, source, make):
    wanted = put(make(project), source)
    assert tickets.claim_next(project, state, worker) is wanted
    assert tickets.claim_next(project, state, make_worker("x.example")) is None


@pytest.mark.parametrize(
    "state", ["cutting", "checking", "recorded", "released", "nonsense", "", "inprogress", "fixing"]
)
def test_only_states_that_scripts_work_in_are_served(project, worker, state):
    with pytest.raises(NoService, match="there is work for: recording, merging"):
        tickets.claim_next(project, state, worker)


def test_work_of_another_project_is_not_handed_out(ticket, worker):
    assert tickets.claim_next(factories.make_project("other"), ENCODER, worker) is None


def test_a_state_switched_off_is_stepped_over(project, worker):
    projects.configure(project, disabled_states={"encoding": ["checking", "checked"]})
    wanted = make_encoding(project, "encoded")
    assert tickets.claim_next(project, "postprocessing", worker) is wanted


@pytest.mark.parametrize(
    "change",
    [
        {"failed": True},
        {"withdraw": True},
        {"priority": 0.0},
        {"not_before": datetime(2999, 1, 1, tzinfo=UTC)},
        {"state": "encoded"},
    ],
    ids=str,
)
def test_what_may_not_be_worked_on_is_not_handed_out(project, ticket, worker, change):
    for name, value in change.items():
        setattr(ticket, name, value)
    db.session.flush()
    assert tickets.claim_next(project, ENCODER, worker) is None


def test_a_ticket_that_waited_is_handed_out_after_its_time(project, ticket, worker):
    ticket.not_before = now() - timedelta(seconds=60)
    assert tickets.claim_next(project, ENCODER, worker) is ticket


def test_a_ticket_that_a_person_holds_is_not_handed_out(project, ticket, worker, bob):
    ticket.user_id = bob.id
    assert tickets.claim_next(project, ENCODER, worker) is None


def test_an_encoding_whose_recording_failed_is_not_handed_out(project, ticket, worker, alice):
    tickets.set_failed(ticket.parent_id, alice, True, comment="wrong talk")
    assert tickets.claim_next(project, ENCODER, worker) is None


# --- the order -----------------------------------------------------------------------------------------------


def test_the_longest_waiting_goes_first(project, worker):
    young, old = age(make_encoding(project), minutes=1), age(make_encoding(project), minutes=2)
    assert [tickets.claim_next(project, ENCODER, worker) for _ in range(3)] == [old, young, None]


def test_priority_goes_before_waiting(project, worker):
    old, urgent = age(make_encoding(project), hours=9), make_encoding(project)
    urgent.priority = 2.0
    assert [tickets.claim_next(project, ENCODER, worker) for _ in range(2)] == [urgent, old]


def test_what_this_worker_failed_comes_last(project, worker, other, alice):
    broken = make_encoding(project)
    broken.priority = 5.0
    assign(broken, worker, ENCODER)
    tickets.fail(broken.id, project, worker, "crashed")
    tickets.set_failed(broken.id, alice, False)
    fresh = make_encoding(project)
    assert tickets.claim_next(project, ENCODER, worker) is fresh
    put(fresh, "ready to encode")
    assert tickets.claim_next(project, ENCODER, other) is broken
    put(broken, "ready to encode")
    assert [tickets.claim_next(project, ENCODER, worker) for _ in range(2)] == [fresh, broken]


# --- many at once, with real commits -------------------------------------------------------------------------

THREADS, TICKETS = 8, 200


def test_each_of_200_tickets_goes_to_one_of_8_workers_that_ask_at_once(committed_db):
    """And nobody is told "nothing" while a ticket can still be claimed by a later question."""
    with committing(committed_db) as app:
        with app.app_context(), transaction():
            project = factories.make_project(formats=())
            rows = [
                Ticket(project=project, type="recording", state="recorded", fahrplan_id=n + 1) for n in range(TICKETS)
            ]
            db.session.add_all(rows)
        claimed: list[tuple[float, int]] = []
        nothing: list[float] = []
        begin = threading.Barrier(THREADS, timeout=30)

        def ask(name: str) -> int | None:
            """Claim and, as workers do, name the ticket, so that it is not handed out again after 10 seconds."""
            with app.app_context(), transaction():
                me = queries.register_worker(queries.v3_group().id, name)
                found = tickets.claim_next(projects.get("demo"), "merging", me)
                if found is not None:
                    tickets.heartbeat(me, found.id)
                return found.id if found else None

        def work(name: str) -> None:
            begin.wait()
            asked = time.monotonic()
            while (number := ask(name)) is not None:
                claimed.append((asked, number))
                asked = time.monotonic()
            nothing.append(time.monotonic())

        threads = [threading.Thread(target=work, args=(f"vm-{n}.example",)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(nothing) == THREADS
        assert len(claimed) == len({number for _, number in claimed}) == TICKETS
        assert max(asked for asked, _ in claimed) < min(nothing)
        with app.app_context():
            assert db.session.scalar(select(func.count()).where(LogEntry.event == ASSIGN)) == TICKETS


def test_a_ticket_into_whose_log_somebody_writes_is_waited_for(committed_db):
    with committing(committed_db) as app:
        with app.app_context(), transaction():
            number = make_encoding(factories.make_project()).id
        locked = threading.Event()

        def write() -> None:
            with app.app_context(), transaction():
                me = make_worker("vm-a.example")
                tickets.add_log(number, projects.get("demo"), me, "hello")
                locked.set()
                time.sleep(0.3)

        thread = threading.Thread(target=write)
        thread.start()
        assert locked.wait(20)
        with app.app_context(), transaction():
            found = tickets.claim_next(projects.get("demo"), ENCODER, make_worker("vm-b.example"))
            assert found is not None and found.id == number
        thread.join()


def test_a_claim_steps_over_a_ticket_that_is_locked_when_there_is_another(committed_db):
    with committing(committed_db) as app:
        with app.app_context(), transaction():
            project = factories.make_project()
            first, second = (make_encoding(project).id for _ in range(2))
        locked, claimed = threading.Event(), threading.Event()
        waited: list[bool] = []

        def hold() -> None:
            with app.app_context(), transaction():
                tickets.lock(first)
                locked.set()
                waited.append(claimed.wait(20))

        thread = threading.Thread(target=hold)
        thread.start()
        assert locked.wait(20)
        with app.app_context(), transaction():
            found = tickets.claim_next(projects.get("demo"), ENCODER, make_worker())
            assert found is not None and found.id == second
        claimed.set()
        thread.join()
        assert waited == [True]


def test_an_answer_that_changed_while_one_waited_for_it_is_nothing(committed_db):
    """The ticket is claimed by the first; the second waited for it and must not get it."""
    with committing(committed_db) as app:
        with app.app_context(), transaction():
            make_encoding(factories.make_project())
        locked = threading.Event()

        def take() -> None:
            with app.app_context(), transaction():
                assert tickets.claim_next(projects.get("demo"), ENCODER, make_worker("vm-a.example"))
                locked.set()
                time.sleep(0.3)

        thread = threading.Thread(target=take)
        thread.start()
        assert locked.wait(20)
        with app.app_context(), transaction():
            assert tickets.claim_next(projects.get("demo"), ENCODER, make_worker("vm-b.example")) is None
        thread.join()


# --- a lost answer -------------------------------------------------------------------------------------------


def test_a_ticket_not_named_for_10_seconds_is_handed_out_again_to_the_same_worker(project, ticket, worker):
    age(assign(ticket, worker, ENCODER), seconds=10)
    assert tickets.claim_next(project, ENCODER, worker) is ticket
    assert ticket.attempt == 1 and events(ticket).count((ASSIGN, "ready to encode", "encoding")) == 1


def test_it_is_not_before_10_seconds(project, ticket, worker):
    age(assign(ticket, worker, ENCODER), seconds=1)
    assert tickets.claim_next(project, ENCODER, worker) is None


@pytest.mark.parametrize(
    "name",
    [
        lambda number, project, worker: tickets.heartbeat(worker, number),
        lambda number, project, worker: tickets.add_log(number, project, worker, "hello"),
        lambda number, project, worker: tickets.set_properties(number, project, worker, {"A.b": "1"}),
    ],
    ids=["ping", "addLog", "setTicketProperties"],
)
def test_it_is_not_once_the_worker_named_it(project, ticket, worker, name):
    age(assign(ticket, worker, ENCODER), minutes=1)
    name(ticket.id, project, worker)
    assert tickets.claim_next(project, ENCODER, worker) is None


def test_it_is_not_for_another_worker_or_another_state(project, ticket, worker, other):
    age(assign(ticket, worker, ENCODER), minutes=1)
    assert tickets.claim_next(project, ENCODER, other) is None
    assert tickets.claim_next(project, "releasing", worker) is None


def test_it_comes_before_other_work(project, ticket, worker):
    age(assign(ticket, worker, ENCODER), minutes=1)
    make_encoding(project)
    assert tickets.claim_next(project, ENCODER, worker) is ticket


# --- leases --------------------------------------------------------------------------------------------------


def test_a_lease_begins_with_the_claim_and_is_renewed_by_each_heartbeat(project, ticket, worker):
    tickets.claim_next(project, ENCODER, worker, 60)
    assert timedelta(seconds=30) < ticket.lease_until - now() <= timedelta(seconds=60)
    ticket.lease_until = now() + timedelta(seconds=1)
    assert tickets.heartbeat(worker, ticket.id, "", 40.0, 90) == wire.OK
    assert timedelta(seconds=61) < ticket.lease_until - now() <= timedelta(seconds=90)
    assert ticket.percent == 40


def test_a_lease_has_an_upper_bound(project, ticket, worker):
    tickets.claim_next(project, ENCODER, worker, 999_999)
    assert ticket.lease_s == 24 * 3600


def test_a_silent_worker_loses_its_ticket_and_the_log_says_so(project, ticket, worker, other):
    silence(assign(ticket, worker, ENCODER, lease_s=60))
    assert tickets.return_silent() == 1
    assert (ticket.state, ticket.worker_id, ticket.lease_until, ticket.losses) == ("ready to encode", None, None, 1)
    assert events(ticket)[-1] == (LOST, "encoding", "ready to encode")
    assert "went silent for more than 60 s" in factories.log_of(ticket)[-1].comment
    assert tickets.claim_next(project, ENCODER, other) is ticket and ticket.attempt == 2


def test_the_next_claim_returns_what_was_lost(project, ticket, worker, other):
    silence(assign(ticket, worker, ENCODER, lease_s=60))
    assert tickets.claim_next(project, ENCODER, other) is ticket


def test_a_ticket_lost_too_often_in_a_row_fails(project, ticket, worker):
    for losses in (1, 2, 3):
        silence(assign(ticket, worker, ENCODER, lease_s=60))
        tickets.return_silent()
        assert ticket.losses == losses
    assert (ticket.failed, ticket.state, ticket.worker_id) == (True, "encoding", None)
    assert "lost 3 times in a row" in tickets.why_waiting(ticket)
    assert tickets.claim_next(project, ENCODER, worker) is None


@pytest.mark.parametrize("end", ["done", "given back", "unfailed"])
def test_losses_count_in_a_row_only(project, ticket, worker, alice, end):
    ticket.losses = 2
    assign(ticket, worker, ENCODER, lease_s=60)
    if end == "done":
        tickets.finish(ticket.id, project, worker)
    elif end == "given back":
        tickets.give_back(ticket.id, project, worker, "stopped")
    else:
        tickets.fail(ticket.id, project, worker, "broken")
        tickets.set_failed(ticket.id, alice, False)
    assert ticket.losses == 0


def test_a_worker_without_a_lease_is_never_taken_from(project, ticket, worker):
    age(assign(ticket, worker, ENCODER), hours=5)
    worker.last_seen = now() - timedelta(hours=5)
    assert tickets.return_silent() == 0
    assert tickets.heartbeat(worker, ticket.id) == wire.OK
    assert (ticket.worker_id, ticket.lease_until) == (worker.id, None)


def test_a_heartbeat_tells_that_the_ticket_is_lost(project, ticket, worker, other):
    assign(ticket, worker, ENCODER)
    for who, number in ((other, ticket.id), (worker, 999_999), (worker, 0), (worker, 2**40)):
        assert tickets.heartbeat(who, number) == wire.TICKET_LOST
    put(ticket, "material needed")
    assert tickets.heartbeat(worker, ticket.id) == wire.TICKET_LOST


def test_a_heartbeat_brings_a_queued_command_once(worker):
    worker.command = "stop"
    assert tickets.heartbeat(worker) == "stop"
    db.session.refresh(worker)
    assert tickets.heartbeat(worker) == wire.OK


def test_a_heartbeat_keeps_the_end_of_the_output(worker):
    tickets.heartbeat(worker, delta="x" * LOG_TAIL)
    db.session.refresh(worker)
    tickets.heartbeat(worker, delta="\x00end")
    db.session.refresh(worker)
    assert worker.log_tail.endswith("xend") and len(worker.log_tail) == LOG_TAIL


@pytest.mark.parametrize(("told", "kept"), [(-5, 0), (55.5, 55.5), (1000, 100), (None, 0)])
def test_percent_stays_in_its_bounds(project, ticket, worker, told, kept):
    assign(ticket, worker, ENCODER)
    tickets.heartbeat(worker, ticket.id, "", told)
    db.session.flush()
    assert ticket.percent == kept


# --- done, failed, late and repeated -------------------------------------------------------------------------


def test_done_moves_the_ticket_on(project, ticket, worker):
    assign(ticket, worker, ENCODER)
    assert tickets.finish(ticket.id, project, worker, "all good") is True
    assert (ticket.state, ticket.worker_id) == ("encoded", None)
    entry = factories.log_of(ticket)[-1]
    assert (entry.event, entry.actor, entry.comment) == (DONE, worker.name, "all good")


def test_failed_keeps_the_ticket_where_it_is_with_the_reason(project, ticket, worker):
    assign(ticket, worker, ENCODER)
    assert tickets.fail(ticket.id, project, worker, "ffmpeg: no space\nsecond line") is True
    assert (ticket.state, ticket.failed, ticket.worker_id) == ("encoding", True, None)
    assert ticket.waiting == "ffmpeg: no space" and events(ticket)[-1][0] == FAIL


@pytest.mark.parametrize("verb", [tickets.finish, tickets.fail])
def test_a_repeated_answer_is_true_and_changes_nothing(project, ticket, worker, verb):
    assign(ticket, worker, ENCODER)
    assert verb(ticket.id, project, worker, "x") is True
    before = (ticket.state, ticket.failed, ticket.version, len(factories.log_of(ticket)))
    assert verb(ticket.id, project, worker, "x") is True
    assert (ticket.state, ticket.failed, ticket.version, len(factories.log_of(ticket))) == before


@pytest.mark.parametrize("verb", [tickets.finish, tickets.fail])
def test_a_late_answer_is_false_changes_nothing_and_is_logged(project, ticket, worker, other, verb):
    silence(assign(ticket, worker, ENCODER, lease_s=60))
    assert tickets.claim_next(project, ENCODER, other) is ticket
    before = (ticket.state, ticket.failed, ticket.worker_id, ticket.version)
    assert verb(ticket.id, project, worker, "I was away") is False
    assert (ticket.state, ticket.failed, ticket.worker_id, ticket.version) == before
    late = factories.log_of(ticket)[-1]
    assert late.event.endswith(".late") and late.actor == worker.name and "I was away" in late.comment


@pytest.mark.parametrize("verb", [tickets.finish, tickets.fail])
def test_who_never_had_the_ticket_is_refused(project, ticket, worker, other, verb):
    assign(ticket, worker, ENCODER)
    with pytest.raises(NotAssigned, match=f"Ticket {ticket.id} was never assigned to {other.name}"):
        verb(ticket.id, project, other, "mine!")
    assert (ticket.worker_id, events(ticket)[-1][0]) == (worker.id, ASSIGN)


@pytest.mark.parametrize(
    "verb",
    [
        tickets.finish,
        tickets.fail,
        lambda n, p, w: tickets.give_back(n, p, w, "x"),
        lambda n, p, w: tickets.add_log(n, p, w, "x"),
    ],
)
def test_a_ticket_of_another_project_is_not_found(ticket, worker, verb):
    with pytest.raises(NotFound):
        verb(ticket.id, factories.make_project("other"), worker)
    with pytest.raises(NotFound):
        verb(999_999, ticket.project, worker)


def test_done_steps_over_a_state_switched_off(project, worker):
    projects.configure(project, disabled_states={"encoding": ["encoded", "checking"]})
    ticket = assign(make_encoding(project), worker, ENCODER)
    tickets.finish(ticket.id, project, worker)
    assert ticket.state == "checked"


# --- giving back ---------------------------------------------------------------------------------------------


def test_a_ticket_given_back_waits_with_its_reason(project, ticket, worker, other):
    assign(ticket, worker, ENCODER)
    assert tickets.give_back(ticket.id, project, worker, "segment 3 is missing", 600) is True
    assert (ticket.state, ticket.worker_id, ticket.failed) == ("ready to encode", None, False)
    assert tickets.claim_next(project, ENCODER, other) is None
    assert tickets.why_waiting(ticket).startswith("segment 3 is missing Next try at ")


def test_a_ticket_given_back_without_delay_is_free_at_once(project, ticket, worker, other):
    assign(ticket, worker, ENCODER)
    tickets.give_back(ticket.id, project, worker, "stopped")
    assert tickets.claim_next(project, ENCODER, other) is ticket


def test_only_the_holder_gives_back(project, ticket, worker, other):
    assign(ticket, worker, ENCODER)
    assert tickets.give_back(ticket.id, project, other, "x") is False
    assert ticket.worker_id == worker.id


@pytest.mark.parametrize("delay", [-1, 7 * 24 * 3600 + 1])
def test_the_delay_has_bounds(project, ticket, worker, delay):
    assign(ticket, worker, ENCODER)
    with pytest.raises(InvalidInput, match="retry_after_s"):
        tickets.give_back(ticket.id, project, worker, "x", delay)


# --- the next state, without having the ticket (script A) ------------------------------------------------------


def test_a_free_ticket_that_is_still_in_its_state_moves_on(project, worker):
    talk = make_recording(project)
    assert tickets.next_state(talk.id, project, "scheduled", worker, "it begins") is True
    assert tickets.next_state(talk.id, project, "recording", worker) is True
    assert talk.state == "recorded" and [e[0] for e in events(talk)] == ["RPC.setTicketNextState"] * 2


def test_it_does_not_when_it_is_elsewhere_failed_or_held(project, worker, ticket, other):
    talk = make_recording(project)
    assert tickets.next_state(talk.id, project, "recording", worker) is False
    assert tickets.next_state(talk.id, project, "nonsense", worker) is False
    talk.failed = True
    assert tickets.next_state(talk.id, project, "scheduled", worker) is False
    assign(ticket, other, ENCODER)
    assert tickets.next_state(ticket.id, project, "encoding", worker) is False


@pytest.mark.parametrize("state", ["locked", "merged", "cutting", "copied"])
def test_no_script_takes_a_ticket_out_of_a_state_that_people_leave(project, worker, state):
    talk = make_recording(project, state)
    with pytest.raises(NoService):
        tickets.next_state(talk.id, project, state, worker)


@pytest.mark.parametrize(("state", "following"), [("recorded", "merging"), ("cut", "copying")])
def test_nor_into_a_state_in_which_a_script_has_to_hold_it(project, worker, state, following):
    talk = make_recording(project, state)
    with pytest.raises(NoService, match=f"holds a ticket while it is '{following}'"):
        tickets.next_state(talk.id, project, state, worker)
    assert (talk.state, events(talk)) == (state, [])


# --- withdrawals ---------------------------------------------------------------------------------------------


def test_a_withdrawal_is_done_once(project, worker, alice):
    ticket = make_encoding(project, "released")
    assert tickets.withdrawn(ticket.id, project, worker) is False
    tickets.set_state(ticket.id, alice, "ready to release")
    assert tickets.claim_next(project, "releasing", worker) is None
    assert tickets.withdrawn(ticket.id, project, worker, "removed a.mp4") is True
    assert events(ticket)[-1][0] == "Release.withdrawn"
    assert tickets.claim_next(project, "releasing", worker) is ticket


# --- properties ----------------------------------------------------------------------------------------------


def test_properties_of_a_worker_are_logged(project, ticket, worker):
    tickets.set_properties(ticket.id, project, worker, {"A.b": "1", "A.c": "", "Project.Slug": "x"})
    entry = factories.log_of(ticket)[-1]
    assert (entry.event, entry.comment) == ("RPC.setTicketProperties", "A.b=1\ndeleting A.c")


def test_virtual_properties_alone_are_not_worth_a_line(project, ticket, worker):
    before = len(factories.log_of(ticket))
    assert tickets.set_properties(ticket.id, project, worker, {"Project.Slug": "x"}) == {}
    assert len(factories.log_of(ticket)) == before


def test_writing_locks_the_ticket_before_its_properties(committed_db):
    """Two who write the same property and lock the ticket in another order would wait for each other for ever."""
    with committing(committed_db) as app:
        with app.app_context(), transaction():
            number = make_encoding(factories.make_project()).id
            factories.make_user("alice")
        both = threading.Barrier(2, timeout=20)
        wrong: list[BaseException] = []

        def run(write) -> None:
            try:
                both.wait()
                for turn in range(15):
                    with app.app_context(), transaction():
                        write(str(turn))
            except BaseException as error:
                wrong.append(error)

        def script(text: str) -> None:
            tickets.set_properties(number, projects.get("demo"), make_worker(), {"A.b": f"s{text}"})

        def person(text: str) -> None:
            tickets.edit_properties(number, users.get("alice"), {"A.b": f"p{text}"})

        threads = [threading.Thread(target=run, args=(write,)) for write in (script, person)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
