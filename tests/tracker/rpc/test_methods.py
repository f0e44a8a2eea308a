"""The methods of API 3.0, each as a script uses it, through a standard client."""

from __future__ import annotations

import xmlrpc.client
from datetime import timedelta

import pytest
from lxml import etree

from tests.factories import encoding, events, log_of, make_encoding, make_project, make_recording, put
from tests.tracker.rpc.conftest import HOST, fresh, path
from tracker import profiles, projects, properties, queries
from tracker.db import db, now
from tracker.rpc.values import STATE_NUMBERS
from tracker.statemachine import all_states

LEASE = {"X-Lease-Seconds": "60"}


def refused(call, *params):
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(*params)
    return caught.value.faultCode


@pytest.fixture
def mine(tracker, ticket):
    """Return the ticket, assigned to the calling worker."""
    assert tracker.assignNextUnassignedForState("encoding")["id"] == ticket.id
    return fresh(ticket)


# --- without a project ---------------------------------------------------------------------------------------


def test_the_version_is_a_text(tracker):
    assert tracker.getVersion() == "3.0"


def test_projects_come_with_their_profiles_unless_not_wanted(connect, project):
    api = connect(slug="").C3TT
    (found,) = api.getProjects()
    assert (found["slug"], found["read_only"], found["time_zone"]) == ("demo", False, "Europe/Berlin")
    assert [profile["slug"] for profile in found["encoding_profiles"]] == ["hd"]
    for off in (False, 0, "0", ""):
        assert "encoding_profiles" not in api.getProjects(False, off)[0]


def test_archived_projects_are_listed_when_asked_for(connect, project):
    projects.configure(make_project("old"), read_only=True)
    db.session.commit()
    api = connect(slug="").C3TT
    assert [p["slug"] for p in api.getProjects()] == ["demo"]
    assert {p["slug"]: p["read_only"] for p in api.getProjects(True)} == {"demo": False, "old": True}


def test_a_ping_without_a_ticket_shows_that_the_worker_lives(connect, project):
    api = connect(slug="").C3TT
    assert [api.ping(), api.ping("", "", ""), api.ping("", "starting", 0)] == ["OK"] * 3
    assert queries.register_worker(queries.v3_group().id, HOST).log_tail == "starting"


def test_a_ping_tells_progress_and_a_lost_ticket(connect, mine):
    assert connect(slug="").C3TT.ping(mine.id, "", 42.5) == "OK"
    assert fresh(mine).percent == 42.5
    assert connect("vm-other").C3TT.ping(mine.id, "", 1) == "Ticket lost"
    assert connect().C3TT.ping(99_999_999) == "Ticket lost"


def test_a_ping_brings_a_command(connect, project):
    worker = queries.register_worker(queries.v3_group().id, HOST)
    worker.command = "stop"
    db.session.commit()
    assert [connect().C3TT.ping(), connect().C3TT.ping()] == ["stop", "OK"]


# --- properties ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["text", " a\r\nb ", "ü € 日本", "<a>&amp;"])
def test_a_text_comes_back_as_it_was_sent(tracker, ticket, sent):
    assert tracker.setTicketProperty(ticket.id, "A.b", sent) is True
    assert tracker.getTicketProperty(ticket.id, "A.b") == sent.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("<i4>007</i4>", "007"),
        ("<double>10.000</double>", "10.000"),
        ("<i8>12345678901</i8>", "12345678901"),
        ("<boolean>1</boolean>", "1"),
        ("<string>a&#13;\nb</string>", "a\r\nb"),
        ("<base64>U8OkbGU=</base64>", "Säle"),
    ],
)
def test_numbers_keep_their_text(client, tracker, ticket, sent, kept):
    body = (
        "<methodCall><methodName>C3TT.setTicketProperties</methodName><params><param><value><i4>"
        f"{ticket.id}</i4></value></param><param><value><struct><member><name>A.b</name><value>{sent}</value></member>"
        "</struct></value></param></params></methodCall>"
    )
    client.post(path(), data=body.encode())
    assert properties.own(ticket)["A.b"] == kept


def test_properties_are_merged_and_filtered(tracker, ticket):
    properties.write(ticket.parent, {"Record.Cutin": "5", "Record.Cutout": "50"})
    db.session.commit()
    found = tracker.getTicketProperties(ticket.id)
    assert (found["Record.Cutin"], found["Project.Slug"], found["EncodingProfile.Slug"]) == ("5", "demo", "hd")
    assert tracker.getTicketProperties(ticket.id, "Record.Cut*") == {"Record.Cutin": "5", "Record.Cutout": "50"}
    assert tracker.getTicketProperties(ticket.id, "Nothing.*") == {}


def test_an_absent_property_is_empty(tracker, ticket):
    assert tracker.getTicketProperty(ticket.id, "No.such") == ""
    assert refused(tracker.getTicketProperty, ticket.id, "") == 419


def test_virtual_names_are_ignored_and_said_to_be(tracker, ticket):
    assert tracker.setTicketProperty(ticket.id, "Encoding.Basename", "evil") is False
    assert tracker.setTicketProperties(ticket.id, {"Project.Slug": "evil", "A.b": "1"}) is True
    assert properties.own(ticket) == {"A.b": "1"}
    assert refused(tracker.setTicketProperty, 99_999_999, "Encoding.Basename", "x") == 414


def test_an_invalid_name_is_refused_and_nothing_is_written(tracker, ticket):
    assert refused(tracker.setTicketProperties, ticket.id, {"A.b": "1", "A b": "2"}) == 419
    assert refused(tracker.setTicketProperty, ticket.id, "A..b", "1") == 419
    assert properties.own(ticket) == {} and all(e[0] != "RPC.setTicketProperties" for e in events(ticket))


@pytest.mark.parametrize(("values", "code"), [({}, 420), ([], 420), ("A.b", 420), ({"A.b": [1]}, -32602)])
def test_properties_have_to_be_a_map_of_texts(tracker, ticket, values, code):
    assert refused(tracker.setTicketProperties, ticket.id, values) == code


def test_an_empty_text_deletes_and_the_log_tells(tracker, ticket):
    tracker.setTicketProperties(ticket.id, {"A.b": "1", "A.c": "2"})
    tracker.setTicketProperty(ticket.id, "A.b", "")
    assert properties.own(ticket) == {"A.c": "2"}
    assert [e.comment for e in log_of(ticket)[-2:]] == ["A.b=1\nA.c=2", "deleting A.b"]


# --- tickets -------------------------------------------------------------------------------------------------


def test_a_ticket_has_the_fields_of_its_struct(tracker, ticket):
    assert tracker.assignNextUnassignedForState("encoding") == {
        "id": ticket.id,
        "parent_id": ticket.parent_id,
        "project_id": ticket.project_id,
        "fahrplan_id": ticket.parent.fahrplan_id,
        "title": "A talk",
        "ticket_type": "encoding",
        "ticket_state": "encoding",
        "failed": False,
        "priority": "1",
        "progress": "20",
        "encoding_profile_id": ticket.profile_id,
        "attempt": 1,
    }
    assert tracker.assignNextUnassignedForState("encoding") is False


def test_absent_numbers_are_empty_texts(tracker, project):
    make_recording(project)
    db.session.commit()
    (found,) = tracker.getUnassignedTicketsInState("scheduled")
    assert (found["parent_id"], found["encoding_profile_id"]) == ("", "")
    assert tracker.getUnassignedTicketsInState("recorded") == []


@pytest.mark.parametrize("state", [14, "14", " 14 ", "encoding"])
def test_a_service_may_be_named_by_its_number(tracker, ticket, state):
    assert [found["id"] for found in tracker.getUnassignedTicketsInState(13)] == [ticket.id]
    assert tracker.assignNextUnassignedForState(state)["id"] == ticket.id


def test_the_numbers_of_the_states_are_those_of_the_original():
    numbers = {name: number for number, name in STATE_NUMBERS.items()}
    assert (numbers["scheduled"], numbers["fixing"], numbers["copied"], numbers["released"]) == (2, 8, 11, 24)
    assert numbers.keys() - {"tagging", "tagged"} == set(all_states())


@pytest.mark.parametrize("state", [0, 29, 9999, -1, "١٤", "14.0"])
def test_another_number_is_no_state(tracker, ticket, state):
    assert tracker.getUnassignedTicketsInState(state) == []
    assert refused(tracker.assignNextUnassignedForState, state) == 413


def test_a_lease_is_asked_for_by_a_header(connect, ticket):
    api = connect(headers=LEASE).C3TT
    api.assignNextUnassignedForState("encoding")
    assert fresh(ticket).lease_s == 60 and ticket.lease_until > now()
    ticket.lease_until = now() + timedelta(seconds=1)
    db.session.commit()
    api.ping(ticket.id)
    assert fresh(ticket).lease_until > now() + timedelta(seconds=30)


@pytest.mark.parametrize("text", ["0", "-5", "x", "1e3", "9999999", ""])
def test_a_lease_that_is_none_is_no_lease(connect, ticket, text):
    connect(headers={"X-Lease-Seconds": text}).C3TT.assignNextUnassignedForState("encoding")
    assert fresh(ticket).worker_id and ticket.lease_until is None


def test_further_formats_of_the_talk_are_taken_with_a_lease(connect, project):
    for slug in ("mp3", "opus"):
        profiles.use(project, slug)
    recording = make_recording(project, "copied")
    first, second, third = (encoding(recording, slug) for slug in ("hd", "mp3", "opus"))
    db.session.commit()
    api = connect(headers=LEASE).C3TT
    assert api.assignNextUnassignedForState("encoding")["id"] == first.id
    assert refused(connect("vm-other").C3TT.assignUnassignedSiblings, first.id) == 416
    assert refused(api.assignUnassignedSiblings, second.id) == 416
    assert refused(api.assignUnassignedSiblings, 99_999_999) == 414
    assert refused(api.assignUnassignedSiblings, first.id, 17) == 419
    assert api.assignUnassignedSiblings(first.id, "", True) == []
    (one,) = api.assignUnassignedSiblings(first.id, 1)
    assert (one["id"], one["ticket_state"], one["parent_id"]) == (second.id, "encoding", first.parent_id)
    assert [ticket["id"] for ticket in api.assignUnassignedSiblings(first.id)] == [third.id]
    assert fresh(third).lease_s == 60 and third.lease_until > now()
    assert api.assignUnassignedSiblings(first.id) == []


def test_a_script_without_a_lease_keeps_its_ticket(connect, mine):
    assert connect("vm-other").C3TT.assignNextUnassignedForState("encoding") is False
    assert fresh(mine).worker_id is not None


def test_reading_the_properties_of_a_ticket_names_it(tracker, mine):
    assert not mine.named
    tracker.getTicketProperty(mine.id, "A.b")
    assert fresh(mine).named


def test_done_moves_on_and_may_be_repeated(tracker, mine):
    assert [tracker.setTicketDone(mine.id, "ok"), tracker.setTicketDone(mine.id)] == [True, True]
    assert fresh(mine).state == "encoded"


def test_failed_keeps_the_reason(tracker, mine):
    assert tracker.setTicketFailed(mine.id, "ffmpeg said no\nand why") is True
    assert (fresh(mine).failed, mine.waiting) == (True, "ffmpeg said no")


def test_a_late_done_is_false_and_a_foreign_one_a_fault(connect, tracker, mine):
    put(mine, "encoded")
    db.session.commit()
    assert tracker.setTicketDone(mine.id) is False
    assert refused(connect("vm-other").C3TT.setTicketDone, mine.id) == 415
    assert (fresh(mine).state, log_of(mine)[-1].event) == ("encoded", "RPC.setTicketDone.late")


def test_done_on_the_ticket_of_another_is_a_fault_of_its_own(connect, mine):
    for call in (connect("vm-other").C3TT.setTicketDone, connect("vm-other").C3TT.setTicketFailed):
        assert refused(call, mine.id) == 416
    assert fresh(mine).worker_id


def test_a_ticket_given_back_waits_with_its_reason(tracker, mine):
    assert tracker.giveBackTicket(mine.id, "segment missing", 60) is True
    assert tracker.assignNextUnassignedForState("encoding") is False
    assert (fresh(mine).state, mine.waiting) == ("ready to encode", "segment missing")
    assert tracker.giveBackTicket(mine.id, "again") is False
    assert refused(tracker.giveBackTicket, mine.id, "x", -1) == 419


def test_script_a_moves_a_ticket_through_its_states(tracker, project):
    talk = make_recording(project)
    db.session.commit()
    assert tracker.setTicketNextState(talk.id, "scheduled", "it begins") is True
    assert tracker.setTicketNextState(talk.id, "scheduled") is False
    assert tracker.setTicketNextState(talk.id, "recording") is True
    assert fresh(talk).state == "recorded"


def test_a_withdrawal_is_listed_until_it_is_done(tracker, project):
    ticket = put(make_encoding(project, "released"), "encoded")
    db.session.commit()
    assert [found["id"] for found in tracker.getWithdrawals()] == [ticket.id]
    assert [tracker.setWithdrawn(ticket.id, "removed"), tracker.setWithdrawn(ticket.id)] == [True, False]
    assert tracker.getWithdrawals() == []


def test_a_jobfile_is_xml(tracker, ticket):
    text = tracker.getJobfile(ticket.id)
    assert etree.fromstring(text.encode()).findtext("tasks/task/option") == "ffmpeg"


def test_a_jobfile_needs_an_encoding_with_a_language(tracker, project, ticket):
    unnamed = encoding(make_recording(project, "copied", language=""))
    db.session.commit()
    assert refused(tracker.getJobfile, unnamed.id) == 418
    assert refused(tracker.getJobfile, ticket.parent_id) == 417


def test_profiles_are_listed_or_found(tracker, ticket):
    (found,) = tracker.getEncodingProfiles()
    assert (found["project_id"], found["auto_create"], found["revision"]) == (ticket.project_id, True, 1)
    assert set(found) >= {"name", "description", "depends_on", "priority", "xml_template"}
    assert (found["slug"], found["extension"], found["mirror_folder"], found["approved"]) == ("hd", "mp4", "", True)
    assert tracker.getEncodingProfiles(found["id"]) == found == tracker.getEncodingProfiles("")[0]
    assert refused(tracker.getEncodingProfiles, 99_999) == 414


def test_a_message_goes_into_the_log(tracker, ticket):
    assert tracker.addLog(ticket.id, "line 1\nline 2") is True
    entry = log_of(ticket)[-1]
    assert (entry.event, entry.actor, entry.comment) == ("RPC.addLog", HOST, "line 1\nline 2")


# --- system.* ------------------------------------------------------------------------------------------------


def test_methods_are_listed_with_help_and_signature(connect, project):
    system = connect(slug="").system
    names = system.listMethods()
    assert {"C3TT.getVersion", "C3TT.giveBackTicket", "system.multicall"} <= set(names)
    assert all(system.methodHelp(name) and system.methodSignature(name)[0] for name in names)
    assert system.methodSignature("C3TT.setTicketNextState") == [["boolean", "int", "string", "string"]]
    assert refused(system.methodHelp, "C3TT.nothing") == -32601


def test_several_calls_go_in_one(connect, ticket):
    calls = xmlrpc.client.MultiCall(connect())
    calls.C3TT.getVersion()
    calls.C3TT.setTicketProperty(ticket.id, "A.b", "1")
    calls.C3TT.getTicketProperty(ticket.id, "A.b")
    assert list(calls()) == ["3.0", True, "1"]


def test_a_refused_call_among_several_undoes_itself_only(connect, ticket):
    answers = connect().system.multicall(
        [
            {"methodName": "C3TT.setTicketProperty", "params": [ticket.id, "A.b", "1"]},
            {"methodName": "C3TT.setTicketProperties", "params": [ticket.id, {"A.c": "1", "bad name": "1"}]},
            {"methodName": "C3TT.noSuchMethod", "params": []},
            {"methodName": "system.multicall", "params": [[]]},
            {"methodName": "SYSTEM.Multicall", "params": [[]]},
            {"methodName": "C3TT.getVersion"},
            "nonsense",
        ]
    )
    assert [a if isinstance(a, list) else a["faultCode"] for a in answers] == [
        [True], 419, -32601, -32602, -32602, ["3.0"], -32602,
    ]  # fmt: skip
    assert properties.own(ticket) == {"A.b": "1"}


@pytest.mark.parametrize("calls", ["x", {}, [{"methodName": "C3TT.getVersion"}] * 101])
def test_several_calls_are_a_list_of_at_most_100(connect, project, calls):
    assert refused(connect().system.multicall, calls) == -32602


def test_the_log_keeps_no_secret_that_a_worker_sends(tracker, ticket):
    tracker.setTicketProperties(ticket.id, {"Publishing.Token": "geheim"})
    assert log_of(ticket)[-1].comment == "Publishing.Token=(secret)"
