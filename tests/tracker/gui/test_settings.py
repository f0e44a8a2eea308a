"""The settings of a project."""

from __future__ import annotations

import pytest

from tests.factories import make_recording, states
from tests.tracker.gui.visitor import enter, page, send, words
from tracker import profiles, projects, properties, queries
from tracker.db import db
from tracker.statemachine import CLASSIC

PATH = "/demo/settings"


@pytest.fixture
def act(client, project):
    enter(client, "alice")

    def act(action, **fields):
        answer = send(client, PATH, {"action": action, **fields})
        db.session.expire_all()
        return answer

    return act


GENERAL = {"title": "Öfen 26", "time_zone": "Europe/Vienna", "languages": "deu, eng", "separate_checker": "1"}


def test_general_settings_are_stored(project, act):
    assert act("general", **GENERAL).status_code == 303
    assert (project.title, project.time_zone, project.languages) == ("Öfen 26", "Europe/Vienna", ["deu", "eng"])


def test_a_wrong_setting_is_explained_and_what_was_typed_is_kept(project, act):
    answer = act("general", **(GENERAL | {"time_zone": "Mars/Olympus"}))
    assert answer.status_code == 400 and "'Mars/Olympus' is unknown" in words(answer)
    assert page(answer).xpath("//input[@name='title']/@value") == ["Öfen 26"]
    assert project.title != "Öfen 26"


def test_policies_hold_from_the_next_ticket_on(project, act):
    act(
        "policies",
        draining="1",
        stopped=["encoding", "releasing"],
        max_attempts="5",
        node_timeout_s="900",
        dependee_state="checked",
    )
    assert (project.draining, project.stopped_states) == (True, ["encoding", "releasing"])
    assert (project.max_attempts, project.node_timeout_s, project.dependee_state) == (5, 900, "checked")


def on(but=()):
    tables = CLASSIC.tables
    return {f"on_{kind}": [s.name for s in tables[kind].states if s.name not in but] for kind in tables}


def test_states_are_switched_off_and_on(project, act):
    act("states", **on(but=("postprocessing", "postprocessed")))
    assert project.disabled_states == {"encoding": ["postprocessing", "postprocessed"]}
    act("states", **on())
    assert project.disabled_states == {}


def test_a_state_that_holds_tickets_stays_on(project, act):
    make_recording(project, "merged")
    answer = act("states", **on(but=("merged",)))
    assert answer.status_code == 400 and "merged" in words(answer) and project.disabled_states == {}


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("general", GENERAL | {"title": "x" * 201}, "at most 200 characters"),
        ("properties", {"name": ["Meta.Year", "Fahrplan.XML"], "value": ["2026", "/etc/passwd"]}, "an address only"),
        ("properties", {"name": ["Meta.Year", "Project.Slug"], "value": ["2026", "mine"]}, "Project.Slug is computed"),
    ],
)
def test_what_cannot_be_stored_is_said(project, act, action, fields, said):
    answer = act(action, **fields)
    assert answer.status_code == 400 and said in words(answer)
    assert project.title == "Project demo" and "Meta.Year" not in properties.own(project)


def test_properties_are_changed_added_and_deleted(project, act):
    properties.write(project, {"Meta.Album": "Old", "Meta.Year": "2025"})
    act("properties", name=["Meta.Album", "Meta.Year", "Meta.License"], value=["New", "", "CC0"])
    own = properties.own(project)
    assert (own["Meta.Album"], own["Meta.License"], "Meta.Year" in own) == ("New", "CC0", False)


def test_a_format_is_added_switched_off_and_removed(project, act):
    talk = make_recording(project)
    act("add profile", profile="opus")
    assert "opus" in states(talk)
    act("profile", profile="opus", priority="0", auto_create="1")
    used = {each.version.profile.slug: each.priority for each in queries.project_profiles(project.id)}
    assert used["opus"] == 0
    act("remove profile", profile="opus")
    assert "opus" not in states(talk)


def test_a_newer_version_of_a_profile_can_be_taken(client, project, act):
    make_recording(project)
    profile = profiles.get("hd")
    profiles.revise(profile, profiles.version(profile).template.replace("<job>", "<job >"), "better")
    assert "take revision 2" in words(client.get(PATH))
    act("profile", profile="hd", latest="1", priority="1", auto_create="1")
    assert {u.version.profile.slug: u.version.revision for u in queries.project_profiles(project.id)}["hd"] == 2


def test_an_archived_project_can_be_opened_again(client, project, act):
    for _ in range(2):  # two people who saw the same page both want it archived
        act("archive", wanted="1")
        assert projects.get("demo").read_only and "Open it again" in words(client.get(PATH))
    act("archive", wanted="0")
    assert not projects.get("demo").read_only


def test_an_address_may_bring_the_name_of_a_property_into_the_form(client, project, act):
    new = "//section[@id='properties']//input[@aria-label='Name of a new property']/@value"
    assert page(client.get("/demo/settings?name=Release.URL")).xpath(new) == ["Release.URL"]
    properties.write(project, {"Release.URL": "https://example.org/"})
    assert page(client.get("/demo/settings?name=Release.URL")).xpath(new) == []


def test_one_property_that_was_changed_is_told_of_in_german(client, project, act):
    act("properties", name="Meta.Album", value="Next")
    assert "1 Eigenschaft wurde geändert." in words(client.get("/demo/settings", headers={"Accept-Language": "de"}))
