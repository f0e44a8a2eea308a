"""Who gets which ticket: groups, filters, limits, policies, several projects at once."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from itertools import combinations

import pytest

from tests import factories
from tests.factories import committing, make_encoding, make_recording, make_worker
from tracker import projects, properties, queries, tickets, workers
from tracker.db import db, now, transaction
from tracker.errors import NoSuchService
from tracker.models import LogEntry, Ticket, Worker
from tracker.queries import Asked
from tracker.statemachine import CLASSIC
from tracker.tickets import Offer, claims
from tracker.workers import groups

ENCODER = "encoding"
KEY = "k" * 64


@pytest.fixture
def group(project):
    """Make a group that works for the project."""
    made = groups.create("encoders", secret_key=KEY)[0]
    groups.add_project(made, project)
    return made


@pytest.fixture
def mine(group) -> Worker:
    """Make a worker of the group."""
    return workers.register(group, "vm-1")


def claim(worker, *found, state=ENCODER, asked=None):
    return tickets.claim([Offer(project, state, asked) for project in found], worker)


# --- groups --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting", [{"paused": True}, {"states": ["merging"]}], ids=["paused", "not given work in this state"]
)
def test_a_group_gets_nothing_that_is_not_for_it(project, group, mine, worker, setting):
    ticket = make_encoding(project)
    groups.configure(group, **setting)
    assert claim(mine, project) is None
    assert claim(worker, project) is ticket


def test_a_group_that_pauses_may_still_finish_and_report(project, group, mine):
    ticket = make_encoding(project)
    assert claim(mine, project) is ticket
    groups.configure(group, paused=True)
    assert tickets.heartbeat(mine, ticket.id) == "OK"
    assert tickets.finish(ticket.id, project, mine) is True


def test_a_group_gets_nothing_of_a_project_it_is_not_listed_for(mine):
    other = factories.make_project("other")
    make_encoding(other)
    assert claim(mine, other) is None
    groups.add_project(mine.group, other)
    assert claim(mine, other) is not None


def test_a_group_has_no_more_tickets_than_it_may(project, group, mine):
    made = [make_encoding(project) for _ in range(3)]
    groups.configure(group, max_tickets=2)
    assert [claim(mine, project) for _ in range(3)] == [made[0], made[1], None]
    tickets.finish(made[0].id, project, mine)
    assert claim(mine, project) is made[2]


def test_a_limit_holds_also_when_many_ask_at_once(committed_db):
    with committing(committed_db) as app:
        with app.app_context(), transaction():
            project = factories.make_project()
            for _ in range(8):
                make_encoding(project)
            made = groups.create("encoders", secret_key=KEY)[0]
            groups.add_project(made, project)
            groups.configure(made, max_tickets=3)
        begin, got = threading.Barrier(8, timeout=30), []

        def work(name: str) -> None:
            begin.wait()
            with app.app_context(), transaction():
                me = workers.register(groups.get("encoders"), name)
                got.append(claim(me, projects.get("demo")) is not None)

        threads = [threading.Thread(target=work, args=(f"vm-{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(got) == [False] * 5 + [True] * 3


# --- filters ---------------------------------------------------------------------------------------------------------


def test_a_filter_chooses_by_the_value_in_force(project, group, mine):
    """The ticket's own value goes before its profile's, its recording's and its project's."""
    plain, special = make_encoding(project), make_encoding(project)
    properties.write(project, {"Work.Kind": "usual"})
    properties.write(special.parent, {"Work.Kind": "special"})
    groups.set_filter(group, project, {"property": "Work.Kind", "is": "special"})
    assert [claim(mine, project) for _ in range(2)] == [special, None]
    properties.write(plain, {"Work.Kind": "special"})
    assert claim(mine, project) is plain


@pytest.mark.parametrize(
    "rule",
    [
        {"property": "EncodingProfile.Slug", "is": "hd"},
        {"property": "EncodingProfile.Extension", "is": "mp4"},
        {"and": [{"property": "Room.Key", "is": "saal2"}, {"property": "EncodingProfile.IsMaster", "is": "yes"}]},
        {"not": {"property": "Room.Key", "in": ["saal1", "saal3"]}},
        {"or": [{"property": "Fahrplan.Title", "contains": "other"}, {"property": "A.b", "absent": False}]},
    ],
    ids=str,
)
def test_a_filter_may_ask_for_profile_room_and_anything_stored(project, group, mine, rule):
    make_recording(project, "copied")
    talk = make_recording(project, "copied", room="Saal 2", values={"Fahrplan.Title": "An other talk"})
    wanted = factories.encoding(talk)
    if "EncodingProfile" in str(rule):
        groups.set_filter(group, project, {"and": [rule, {"property": "Room.Key", "is": "saal2"}]})
    else:
        groups.set_filter(group, project, rule)
    assert [claim(mine, project) for _ in range(2)] == [wanted, None]


def test_a_filter_that_few_pass_is_not_tried_on_every_ticket(project, group, mine, monkeypatch):
    """With the list of owners and without it the same tickets are found."""
    made = [make_encoding(project) for _ in range(4)]
    for ticket in made[2:]:
        properties.write(ticket.parent, {"Work.Kind": "special"})
    groups.set_filter(group, project, {"property": "Work.Kind", "begins": "spec"})
    assert claim(mine, project) is made[2]
    monkeypatch.setattr(claims, "SHORT_CUT", 0)
    assert [claim(mine, project) for _ in range(2)] == [made[3], None]


def test_a_filter_of_one_project_does_not_hold_in_another(project, group, mine):
    other = factories.make_project("other")
    groups.add_project(group, other)
    groups.set_filter(group, project, {"property": "Nothing.Here", "is": "x"})
    make_encoding(project)
    assert claim(mine, project, other) is None
    ticket = make_encoding(other)
    assert claim(mine, project, other) is ticket


# --- what a call asks for --------------------------------------------------------------------------------------------


@pytest.fixture
def talk(project):
    start = now() + timedelta(hours=3)
    made = make_recording(project, "recorded", room="Saal 1", values={"Fahrplan.DateTime": "once upon a time"})
    made.start, made.end = start, start + timedelta(hours=1)
    return made


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"room": "Saal 1"}, True),
        ({"room": "saal 1"}, False),
        ({"started_before": timedelta(hours=3, minutes=1)}, True),
        ({"started_before": timedelta(hours=2)}, False),
        ({"ended_before": timedelta(hours=5)}, True),
        ({"ended_before": timedelta(hours=3)}, False),
        ({"ended_after": timedelta(hours=3)}, True),
        ({"ended_after": timedelta(hours=5)}, False),
        ({"room": "Saal 1", "ended_after": timedelta(hours=5)}, False),
    ],
    ids=str,
)
def test_a_claim_compares_times_and_not_texts(project, worker, talk, asked, found):
    """A malformed Fahrplan.DateTime on the talk is nobody's problem."""
    wanted = Asked(**{name: now() + value if isinstance(value, timedelta) else value for name, value in asked.items()})
    assert claim(worker, project, state="merging", asked=wanted) is (talk if found else None)


def test_a_talk_without_times_fits_no_question_about_them(project, worker, talk):
    talk.start = talk.end = None
    far = datetime.max.replace(tzinfo=now().tzinfo)
    assert claim(worker, project, state="merging", asked=Asked(started_before=far)) is None
    assert claim(worker, project, state="merging") is talk


# --- policies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [{"draining": True}, {"stopped_states": [ENCODER]}], ids=str)
def test_policies_hold_from_the_next_claim_on(project, worker, policy):
    first, second = make_encoding(project), make_encoding(project)
    assert claim(worker, project) is first
    projects.regulate(project, **policy)
    assert claim(worker, project) is None
    assert tickets.finish(first.id, project, worker) is True
    projects.regulate(project, draining=False, stopped_states=[])
    assert claim(worker, project) is second


def test_other_states_go_on_when_one_is_stopped(project, worker):
    ticket = make_encoding(project, "checked")
    projects.regulate(project, stopped_states=[ENCODER])
    assert claim(worker, project, state="postprocessing") is ticket


@pytest.mark.parametrize("policy", [{"draining": True}, {"stopped_states": ["recording"]}], ids=str)
def test_talks_are_not_moved_on_into_a_state_that_is_stopped(project, worker, policy):
    begun, later = make_recording(project, "recording"), make_recording(project)
    projects.regulate(project, **policy)
    assert tickets.next_state(later.id, project, "scheduled", worker) is False
    assert tickets.next_state(begun.id, project, "recording", worker) is True


def test_an_archived_project_is_not_worked_on(project, worker):
    make_encoding(project)
    projects.configure(project, read_only=True)
    assert claim(worker, project) is None


# --- several projects ------------------------------------------------------------------------------------------------


def test_the_most_urgent_of_all_projects_goes_first(project, worker):
    other, third = factories.make_project("other"), factories.make_project("third")
    low, high, urgent = make_encoding(project), make_encoding(other), make_encoding(third)
    high.priority, urgent.priority = 2.0, 3.0
    db.session.flush()
    assert [claim(worker, project, other, third) for _ in range(4)] == [urgent, high, low, None]


def test_one_project_without_the_state_is_an_error_of_the_caller(project, worker):
    with pytest.raises(NoSuchService, match="No script works in state 'checking'"):
        claim(worker, project, factories.make_project("other"), state="checking")


def test_that_somebody_asks_is_noted_for_each_project(project, worker):
    other = factories.make_project("other")
    claim(worker, project, other)
    assert all(queries.last_poll(each.id, ENCODER) is not None for each in (project, other))


@pytest.mark.parametrize("kind", ["recording", "encoding"])
def test_a_state_has_one_source_whatever_is_switched_off(kind):
    table = CLASSIC.tables[kind]
    static = [state.name for state in table.states if state.kind == "static"]
    for off in (off for count in range(3) for off in combinations(table.order, count)):
        for state in (row.name for row in table.states if row.script and row.name not in off):
            before = [name for name in static if name not in off and table.successor(name, off) == state]
            assert before == [found for found in [claims.source(table, state, off)] if found is not None]


# --- the short way -------------------------------------------------------------------------------------------------


def traces(ticket) -> tuple[dict[str, object], list[dict[str, object]], dict[str, str]]:
    """Return what a claim left of a ticket: its row, its log and its properties, without ids and moments."""
    db.session.flush()
    db.session.expire_all()
    own = {"id", "parent_id", "fahrplan_id", "project_id", "created", "modified", "state_since", "lease_until"}
    row = {column.name: getattr(ticket, column.name) for column in Ticket.__table__.columns}
    log = [
        {column.name: getattr(entry, column.name) for column in LogEntry.__table__.columns}
        for entry in factories.log_of(ticket)
    ]
    assert (row["lease_until"] is not None) == (row["lease_s"] is not None)
    assert min(row["modified"], row["state_since"]) > row["created"]
    told = [
        {name: value for name, value in entry.items() if name not in ("id", "ticket_id", "created")} for entry in log
    ]
    return {name: value for name, value in row.items() if name not in own}, told, properties.own(ticket)


@pytest.mark.parametrize(("state", "source"), [("encoding", "ready to encode"), ("postprocessing", "checked")])
@pytest.mark.parametrize("lease_s", [None, 60, 10**6])
@pytest.mark.parametrize("before", [{}, {"attempt": 4, "waiting": "for rain", "percent": 7.0, "needs_attention": True}])
def test_the_short_way_leaves_what_a_move_leaves(project, worker, monkeypatch, state, source, lease_s, before):
    found = []
    for slug, short in (("short", True), ("long", False)):
        made = make_encoding(factories.make_project(slug), source)
        values = {"Record.Cutin": "7", "Record.Cutout": "9"}
        properties.write(made.parent, values)
        properties.write(made, {"Record.Cutout": "8"})
        made.not_before = now() - timedelta(minutes=1)
        for name, value in before.items():
            setattr(made, name, value)
        made.take_changes()
        db.session.flush()
        db.session.expire_all()
        if not short:
            monkeypatch.setattr(claims, "_at_once", None)
            monkeypatch.setattr(claims.moves, "exposes", lambda state: True)
            monkeypatch.setattr(claims.moves, "_note_release", lambda *_: None)
        claimed = tickets.claim_next(made.project, state, worker, lease_s)
        assert claimed is made and claimed.state == state
        found.append(traces(made))
    assert found[0] == found[1]


def test_a_file_that_may_become_public_or_was_goes_the_long_way(project, worker):
    ticket = make_encoding(project, "ready to release")
    assert claim(worker, project, state="releasing") is ticket and ticket.exposed
    again = make_encoding(project)
    again.exposed = True
    assert claim(worker, project) is again and again.withdraw
    assert properties.own(again)["Encoding.Cut"] == "0-0-deu-0"


# --- two processes with one name -----------------------------------------------------------------------------------


def test_two_processes_with_one_name_that_start_together_get_two_tickets(committed_db):
    with committing(committed_db) as app:
        with app.app_context(), transaction():
            project = factories.make_project()
            for _ in range(2):
                make_encoding(project)
        begin, got = threading.Barrier(2, timeout=30), []

        def work() -> None:
            begin.wait()
            with app.app_context(), transaction():
                found = claim(make_worker("vm-twin.example"), projects.get("demo"))
                got.append(found and found.id)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert None not in got and len(set(got)) == 2
