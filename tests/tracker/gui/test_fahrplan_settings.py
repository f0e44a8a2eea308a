"""The page on which an admin says how a Fahrplan is looked after."""

from __future__ import annotations

import pytest

from tests.tracker.fahrplan.imports import SEVEN, run
from tests.tracker.fahrplan.samples import event
from tests.tracker.gui.visitor import enter, filled, page, send, words
from tracker import projects, properties, queries
from tracker.db import db
from tracker.fahrplan import access, sources, watching

PATH = "/demo/fahrplan/settings"


@pytest.fixture
def project(client, db_session):
    made = projects.create("demo", "Project demo", values={"Fahrplan.XML": "https://me.example/s.xml?token=s3cret"})
    run(made, *SEVEN, event(8, room="Keller"))
    return made


@pytest.fixture
def act(client, project):
    """Send one of the forms as it is drawn, with some fields filled in."""
    enter(client)

    def act(action, *without, **fields):
        form, *_ = page(client.get(PATH)).xpath(f"//form[.//button[@name='action'][@value='{action}']]")
        sent = {name: value for name, value in filled(form).items() if name not in without}
        answer = send(client, PATH, sent | {"action": action} | fields)
        db.session.expire_all()
        return answer

    return act


@pytest.fixture
def key(client):
    return client.application.config["SETTINGS"].secret_key


ONE_OF_EACH = ("source", "policy", "rooms", "tell")


def stored(project):
    source = sources.look(project)
    return source.policy, source.rooms, source.every_s, source.paused, source.mail_to, properties.own(project)


@pytest.mark.parametrize("action", ONE_OF_EACH)
def test_a_form_that_nobody_touched_changes_nothing(project, act, action):
    before = stored(project)
    assert act(action).status_code == 303
    assert stored(project) == before


def test_the_source_is_changed(project, act):
    act("source", "watched", address="https://other.example/new.json", every_s="300")
    source = sources.of(project)
    assert (source.every_s, source.paused) == (300, True)
    assert properties.own(project)["Fahrplan.XML"] == "https://other.example/new.json"


@pytest.mark.parametrize("address", ["/etc/passwd", "file:///etc/passwd", "javascript:alert(1)"])
def test_no_page_makes_the_tracker_read_its_own_files(project, act, address):
    answer = act("source", address=address)
    assert (answer.status_code, "begins neither with https" in words(answer)) == (400, True)


def test_a_policy_is_set_for_each_class(project, act):
    answer = act("policy", **{"before-0": "ask", "begun-5": "ignore"}, loss_count="7", loss_percent="25")
    assert answer.status_code == 303
    source = sources.of(project)
    rules = sources.policy_of(source).rules
    assert (tuple(rules["new"]), tuple(rules["speakers"])) == (("ask", "apply"), ("apply", "ignore"))
    assert (source.loss_count, source.loss_share) == (7, 0.25)


def test_what_is_recorded_is_never_moved_silently(project, act):
    answer = act("policy", **{"begun-1": "apply"})
    assert (answer.status_code, "never moved in time without asking" in words(answer)) == (400, True)


def test_who_is_late_is_shown_both_versions(project, client, act):
    (form,) = page(client.get(PATH)).xpath("//section[@id='policy']/form")
    late = filled(form) | {"action": "policy", "before-0": "ignore"}
    act("policy", **{"before-0": "ask"})
    answer = send(client, PATH, late)
    assert (answer.status_code, "ask, apply" in words(answer)) == (409, True)


def test_only_some_rooms_are_recorded(project, act):
    act("rooms", which="some", room=["saal1"])
    assert sources.of(project).rooms == ["saal1"]
    assert len(run(project, *SEVEN, event(8, room="Keller")).locked) == 1
    act("rooms", which="all")
    assert sources.of(project).rooms == []
    assert act("rooms", which="some", room=[]).status_code == 400


def test_a_room_has_recorders_of_other_names(project, act):
    (room,) = [room for room in queries.rooms(project.id) if room.key == "keller"]
    act("room", key="keller", name="Cellar", recorders="hall1, hall1_backup")
    assert (room.key, room.name, room.recorders) == ("keller", "Cellar", ["hall1", "hall1_backup"])
    answer = act("room", key="saal1", name="Saal 1", recorders="hall1")
    assert (answer.status_code, "begin with 'hall1'" in words(answer)) == (400, True)


def test_a_login_goes_in_and_never_comes_out(project, client, act, key):
    answer = act("login", auth="basic", login="crew", secret="s3cret-pass")
    assert answer.status_code == 303
    source = sources.of(project)
    assert access.headers(source, key, "https://me.example/")["Authorization"].startswith("Basic ")
    shown = client.get(PATH).get_data(as_text=True)
    assert "basic crew" in shown and "s3cret" not in shown
    wrong = act("login", auth="header", login="Host", secret="s3cret-pass")
    assert wrong.status_code == 400 and "s3cret" not in wrong.get_data(as_text=True)
    act("login", auth="none")
    assert source.login is None


def test_the_crew_is_told_where_it_wants(project, client, act, key):
    act("tell", mail="a@example.org, b@example.org")
    assert sources.of(project).mail_to == ["a@example.org", "b@example.org"]
    assert act("tell", mail="nobody").status_code == 400
    act("webhook", webhook="https://chat.example/hook/s3cret", signed="shared")
    assert access.webhook(sources.of(project), key) == ("https://chat.example/hook/s3cret", "shared")
    shown = client.get(PATH).get_data(as_text=True)
    assert "https://chat.example/... (signed)" in shown and "s3cret" not in shown
    assert act("webhook").status_code == 400
    act("webhook", none="1")
    assert sources.of(project).webhook is None


def test_the_source_is_asked_at_once(project, act):
    watching.configure(project, every_s=86400)
    sources.of(project).fingerprint = "x"
    act("ask")
    assert (sources.of(project).fingerprint, sources.of(project).next_try) == ("", None)


def test_a_project_without_a_fahrplan_has_the_page_too(client, db_session):
    projects.create("bare", "Bare")
    enter(client)
    answer = client.get("/bare/fahrplan/settings")
    assert answer.status_code == 200 and "The first import brings them." in words(answer)
