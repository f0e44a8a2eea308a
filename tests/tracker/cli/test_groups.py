"""`fahrwerk group` and `fahrwerk workers`, as an operator uses them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests import factories
from tracker import projects, queries, tickets, workers
from tracker.db import db, now, transaction
from tracker.errors import TrackerError
from tracker.workers import fleet, groups

KEY = "k" * 64


def secret_in(output: str) -> str:
    (found,) = re.findall(r"^secret  ([0-9a-f]{64})$", output, re.MULTILINE)
    return str(found)


@pytest.fixture
def demo(fahrwerk, app):
    """Make a project, once for all tests of the module."""
    fahrwerk("project", "add", "demo", "Demo", "--profile", "hd")
    return projects.get("demo")


def test_a_new_group_shows_its_secret_once(fahrwerk, app, demo):
    done = fahrwerk("group", "add", "encoders", "--project", "demo")
    assert done.exit_code == 0 and "The secret is not shown again." in done.output
    group = groups.get("encoders")
    assert groups.secrets_of(group, KEY) == [secret_in(done.output)] and group.token in done.output
    shown = fahrwerk("group", "show", "encoders").output
    assert group.token in shown and secret_in(done.output) not in shown
    assert re.search(r"^encoders +works +no workers +demo$", fahrwerk("group", "list").output, re.MULTILINE)


def test_a_rotation_has_a_beginning_and_an_end(fahrwerk, app, demo):
    old = secret_in(fahrwerk("group", "add", "rotating").output)
    new = secret_in(fahrwerk("group", "rotate", "rotating").output)
    assert groups.secrets_of(groups.get("rotating"), KEY) == [new, old]
    assert "a rotation is under way" in fahrwerk("group", "show", "rotating").output
    db.session.rollback()
    fahrwerk("group", "rotate", "rotating", "--end")
    assert groups.secrets_of(groups.get("rotating"), KEY) == [new]


def test_a_group_is_changed_paused_and_resumed(fahrwerk, app, demo):
    fahrwerk("group", "add", "changing")
    fahrwerk("group", "edit", "changing", "--rename", "changed", "--max-tickets", "3", "--state", "encoding")
    fahrwerk("group", "edit", "changed", "--all-projects", "--strict-filters")
    fahrwerk("group", "pause", "changed")
    told = fahrwerk("group", "show", "changed").output.split("\n")
    assert {"works     no, paused", "states    encoding", "at once   3", "projects  all projects"} <= set(told)
    fahrwerk("group", "resume", "changed")
    fahrwerk("group", "edit", "changed", "--state", "all")
    group = groups.get("changed")
    assert (group.paused, group.states, group.strict_filters) == (False, [], True)


def test_a_group_gets_a_project_and_a_filter(fahrwerk, app, demo):
    fahrwerk("group", "add", "choosy")
    assert fahrwerk("group", "project", "choosy", "demo").output == "Group choosy works for demo.\n"
    rule = '{"and": [{"property": "Room.Key", "is": "saal1"}, {"property": "EncodingProfile.Slug", "in": ["hd"]}]}'
    told = "Room.Key is 'saal1' and EncodingProfile.Slug in 'hd'"
    assert fahrwerk("group", "filter", "choosy", "demo", rule).output == f"Group choosy gets of demo: {told}.\n"
    assert f"demo only: {told}\n" in fahrwerk("group", "show", "choosy").output
    assert "all tickets" in fahrwerk("group", "filter", "choosy", "demo", "none").output
    assert fahrwerk("group", "project", "choosy", "demo", "--remove").exit_code == 0
    assert queries.group_rows(groups.get("choosy").id) == []


@pytest.mark.parametrize(
    ("rule", "sentence"), [("{", "The filter is no JSON"), ('{"property": "x"}', "exactly one of")]
)
def test_a_wrong_filter_is_told_in_a_sentence(fahrwerk, app, demo, rule, sentence):
    fahrwerk("group", "add", "wrong", "--project", "demo")
    done = fahrwerk("group", "filter", "wrong", "demo", rule)
    assert isinstance(done.exception, TrackerError) and sentence in str(done.exception)


def test_a_deleted_group_gives_its_tickets_back(fahrwerk, app, demo):
    fahrwerk("group", "add", "leaving", "--project", "demo")
    with transaction():
        factories.make_encoding(projects.get("demo"))
        tickets.claim_next(projects.get("demo"), "encoding", workers.register(groups.get("leaving"), "vm-9"))
    assert fahrwerk("group", "delete", "leaving").output == "Group leaving is gone; 1 tickets returned.\n"


# --- workers ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def worker(app, demo):
    with transaction():
        factories.make_worker("vm-1.example.org")
    return "vm-1.example.org"


def test_workers_are_listed_with_what_they_do(fahrwerk, app, demo, worker):
    with transaction():
        ticket = factories.make_encoding(projects.get("demo"))
        me = fleet.get(worker)
        ticket = factories.put(ticket, "ready to encode")
        held = tickets.claim_next(projects.get("demo"), "encoding", me)
        tickets.heartbeat(me, held.id, "frame=1 speed=1.7x", 42)
        number = held.id
    (line,) = [line for line in fahrwerk("workers", "list").output.split("\n") if worker in line]
    assert line.startswith(f"scripts/{worker} ") and line.endswith(f"ticket {number} encoding 42 % 1.7x")
    with transaction():
        fleet.get(worker).last_seen = now() - timedelta(minutes=20)
    (line,) = [line for line in fahrwerk("workers", "list").output.split("\n") if worker in line]
    assert "20 min" in line and line.endswith("LOST: silent for longer than the project allows")
    assert fahrwerk("workers", "forget", worker).output == f"{worker} is gone; 1 tickets returned.\n"


def test_a_worker_is_held_commanded_and_ended(fahrwerk, app, worker):
    assert fahrwerk("workers", "hold", worker).output == f"{worker} is held.\n"
    done = fahrwerk("workers", "terminate", f"scripts/{worker}", "--now")
    assert done.output == f"scripts/{worker} will end at once.\n"
    assert "held, command waits: terminate now" in fahrwerk("workers", "list").output
    fahrwerk("workers", "command", worker, "")
    fahrwerk("workers", "release", worker)
    found = fleet.get(worker)
    assert (found.held, found.command) == (False, "")
