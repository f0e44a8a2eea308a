"""What admins tell workers, and the groups."""

from __future__ import annotations

import json

import pytest

from tests.factories import make_recording, make_worker
from tests.tracker.gui.visitor import enter, filled, page, send, words
from tracker import projects, queries
from tracker.db import db
from tracker.workers import groups


@pytest.fixture
def admin(client):
    enter(client, "alice")


def tell(client, worker, action, **fields):
    answer = send(client, "/workers", {"worker": worker.id, "action": action, **fields})
    assert answer.status_code == 303
    db.session.refresh(worker)


def test_a_worker_is_held_and_released(client, project, admin):
    worker = make_worker()
    tell(client, worker, "hold")
    assert worker.held and "held" in words(client.get("/workers"))
    tell(client, worker, "release")
    assert not worker.held


def test_a_command_waits_for_the_next_ping(client, project, admin):
    worker = make_worker()
    tell(client, worker, "command", command="take a break")
    assert worker.command == "take a break"


def test_a_worker_that_was_just_heard_of_is_not_forgotten(client, project, admin):
    worker = make_worker()
    answer = send(client, "/workers", {"worker": worker.id, "action": "forget"})
    assert answer.status_code == 400 and "end it first" in words(answer) and queries.worker_by_id(worker.id) is worker


def act(client, action, **fields):
    return send(client, "/workers/groups", {"action": action, **fields})


def test_the_secret_of_a_new_group_is_shown_once(client, project, admin):
    shown = page(act(client, "add", name="encoders"))
    secret = shown.xpath("//dd[@id='secret']")[0].text
    group = groups.get("encoders")
    assert len(secret) >= 32 and secret not in client.get("/workers/groups").text
    again = page(act(client, "rotate", group="encoders")).xpath("//dd[@id='secret']")[0].text
    db.session.refresh(group)
    assert again != secret and group.previous_secret is not None
    act(client, "end rotation", group="encoders")
    db.session.refresh(group)
    assert group.previous_secret is None


def test_a_group_gets_projects_settings_and_a_filter(client, project, admin):
    act(client, "add", name="encoders")
    act(client, "projects", group="encoders", projects="demo")
    act(client, "configure", group="encoders", max_tickets="4", states=["encoding"])
    rule = {"property": "Room.Key", "is": "saal1"}
    act(client, "filter", group="encoders", project="demo", filter=json.dumps(rule))
    group = groups.get("encoders")
    db.session.refresh(group)
    assert (group.max_tickets, group.states, [p.slug for p in groups.projects_of(group)]) == (4, ["encoding"], ["demo"])
    assert "Room.Key is 'saal1'" in words(client.get("/workers/groups"))
    act(client, "projects", group="encoders")
    assert groups.projects_of(group) == []


def test_a_filter_that_is_none_is_explained_and_kept(client, project, admin):
    act(client, "add", name="encoders")
    act(client, "projects", group="encoders", projects="demo")
    for text in ("{not json", '{"colour": "red"}'):
        answer = act(client, "filter", group="encoders", project="demo", filter=text)
        assert answer.status_code == 400 and "filter" in words(answer)
        assert text in [each.value for each in page(answer).xpath("//textarea[@name='filter']")]


def test_a_group_is_paused_and_deleted(client, project, admin):
    act(client, "add", name="encoders")
    for _ in range(2):  # two people who saw the same page both want it paused
        act(client, "pause", group="encoders", wanted="1")
        assert groups.get("encoders").paused
    act(client, "delete", group="encoders")
    assert "encoders" not in {group.name for group in queries.all_groups()}


def test_a_command_is_sent_from_the_page(client, project, admin):
    worker = make_worker("host1.example.org")
    shown = page(client.get("/workers"))
    (form,) = shown.xpath("//form[.//input[@name='command']]")
    assert send(client, "/workers", {**filled(form), "command": "report", "action": "command"}).status_code == 303
    db.session.refresh(worker)
    assert worker.command == "report"
    assert "waits for it: report" in words(client.get("/workers"))


def test_the_queue_tells_what_waits_for_scripts(client, project, admin):
    for _ in range(2):
        make_recording(project, "recorded")
    make_recording(project, "merged")
    make_recording(project, "scheduled")
    projects.regulate(project, stopped_states=["merging"])
    (row,) = page(client.get("/workers")).xpath("//section[@id='queue']//tbody/tr")
    assert [" ".join(cell.text_content().split()) for cell in row[:4]] == [
        "Project demo", "recorded", "merging'merging' is stopped in this project.", "2",
    ]  # fmt: skip
    assert client.get(row.xpath(".//a/@href")[0]).text.count("recorded") >= 2


def test_a_ticket_tells_which_groups_would_get_it(client, project, admin):
    groups.create("farm", secret_key="k" * 64)
    talk = make_recording(project, "recorded")
    shown = page(client.get(f"/demo/ticket/{talk.id}")).get_element_by_id("prospects").text_content()
    assert "farm does not work for demo" in " ".join(shown.split()) and "would get it" in shown


def test_an_empty_queue_says_so(client, admin):
    assert "Nothing waits for a script." in words(client.get("/workers"))
