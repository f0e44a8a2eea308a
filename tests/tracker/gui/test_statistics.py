"""The page of statistics, and the same as JSON."""

from __future__ import annotations

import pytest

from tests.factories import encoding, make_recording, make_user, make_worker
from tests.tracker.gui.visitor import enter, page, words
from tracker import tickets
from tracker.tickets import Actor


@pytest.fixture
def worked(project):
    talk, bob = make_recording(project, "merged"), Actor.of(make_user("bob"))
    for state in ("cutting", "cut", "copying", "copied"):
        tickets.move(talk, state, bob, "Test")
    for state in ("encoding", "encoded"):
        tickets.move(encoding(talk), state, Actor.of(make_worker("host1.example.org")), "Test")


def test_hours_times_and_work_are_shown(client, project, worked):
    enter(client)
    answer = client.get("/demo/statistics")
    rows = [[cell.text_content() for cell in row] for row in page(answer).xpath("//tbody/tr")]
    assert ["hd", "host1.example.org", "1", "0"] in [row[:4] for row in rows]
    assert ["bob", "1", "0"] in [row[:3] for row in rows]
    assert "0.0 h" in words(answer)


def test_the_same_comes_as_json(client, project, worked):
    enter(client)
    data = client.get("/demo/statistics?format=json").get_json()
    assert [each["who"] for each in data["done"]["encoding"]] == ["host1.example.org"]
    assert [each["who"] for each in data["done"]["cutting"]] == ["bob"]
    assert data["film_s"] == {"recorded": 0.0, "cut": 0.0, "released": 0.0}


def test_what_a_person_did_is_for_superusers(client, project, worked):
    enter(client, "rita", "user")
    assert "bob" not in client.get("/demo/statistics").text
    assert list(client.get("/demo/statistics?format=json").get_json()["done"]) == ["encoding"]
