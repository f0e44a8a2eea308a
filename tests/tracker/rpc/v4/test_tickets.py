"""Tickets, talks and properties over API 4.0; the recording plays the meta ticket."""

from __future__ import annotations

import pytest

from tests import factories
from tests.tracker.rpc.conftest import fresh
from tracker import projects, properties, queries, tickets
from tracker.db import db

TALK = {
    "Fahrplan.Room": "Säle 1/2",
    "Fahrplan.DateTime": "2026-12-27T10:00:00+0100",
    "Fahrplan.Duration": "01:30",
    "Fahrplan.Persons": "Ada Ä.",
}


def profile_id(slug):
    return queries.profile_by_slug(slug).id


# --- what is told of tickets -----------------------------------------------------------------------------------


def test_an_encoding_ticket_tells_its_talk_and_its_profile(tracker, project):
    made = factories.make_encoding(project)
    db.session.commit()
    assert list(tracker.getTicketInfo(made.id).items()) == [
        ("id", made.id),
        ("project_id", project.id),
        ("title", ""),
        ("fahrplan_id", made.parent.fahrplan_id),
        ("ticket_type", "encoding"),
        ("ticket_state", "ready to encode"),
        ("ticket_state_next", "encoding"),
        ("failed", False),
        ("progress", "10"),
        ("url_web", f"http://tracker.example.org/demo/ticket/{made.id}"),
        ("parent_id", made.parent_id),
        ("encoding_profile_id", profile_id("hd")),
    ]


def test_a_recording_is_told_as_itself_and_as_the_meta_ticket_of_its_talk(tracker, project):
    made = factories.make_recording(project, "merged", title="Ein Täst")
    db.session.commit()
    itself, meta = tracker.getTicketInfo(made.id), tracker.getMetaTicketInfo(project.id, made.fahrplan_id)
    assert (itself["ticket_type"], itself["ticket_state"], itself["title"]) == ("recording", "prepared", "Ein Täst")
    assert [child["ticket_type"] for child in itself["children"]] == ["encoding"]
    assert (meta["id"], meta["ticket_type"], meta["ticket_state"]) == (made.id, "meta", "staged")
    assert (meta["ticket_state_next"], meta["title"], meta["progress"]) == ("closed", "Ein Täst", "25")
    assert [(child["ticket_type"], child["title"]) for child in meta["children"]] == [
        ("recording", ""),
        ("encoding", ""),
    ]
    assert meta["children"][0]["id"] == made.id == meta["children"][1]["parent_id"]


def test_a_talk_without_encodings_and_a_locked_one(tracker, project):
    made = factories.make_recording(project, "locked")
    for child in list(made.children):
        db.session.delete(child)
    db.session.commit()
    assert "children" not in tracker.getTicketInfo(made.id)
    meta = tracker.getMetaTicketInfo(project.id, made.fahrplan_id)
    assert (meta["ticket_state"], meta["ticket_state_next"], len(meta["children"])) == ("staging", "staged", 1)


def test_misc_tickets_do_not_exist_here(tracker, project):
    made = factories.make_misc(project)
    db.session.commit()
    assert tracker.refusal("getTicketInfo", made.id) == (201, "getTicketInfo: ticket not found")


@pytest.mark.parametrize("number", ["abc", "", 0, -1, "1e3", 10**10, "99999999999999999999", True, ["1"], {}])
def test_what_is_no_ticket_number_is_no_ticket(tracker, number):
    if number == 10**10:  # more than the standard client can send
        number = str(number)
    assert tracker.refusal("getTicketInfo", number) == (201, "getTicketInfo: ticket not found")


def test_profiles_have_their_fields_in_their_order(tracker, project):
    found = tracker.getEncodingProfiles(project.id)
    assert [list(each) for each in found] == [
        [
            *("id", "encoding_profile_id", "revision", "created", "description", "xml_template", "priority"),
            *("auto_create", "encodingprofile_id", "encodingprofile_name", "encodingprofile_slug"),
            *("encodingprofile_extension", "encodingprofile_mirror_folder", "encodingprofile_depends_on"),
        ]
    ]
    assert tracker.getEncodingProfiles(project.id, "") == found
    one = tracker.getEncodingProfiles(project.id, found[0]["encoding_profile_id"])
    assert one == found[0] and (one["priority"], one["auto_create"], one["encodingprofile_depends_on"]) == (
        "1",
        True,
        "",
    )
    assert tracker.refusal("getEncodingProfiles", project.id, 999)[0] == 102


# --- making tickets --------------------------------------------------------------------------------------------


def test_a_talk_is_made_locked_and_let_go_by_its_commence_state(tracker, project):
    made = tracker.createMetaTicket(project.id, "Ein Täst", 5001, TALK)
    assert [made[name] for name in ("ticket_type", "title", "ticket_state", "ticket_state_next", "parent_id")] == [
        *("meta", "Ein Täst", "staging", "staged", "")
    ]
    assert made["properties"]["Fahrplan.Room"] == {"name": "Fahrplan.Room", "value": "Säle 1/2"}
    ticket = tickets.get(made["id"])
    assert (ticket.state, ticket.room.name, ticket.fahrplan_id) == ("locked", "Säle 1/2", 5001)
    assert (ticket.end - ticket.start).total_seconds() == 90 * 60
    assert len(ticket.children) == 1
    assert tracker.setCommenceTicketState(made["id"]) is True
    assert fresh(ticket).state == "scheduled"
    assert tracker.refusal("setCommenceTicketState", made["id"])[0] == 1304
    assert [event for event, _, _ in factories.events(ticket)] == [
        *("RPC.createMetaTicket", "RPC.setTicketProperties", "RPC.setCommenceTicketState")
    ]
    found = tracker.getTicketProperties(made["id"])
    assert (found["Fahrplan.Title"], found["Fahrplan.Date"], found["Fahrplan.Start"]) == (
        "Ein Täst",
        "2026-12-27",
        "10:00",
    )
    assert found["Fahrplan.Person_list"] == "Ada Ä."


@pytest.mark.parametrize("properties_given", [(), ({},), ([],), ("",)])
def test_a_talk_may_have_no_properties(tracker, project, properties_given):
    made = tracker.createMetaTicket(project.id, "A talk", 7, *properties_given)
    assert (made["properties"], tickets.get(made["id"]).start) == ({}, None)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((99, "A talk", 1), 1001),
        (("demo", "A talk", 1), 1001),
        ((None, " ", 1), 1002),
        ((None, "A talk", 0), 1003),
        ((None, "A talk", "x"), 1003),
        ((None, "A talk", 5), 1004),
        ((None, "A talk", 1, {"Fahrplan.DateTime": "soon"}), 1006),
        ((None, "A talk", 1, {"Fahrplan.DateTime": "2026-12-27T10:00:00Z", "Fahrplan.Duration": "long"}), 1006),
        ((None, "A talk", 1, {"bad name": "x"}), 1006),
        ((None, "A talk", 1, {"A.B": ["x"]}), 1006),
        ((None, "A talk", 1, "text"), 1006),
    ],
)
def test_refusals_of_new_talks_have_their_codes_and_leave_nothing(tracker, project, arguments, code):
    tracker.createMetaTicket(project.id, "The fifth", 5)
    first, *others = arguments
    told = tracker.refusal("createMetaTicket", project.id if first is None else first, *others)
    assert told[0] == code and told[1].startswith("createMetaTicket: ")
    assert queries.fahrplan_ids(project.id) == {5}


@pytest.fixture
def bare(project):
    """Make a copied talk without encoding tickets."""
    made = factories.make_recording(project, "copied")
    for child in list(made.children):
        db.session.delete(child)
    db.session.commit()
    return made


def test_an_encoding_ticket_is_made_for_a_talk(tracker, project, bare):
    made = tracker.createEncodingTicket(bare.id, profile_id("hd"), {"Encoding.Extra": "ja"})
    assert (made["ticket_state"], made["parent_id"], made["fahrplan_id"]) == (
        *("ready to encode", bare.id, bare.fahrplan_id),
    )
    assert made["properties"] == {"Encoding.Extra": {"name": "Encoding.Extra", "value": "ja"}}
    assert properties.own(tickets.get(made["id"]))["Encoding.Extra"] == "ja"
    again = tracker.refusal("createEncodingTicket", bare.id, profile_id("hd"))
    assert again == (1206, "Ticket with given encoding profile already exists; a talk has one of each.")


@pytest.mark.parametrize(
    ("profile", "given", "code"), [("x", {}, 1203), (999, {}, 1204), (None, {"bad name": "x"}, 1205)]
)
def test_refusals_of_new_encoding_tickets_have_their_codes_and_leave_nothing(tracker, bare, profile, given, code):
    number = profile_id("hd") if profile is None else profile
    assert tracker.refusal("createEncodingTicket", bare.id, number, given)[0] == code
    db.session.refresh(bare, ["children"])
    assert bare.children == []


def test_an_encoding_ticket_needs_a_talk(tracker, project):
    made = factories.make_encoding(project)
    db.session.commit()
    for number in (made.id, 999999):
        told = tracker.refusal("createEncodingTicket", number, profile_id("hd"))
        assert told == (1201, "createEncodingTicket: meta ticket not found")


def test_an_encoding_ticket_commences_when_there_is_material(tracker, project):
    recording = factories.make_recording(project, "merged")
    child = factories.encoding(recording)
    db.session.commit()
    assert tracker.setCommenceTicketState(child.id) is False
    copied = factories.make_encoding(project)
    tickets.set_state(copied.id, factories.make_user(), "material needed")
    db.session.commit()
    assert tracker.setCommenceTicketState(copied.id) is True
    assert fresh(copied).state == "ready to encode"
    assert tracker.refusal("setCommenceTicketState", copied.id)[0] == 1304


def test_an_assigned_ticket_does_not_commence(tracker, project):
    factories.make_encoding(project)
    db.session.commit()
    found = tracker.assignNextUnassignedForState("encoding", "encoding", {})
    assert tracker.refusal("setCommenceTicketState", found["id"])[0] == 1302


def test_reset_counts_the_tickets_whose_state_changed(tracker, project):
    made = factories.make_encoding(project, "checked")
    db.session.commit()
    assert tracker.resetTicket(made.parent_id, ["meta"]) == 0
    assert tracker.resetTicket(made.parent_id, ["encoding"]) == 1
    assert tracker.resetTicket(made.parent_id) >= 1
    assert fresh(made.parent).state == "scheduled" and fresh(made).state == "material needed"
    assert tracker.refusal("resetTicket", made.parent_id, ["foo;"])[0] == -32500


# --- properties ------------------------------------------------------------------------------------------------


def test_properties_are_told_with_what_api_4_computes(tracker, project):
    made = factories.make_encoding(project)
    properties.write(made.parent, {"Record.Language": "deu-eng"})
    db.session.commit()
    found = tracker.getTicketProperties(made.id)
    assert list(found) == sorted(found)
    assert found["Fahrplan.ID"] == made.parent.fahrplan_id
    base = found["Encoding.Basename"]
    assert found["Encoding.LanguageTemplate"].replace("%s", "deu-eng" if "deu-eng" in base else "deu") == base
    assert {name: found[name] for name in ("Record.Language.0", "Record.Language.1", "EncodingProfile.IsMaster")} == {
        "Record.Language.0": "deu",
        "Record.Language.1": "eng",
        "EncodingProfile.IsMaster": "yes",
    }


def test_a_stored_property_goes_before_a_computed_one_of_api_4(tracker, project):
    made = factories.make_encoding(project)
    db.session.commit()
    tracker.setTicketProperties(made.id, {"Encoding.LanguageTemplate": "x-%s", "Fahrplan.Person_list": "Ada"})
    found = tracker.getTicketProperties(made.id)
    assert (found["Encoding.LanguageTemplate"], found["Fahrplan.Person_list"]) == ("x-%s", "Ada")


def test_a_template_without_language(tracker, project):
    projects.configure(project, languages=())
    made = factories.make_recording(project, "copied", language="")
    db.session.commit()
    found = tracker.getTicketProperties(factories.encoding(made).id)
    assert found["Encoding.LanguageTemplate"] == found["Encoding.Basename"] == f"demo-{made.fahrplan_id}-A_talk"


@pytest.mark.parametrize(
    ("sent", "stored", "told"),
    [
        ({"Record.AVDelay": "0.120"}, {"Record.AVDelay": "120"}, "0.12"),
        ({"Record.AVDelay": 0.12}, {"Record.AVDelay": "120"}, "0.12"),
        ({"Record.AVDelay": "-1.5"}, {"Record.AVDelay": "-1500"}, "-1.5"),
        ({"Record.AVDelay": "0"}, {"Record.AVDelay": "0"}, "0"),
        ({"Record.Cutout": 4499}, {"Record.Cutout": "4500"}, "4499"),
        ({"Record.Cutin": 100}, {"Record.Cutin": "100"}, "100"),
        ({"A.Number": "10.000"}, {"A.Number": "10.000"}, "10.000"),
        ({"A.Truth": True}, {"A.Truth": "1"}, "1"),
        ({"A.Text": " ä <&> \r\n"}, {"A.Text": " ä <&> \r\n"}, " ä <&> \r\n"),
    ],
)
def test_units_and_marks_are_changed_both_ways(tracker, project, sent, stored, told):
    made = factories.make_recording(project)
    db.session.commit()
    (name,) = sent
    assert tracker.setTicketProperties(made.id, sent) is True
    assert {name: properties.own(made)[name]} == stored
    assert tracker.getTicketProperties(made.id)[name] == told


def test_an_empty_value_deletes(tracker, project):
    made = factories.make_recording(project, values={"Record.AVDelay": "5", "Record.Cutout": "7", "A.B": "x"})
    db.session.commit()
    gone = {"Record.AVDelay": "", "Record.Cutout": "", "A.B": ""}
    assert tracker.setTicketProperties(made.id, gone) is True
    assert not gone.keys() & properties.own(made).keys()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, 302),
        ([], 302),
        ("", 302),
        ({"Record.AVDelay": "much"}, 304),
        ({"Record.Cutout": "-1"}, 304),
        ({"Encoding..X": "x"}, 304),
        ({"a b": "x"}, 304),
        ({"A.B": {"C": "x"}}, 304),
        ("text", 304),
    ],
)
def test_refusals_of_properties_have_their_codes(tracker, project, given, code):
    made = factories.make_recording(project)
    db.session.commit()
    assert tracker.refusal("setTicketProperties", made.id, given)[0] == code


def test_properties_of_a_ticket_that_another_worker_keeps_by_a_lease_are_not_written(tracker, project):
    made = factories.make_encoding(project)
    factories.assign(made, factories.make_worker(), "encoding", lease_s=60)
    db.session.commit()
    assert tracker.refusal("setTicketProperties", made.id, {"A.B": "x"})[0] == 304


def test_virtual_properties_are_not_written(tracker, project):
    made = factories.make_encoding(project)
    db.session.commit()
    before = tracker.getTicketProperties(made.id)
    assert tracker.setTicketProperties(made.id, {"Encoding.Basename": "x", "Project.Slug": "y"}) is True
    assert tracker.getTicketProperties(made.id) == before


# --- jobfile, log ----------------------------------------------------------------------------------------------


def test_a_jobfile_is_xml_in_one_string(tracker, project):
    made = factories.make_encoding(project)
    db.session.commit()
    for name in ("getJobfile", "getJobFile"):
        assert tracker.call(name, made.id).startswith("<?xml version=")


def test_a_jobfile_that_cannot_be_made_says_why_inside(tracker, project):
    made = factories.make_encoding(project)
    properties.write(made, {"Format.Video.Codec": "x'; rm -rf /"})
    db.session.commit()
    found = tracker.getJobfile(made.id)
    assert "<error>" in found and "Format.Video.Codec" in found
    assert tracker.refusal("getJobfile", made.parent_id) == (702, "getJobfile: encoding profile not found")


@pytest.mark.parametrize("message", ["", "ä\nö", b"bytes &#228;", 5, 1.5])
def test_a_log_takes_any_text(tracker, project, message):
    made = factories.make_recording(project)
    db.session.commit()
    assert tracker.addLog(made.id, message) is True
    assert factories.log_of(made)[-1].event == "RPC.addLog"


# --- no access across projects ---------------------------------------------------------------------------------

TICKET_CALLS = [
    ("getTicketInfo", (), 202),
    ("createEncodingTicket", (1,), 1202),
    ("setCommenceTicketState", (), 1303),
    ("resetTicket", (), 1402),
    ("getTicketProperties", (), 404),
    ("setTicketProperties", ({"A.B": "x"},), 303),
    ("setTicketDone", (), 504),
    ("setTicketFailed", ("x",), 604),
    ("getJobfile", (), 404),
    ("addLog", ("x",), 802),
    ("getTicketNextState", (), 103),
]
PROJECT_CALLS = [
    ("getEncodingProfiles", (), 101),
    ("getMetaTicketInfo", (1,), 1101),
    ("createMetaTicket", ("A talk", 9), 1001),
    ("getNextState", ("recording", "recording"), 101),
    ("getPreviousState", ("recording", "recording"), 101),
]


@pytest.mark.parametrize("archived", [False, True])
def test_no_method_reaches_a_project_that_is_anothers_or_archived(enter, project, archived):
    caller = enter(projects=(project,) if archived else ())
    made = factories.make_encoding(project)
    projects.configure(project, read_only=archived)
    db.session.commit()
    rows = len(factories.log_of(made))
    for name, arguments, code in TICKET_CALLS:
        assert (name, caller.refusal(name, made.id, *arguments)[0]) == (name, code)
    for name, arguments, code in PROJECT_CALLS:
        assert (name, caller.refusal(name, project.id, *arguments)[0]) == (name, code)
    assert caller.getServiceableProjects() == []
    assert caller.ping(made.id) == "Ticket lost"
    assert len(factories.log_of(made)) == rows
