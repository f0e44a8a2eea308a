"""Getting work over API 4.0: filters, states by its names, who gets what, and how a ticket is finished."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.tracker.rpc.conftest import fresh
from tests.tracker.rpc.v4 import conftest
from tracker import profiles, projects, properties, queries, tickets, workers
from tracker.db import db
from tracker.models import Ticket
from tracker.rpc.v4.work import FILTERS

START = datetime(2026, 12, 27, 10, 0, tzinfo=UTC)


def talk(project, state="scheduled", *, room="Saal 1", hours=0, minutes=30, **more):
    """Make a talk that begins some hours after START."""
    start = START + timedelta(hours=hours)
    made = tickets.create_recording(
        project, tickets.TRACKER, title="A talk", room=room, start=start, end=start + timedelta(minutes=minutes), **more
    )
    factories.put(made, state)
    db.session.commit()
    return made


def group_of(caller):
    return workers.groups.by_token(caller.client.token)


# --- assign ----------------------------------------------------------------------------------------------------


def test_an_assigned_ticket_has_its_fields_in_their_order(tracker, project):
    made = talk(project)
    found = tracker.assignNextUnassignedForState("recording", "recording", {})
    assert list(found) == [
        *("state_project_id", "state_ticket_type", "state_ticket_state", "state_service_executable", "id"),
        *("parent_id", "project_id", "import_id", "title", "fahrplan_id", "priority", "ticket_type"),
        *("ticket_state", "ticket_state_next", "service_executable", "encoding_profile_version_id", "handle_id"),
        *("created", "modified", "failed", "needs_attention", "progress", "time_start", "time_end", "room"),
        "calculated_priority",
    ]
    assert found | {"created": "", "modified": ""} == {
        "state_project_id": project.id,
        "state_ticket_type": "recording",
        "state_ticket_state": "scheduled",
        "state_service_executable": False,
        "id": made.id,
        "parent_id": made.id,
        "project_id": project.id,
        "import_id": "",
        "title": "",
        "fahrplan_id": made.fahrplan_id,
        "priority": "1",
        "ticket_type": "recording",
        "ticket_state": "recording",
        "ticket_state_next": "recorded",
        "service_executable": False,
        "encoding_profile_version_id": "",
        "handle_id": conftest.worker_of(tracker).id,
        "created": "",
        "modified": "",
        "failed": False,
        "needs_attention": False,
        "progress": "12.5",
        "time_start": "2026-12-27 11:00:00+01",
        "time_end": "2026-12-27 11:30:00+01",
        "room": "Saal 1",
        "calculated_priority": "1",
    }


@pytest.mark.parametrize(
    ("before", "asked", "told", "after"),
    [
        ("recorded", "preparing", ("recorded", "preparing", "prepared"), "merged"),
        ("recorded", "merging", ("recorded", "preparing", "prepared"), "merged"),
        ("cut", "finalizing", ("cut", "finalizing", "finalized"), "copied"),
        ("cut", "copying", ("cut", "finalizing", "finalized"), "copied"),
    ],
)
def test_states_have_the_names_of_api_4_in_both_directions(tracker, project, before, asked, told, after):
    made = talk(project, before)
    found = tracker.assignNextUnassignedForState("recording", asked, {})
    assert (found["state_ticket_state"], found["ticket_state"], found["ticket_state_next"]) == told
    assert [each["id"] for each in tracker.getAssignedForState("recording", asked)] == [made.id]
    assert tracker.setTicketDone(made.id) is True
    assert fresh(made).state == after
    assert [each["ticket_state"] for each in tracker.getTicketsForState("recording", told[2])] == [told[2]]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("encoding", "postencoding"),
        ("encoding", "uploading"),
        ("encoding", "removing"),
        ("encoding", "checking"),
        ("encoding", "recording"),
        ("recording", "encoding"),
        ("recording", "fixing"),
        ("recording", "scheduled"),
        ("recording", "archiving"),
        ("meta", "staged"),
        ("ingest", "ingesting"),
        ("misc", "inprogress"),
        ("nonsense", "\x07"),
    ],
)
def test_for_a_state_or_type_without_work_there_is_nothing_and_no_fault(tracker, project, kind, state):
    talk(project)
    factories.make_encoding(project, "checked")
    db.session.commit()
    assert tracker.assignNextUnassignedForState(kind, state, {}) is False
    assert tracker.getAssignedForState(kind, state) == []


def test_tickets_in_states_that_only_people_work_in_are_listed(tracker, project):
    made = talk(project, "cutting")
    assert [each["id"] for each in tracker.getTicketsForState("recording", "cutting", {})] == [made.id]
    assert tracker.getTicketsForState("meta", "staged") == []


@pytest.mark.parametrize(("kind", "state"), [("", "recording"), ("recording", ""), ("", "")])
def test_without_type_or_state_there_is_a_fault(tracker, kind, state):
    for name in ("assignNextUnassignedForState", "getAssignedForState", "getTicketsForState"):
        assert tracker.refusal(name, kind, state) == (401, f"{name}: ticket type or ticket state missing")


# --- filters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "rooms"),
    [
        ({"Fahrplan.Room": "Saal 2"}, ["Saal 2"]),
        ({"Fahrplan.Room": "Saal"}, []),
        ({"Fahrplan.Room": "saal 2"}, []),
        ({"Record.StartedBefore": "2026-12-27T11:00:00Z"}, ["Saal 1"]),
        ({"Record.StartedBefore": "2026-12-27T12:00:01+0100"}, ["Saal 1", "Saal 2"]),
        ({"Record.StartedBefore": "2026-12-27 12:00:01+01"}, ["Saal 1", "Saal 2"]),
        ({"Record.StartedBefore": "2026-12-27 12:00:01"}, ["Saal 1", "Saal 2"]),
        ({"Record.EndedBefore": "2026-12-27T11:30:00Z"}, ["Saal 1"]),
        ({"Record.EndedAfter": "2026-12-27T11:00:00Z"}, ["Saal 2", "Saal 3"]),
        ({"Record.EndedAfter": "2026-12-27T11:00:00Z", "Fahrplan.Room": "Saal 3"}, ["Saal 3"]),
        ({"Record.StartedBefore": "2020-01-01T00:00:00Z", "Fahrplan.Room": "Saal 3"}, []),
        ({"EncodingProfile.IsMaster": "no", "EncodingProfile.Slug": "relive"}, ["Saal 1", "Saal 2", "Saal 3"]),
        ({}, ["Saal 1", "Saal 2", "Saal 3"]),
        ([], ["Saal 1", "Saal 2", "Saal 3"]),
        ("", ["Saal 1", "Saal 2", "Saal 3"]),
    ],
)
def test_the_four_filters_work_and_others_are_ignored(tracker, project, filters, rooms):
    for number in range(3):
        talk(project, room=f"Saal {number + 1}", hours=number)
    assert len(tracker.getTicketsForState("recording", "scheduled", filters)) == len(rooms)
    found = [tracker.assignNextUnassignedForState("recording", "recording", filters) for _ in rooms]
    assert sorted(each["room"] for each in found) == rooms
    assert tracker.assignNextUnassignedForState("recording", "recording", filters) is False
    mine = tracker.getAssignedForState("recording", "recording", filters)
    assert sorted(each["room"] for each in mine) == rooms


def test_a_talk_without_times_never_fits_a_filter_by_time(tracker, project):
    tickets.create_recording(project, tickets.TRACKER, title="Someday", room="Saal 1")
    db.session.commit()
    for name in set(FILTERS) - {"Fahrplan.Room"}:
        for moment in ("1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"):
            assert tracker.assignNextUnassignedForState("recording", "recording", {name: moment}) is False
    found = tracker.assignNextUnassignedForState("recording", "recording", {"Fahrplan.Room": "Saal 1"})
    assert (found["time_start"], found["time_end"]) == ("", "")


def test_encodings_are_filtered_by_their_talk(tracker, project):
    first = talk(project, "copied", room="Saal 1")
    talk(project, "copied", room="Saal 2")
    found = tracker.assignNextUnassignedForState("encoding", "encoding", {"Fahrplan.Room": "Saal 1"})
    assert (found["parent_id"], found["room"]) == (first.id, "Saal 1")
    assert tracker.assignNextUnassignedForState("encoding", "encoding", {"Fahrplan.Room": "Saal 1"}) is False


@pytest.mark.parametrize("filters", [{"Record.EndedBefore": "soon"}, {"Record.EndedBefore": ""}, "text", ["x"], 7])
def test_a_filter_that_cannot_be_read_is_a_fault_that_names_it(tracker, project, filters):
    code, text = tracker.refusal("assignNextUnassignedForState", "recording", "recording", filters)
    assert code == 402 and text.startswith("assignNextUnassignedForState: ")


def test_a_strict_group_is_told_of_filters_that_mean_nothing(enter, project):
    strict = enter(strict_filters=True)
    code, text = strict.refusal("assignNextUnassignedForState", "encoding", "encoding", {"EncodingProfile.Slug": "hd"})
    assert code == 402 and "EncodingProfile.Slug" in text and "Record.EndedAfter" in text
    assert strict.assignNextUnassignedForState("encoding", "encoding", {"Fahrplan.Room": "Saal 1"}) is False


def test_times_are_in_the_zone_of_the_project(tracker, project):
    projects.configure(project, time_zone="Asia/Kolkata")
    talk(project)
    found = tracker.assignNextUnassignedForState("recording", "recording", {})
    assert (found["time_start"], found["time_end"]) == ("2026-12-27 15:30:00+05:30", "2026-12-27 16:00:00+05:30")


# --- who may -----------------------------------------------------------------------------------------------------


def test_a_paused_group_gets_no_tickets_and_no_list_but_may_finish_what_it_has(tracker, project):
    made = talk(project)
    found = tracker.assignNextUnassignedForState("recording", "recording", {})
    workers.groups.configure(group_of(tracker), paused=True)
    db.session.commit()
    for name in ("assignNextUnassignedForState", "getTicketsForState"):
        assert tracker.call(name, "recording", "recording", {}) is False
    assert [each["id"] for each in tracker.getAssignedForState("recording", "recording")] == [made.id]
    assert (tracker.ping(made.id), tracker.setTicketDone(found["id"])) == ("OK", True)


def test_a_worker_sees_only_its_own_tickets_as_assigned(enter, project):
    one, other = enter(host="one"), None
    talk(project)
    one.assignNextUnassignedForState("recording", "recording", {})
    other = conftest.Caller(one.browser, type(one.client)(one.client.url, one.client.token, "two", one.client.secret))
    assert len(one.getAssignedForState("recording", "recording")) == 1
    assert other.getAssignedForState("recording", "recording") == []


def test_a_ticket_that_was_assigned_and_never_named_comes_again(tracker, project):
    made, _ = talk(project), talk(project, hours=1)
    assert tracker.assignNextUnassignedForState("recording", "recording", {})["id"] == made.id
    made.state_since = made.state_since - timedelta(seconds=11)
    db.session.commit()
    again = tracker.assignNextUnassignedForState("recording", "recording", {})
    assert (again["id"], again["state_ticket_state"]) == (made.id, "scheduled")
    tracker.getTicketProperties(made.id)
    assert tracker.assignNextUnassignedForState("recording", "recording", {})["id"] != made.id


# --- done, failed, ping ------------------------------------------------------------------------------------------


@pytest.fixture
def held(tracker, project):
    made = talk(project)
    tracker.assignNextUnassignedForState("recording", "recording", {})
    return made


def test_done_moves_on_and_may_be_repeated(tracker, held):
    assert tracker.setTicketDone(held.id, "log") is True
    assert tracker.setTicketDone(held.id, "log") is True
    assert factories.events(held)[-1] == ("RPC.setTicketDone", "recording", "recorded")


def test_failed_flags_the_ticket_and_may_be_repeated(tracker, held):
    assert tracker.setTicketFailed(held.id, b"fehler: &#228;") is True
    assert tracker.setTicketFailed(held.id, b"fehler: &#228;") is True
    found = fresh(held)
    assert (found.state, found.failed, found.waiting) == ("recording", True, "fehler: &#228;")


def test_a_late_done_changes_nothing_and_is_false(tracker, held):
    factories.put(held, "scheduled")
    db.session.commit()
    assert tracker.setTicketDone(held.id) is False
    assert fresh(held).state == "scheduled"


@pytest.mark.parametrize(("name", "code"), [("setTicketDone", 500), ("setTicketFailed", 600)])
def test_refusals_of_done_and_failed_have_their_codes(enter, tracker, project, held, name, code):
    stranger = enter("strangers", projects=())
    other = enter("others", host="other")
    free = talk(project, "recorded", hours=3)
    assert tracker.refusal(name, 999999) == (code + 1, f"{name}: ticket not found")
    assert tracker.refusal(name, free.id) == (code + 2, f"{name}: ticket not assigned")
    assert other.refusal(name, held.id) == (code + 3, f"{name}: ticket is assigned to other handle: vm")
    assert stranger.refusal(name, held.id)[0] == code + 4


def test_ping_says_whether_the_ticket_is_still_the_callers(tracker, held):
    assert (tracker.ping(), tracker.ping(""), tracker.ping(held.id, "50 %")) == ("OK", "OK", "OK")
    assert conftest.worker_of(tracker).log_tail == "50 %"
    factories.put(held, "scheduled")
    db.session.commit()
    assert (tracker.ping(held.id), tracker.ping("abc"), tracker.ping(10**9)) == ("Ticket lost",) * 3


def test_ping_hands_out_a_queued_command_once(tracker, held):
    workers.fleet.command(conftest.worker_of(tracker), "stop")
    db.session.commit()
    assert [tracker.ping(held.id) for _ in range(2)] == ["stop", "OK"]


# --- what was removed in 2017 --------------------------------------------------------------------------------------


def test_the_neighbours_of_a_state_can_still_be_asked_for(tracker, project, held):
    after = {"ticket_state": "preparing", "service_executable": True}
    assert tracker.getNextState(project.id, "recording", "recorded") == after
    before = {"ticket_state": "recorded", "service_executable": False}
    assert tracker.getPreviousState(project.id, "recording", "preparing") == before
    nothing = {"ticket_state": "", "service_executable": False}
    assert tracker.getNextState(project.id, "encoding", "released") == nothing
    assert tracker.getNextState(project.id, "encoding", "nonsense") == nothing
    assert tracker.getTicketNextState(held.id) == {"ticket_state": "recorded", "service_executable": False}


def test_no_worker_gets_tickets_of_a_project_that_is_not_its_groups(enter, project):
    other = factories.make_project("other")
    talk(other)
    caller = enter()
    assert caller.assignNextUnassignedForState("recording", "recording", {}) is False
    assert caller.getTicketsForState("recording", "scheduled") == []
    workers.groups.add_project(group_of(caller), other)
    db.session.commit()
    assert caller.assignNextUnassignedForState("recording", "recording", {})["project_id"] == other.id
    assert queries.v3_group().id != group_of(caller).id


def test_the_filter_of_a_group_holds_for_claims_and_for_lists(enter, project):
    caller = enter()
    wanted, _ = talk(project, room="Saal 1"), talk(project, room="Saal 2")
    workers.groups.set_filter(group_of(caller), project, {"property": "Fahrplan.Room", "is": "Saal 1"})
    db.session.commit()
    assert [each["id"] for each in caller.getTicketsForState("recording", "scheduled")] == [wanted.id]
    assert caller.assignNextUnassignedForState("recording", "recording", {})["id"] == wanted.id
    assert caller.assignNextUnassignedForState("recording", "recording", {}) is False


def test_the_most_urgent_ticket_of_all_projects_comes_first(enter, project):
    other = factories.make_project("other")
    talk(project)
    urgent = talk(other)
    urgent.own_priority = urgent.priority = 2.0
    caller = enter(projects=(project, other))
    found = caller.assignNextUnassignedForState("recording", "recording", {})
    assert (found["id"], found["project_id"], found["calculated_priority"]) == (urgent.id, other.id, "2")


def test_what_a_worker_has_stays_its_own_when_its_talk_fails_or_its_profile_is_switched_off(tracker, project):
    talk(project, "copied")
    found = tracker.assignNextUnassignedForState("encoding", "encoding", {})
    ticket = db.session.get(Ticket, found["id"])
    tickets.set_failed(ticket.parent_id, factories.make_user("bob", "superuser"), True, comment="sound is bad")
    profiles.use(project, "hd", priority=0)
    db.session.commit()
    assert [each["id"] for each in tracker.getAssignedForState("encoding", "encoding")] == [ticket.id]
    assert tracker.setTicketDone(ticket.id) is True


def test_a_malformed_time_among_the_properties_stops_nobody(tracker, project):
    broken = talk(project)
    properties.write(broken, {"Fahrplan.DateTime": "the day after", "Fahrplan.Duration": "25:00"})
    fine = talk(project, hours=1)
    db.session.commit()
    asked = {"Record.EndedBefore": "2999-01-01T00:00:00Z"}
    got = [tracker.assignNextUnassignedForState("recording", "recording", asked)["id"] for _ in range(2)]
    assert sorted(got) == sorted((broken.id, fine.id))
