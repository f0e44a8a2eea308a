"""The release page: all files of a talk, one button, and the way back."""

from __future__ import annotations

import pytest

from tests.factories import encoding, make_recording, put
from tests.tracker.gui.visitor import enter, filled, now_in, page, send, words
from tracker import properties
from tracker.db import db

SUM = "0123456789abcdef" * 4


@pytest.fixture
def talk(project):
    talk = make_recording(project, "copied")
    for slug in ("hd", "mp3"):
        child = put(encoding(talk, slug), "postprocessed")
        properties.write(child, {"Release.SHA256": SUM, "Release.Bytes": "1500000", "Encoding.Seconds": "61"})
    return talk


@pytest.fixture
def path(client, talk):
    enter(client, "sue", "superuser")
    return f"/demo/ticket/{talk.id}/release"


def test_all_files_stand_there_with_size_and_checksum(client, path):
    rows = [" ".join(row.text_content().split()) for row in page(client.get(path)).xpath("//tbody/tr")]
    assert rows[0].startswith("MP4 H.264 720p")
    assert all("postprocessed" in row and "1:01" in row and "1.5 MB" in row and SUM in row for row in rows)


def test_one_button_releases_them_all(client, talk, path):
    assert "Release 2 files" in words(client.get(path))
    assert send(client, path, {"action": "release"}).status_code == 303
    assert now_in(talk) == {"hd": "ready to release", "mp3": "ready to release"}
    assert send(client, path, {"action": "release"}).status_code == 409


def test_a_file_that_is_behind_does_not_hold_up_the_rest(client, talk, path):
    put(encoding(talk, "mp3"), "checking")
    db.session.flush()
    assert "1 of 2 files can be released now. 1 is not so far; it can follow later." in words(client.get(path))
    send(client, path, {"action": "release"})
    assert now_in(talk) == {"hd": "ready to release", "mp3": "checking"}


def test_a_release_is_reverted_after_it_is_confirmed(client, talk, path):
    child = put(encoding(talk), "released")
    db.session.flush()
    fields = {"action": "revert", "encoding": str(child.id), "version": str(child.version)}
    answer = send(client, path, fields)
    assert (answer.status_code, "Tick that the public file shall go" in words(answer)) == (400, True)
    assert send(client, path, {**fields, "confirm": "1"}).status_code == 303
    assert now_in(talk)["hd"] == "postprocessed"
    assert "Still public." in words(client.get(path))
    assert "1 still public" in words(client.get("/demo/"))
    assert send(client, path, {**fields, "confirm": "1"}).status_code == 409


def test_only_what_belongs_to_the_talk_and_is_released_can_be_reverted(client, project, talk, path):
    stranger = put(encoding(make_recording(project, "copied")), "released")
    for number, status in ((stranger.id, 404), ("x", 404), (encoding(talk).id, 409)):
        answer = send(client, path, {"action": "revert", "encoding": str(number), "confirm": "1"})
        assert answer.status_code == status
    db.session.refresh(stranger)
    assert stranger.state == "released"


def test_a_user_sees_the_files_but_no_button(client, app, talk, path):
    enter(other := app.test_client(), "bob")
    shown = page(other.get(path))
    assert SUM in shown.text_content() and not shown.xpath("//main//form")


@pytest.fixture
def shown(client, talk, path):
    """Return what a browser sends with the button of the page as it is now."""
    return filled(page(client.get(path)).xpath("//form[.//input[@name='action'][@value='release']]")[0])


def test_the_button_releases_what_the_page_showed(client, talk, path, shown):
    assert shown["file"] == [f"{encoding(talk, slug).id}:{SUM}" for slug in ("hd", "mp3")]
    assert send(client, path, shown).status_code == 303
    assert set(now_in(talk).values()) == {"ready to release"}


def test_a_file_that_was_made_anew_meanwhile_is_not_released(client, talk, path, shown):
    properties.write(encoding(talk), {"Release.SHA256": SUM[::-1]})
    answer = send(client, path, shown)
    assert (answer.status_code, "look at them first" in words(answer)) == (409, True)
    assert set(now_in(talk).values()) == {"postprocessed"}


def test_a_file_that_nobody_saw_is_not_released(client, talk, path, shown):
    assert send(client, path, {**shown, "file": shown["file"][:1]}).status_code == 409
    assert set(now_in(talk).values()) == {"postprocessed"}


@pytest.mark.parametrize("field", ["", "x:1", "-1:a", "9" * 30])
def test_a_file_without_a_number_is_named(client, talk, path, field):
    answer = send(client, path, {"action": "release", "file": field})
    assert (answer.status_code, "is no number of a ticket" in words(answer)) == (400, True)
    assert set(now_in(talk).values()) == {"postprocessed"}


# --- many talks ----------------------------------------------------------------------------------------------------


def second(project):
    other = make_recording(project, "copied", title="Behind")
    properties.write(put(encoding(other), "postprocessed"), {"Release.SHA256": SUM})
    return other


def test_complete_talks_come_first_and_are_released_together(client, project, talk, path):
    other = second(project)
    shown = page(client.get("/demo/release"))
    assert [row.text_content() for row in shown.xpath("//tbody//th/a")] == ["A talk", "Behind"]
    sent = filled(shown.xpath("//main//form")[0])
    assert send(client, "/demo/release", sent).status_code == 400  # none chosen
    answer = send(client, "/demo/release", {**sent, "ticket": [str(talk.id), str(other.id)]})
    assert answer.status_code == 303
    assert set(now_in(talk).values()) == {"ready to release"}
    assert now_in(other) == {"hd": "ready to release", "mp3": "ready to encode"}
    assert "No file waits" in words(client.get("/demo/release"))


def test_one_that_moved_on_holds_up_all_of_them(client, project, talk, path):
    other = second(project)
    sent = filled(page(client.get("/demo/release")).xpath("//main//form")[0])
    properties.write(encoding(other), {"Release.SHA256": SUM[::-1]})
    answer = send(client, "/demo/release", {**sent, "ticket": [str(talk.id), str(other.id)]})
    assert (answer.status_code, "Nothing was released" in words(answer)) == (409, True)
    assert set(now_in(talk).values()) == {"postprocessed"}


def test_what_is_held_cannot_be_chosen_nor_sent(client, project, talk, path):
    properties.write(talk, {"Release.Hold": "Ada: wait."})
    shown = page(client.get("/demo/release"))
    assert "Ada: wait." in shown.text_content() and shown.xpath("//input[@name='ticket']") == []
    assert send(client, "/demo/release", {"ticket": str(talk.id)}).status_code == 409
    assert send(client, "/demo/release", {"ticket": ["x", "99999999999"]}).status_code == 400
