"""The check page without scripts: verdicts, four eyes, and that looking changes nothing."""

from __future__ import annotations

import json

import pytest

from tests.factories import encoding, events, log_of, make_encoding, make_recording, make_user, put
from tests.tracker.gui.visitor import enter, log_in, now_in, page, send, words
from tracker import projects, properties, queries, tickets, users
from tracker.db import db

FACTS = {
    "Record.Framerate": "25/1", "Record.Cutin": "100", "Record.Cutout": "2350", "Record.AVDelay": "200",
    "Fahrplan.Person_list": "Łucja Żak", "Fahrplan.Language": "de", "Record.Cutdiffseconds": "90.0",
}  # fmt: skip


@pytest.fixture
def talk(project):
    talk = make_recording(project, "copied", values=FACTS)
    for slug in ("hd", "mp3"):
        put(encoding(talk, slug), "encoded")
    talk.cut_by_id = make_user("carol").id
    return talk


@pytest.fixture
def file(talk):
    found = encoding(talk)
    properties.write(found, {"Encoding.Seconds": "90.04", "Encoding.Bytes": "12345678"})
    return found


@pytest.fixture
def path(client, file):
    enter(client, "bob")
    return f"/demo/ticket/{file.id}/check"


@pytest.fixture
def held(client, path):
    assert send(client, path, {"action": "start"}).headers["Location"] == path
    return path


def test_looking_changes_nothing(client, file, path):
    before = file.version
    text = words(client.get(path))
    db.session.refresh(file)
    assert (file.state, file.user_id, file.version) == ("encoded", None, before)
    assert "Start checking" in text and "Everything is fine" not in text


def test_it_tells_the_facts(client, path):
    shown = page(client.get(path)).xpath("//dl[@class='facts-list']/div")
    told = {row.xpath("string(dt)"): " ".join(row.xpath("string(dd)").split()) for row in shown}
    assert told["Length"] == "1:30 (cut master 1:30)"
    assert told["Size"] == "12.3 MB"
    assert told["Cut"] == "00:00:04.000 to 00:01:34.000 (frames 100 to 2350), by carol"
    assert told["Language"] == "German (deu) (schedule: de)"
    assert told["Sound late by"].startswith("200 ms")
    assert told["Persons"] == "Łucja Żak"


def test_a_good_file_is_checked(client, file, talk, held, app):
    send(client, held, {"action": "accept"})
    db.session.refresh(file)
    assert (file.state, file.user_id) == ("checked", None)
    assert events(file)[-2:] == [
        ("Action.check.start", "encoded", "checking"),
        ("Action.check", "checking", "checked"),
    ]


@pytest.mark.parametrize("action", ["reject", "send_back"])
def test_a_bad_verdict_needs_a_reason(client, file, held, action):
    answer = send(client, held, {"action": action, "comment": "  "})
    assert (answer.status_code, "Say in a sentence what is wrong" in words(answer)) == (400, True)
    assert page(answer).xpath("//*[@aria-invalid]/@name") == ["comment"]


def test_a_bad_file_fails_alone(client, talk, file, held):
    send(client, held, {"action": "reject", "comment": "Green stripes"})
    db.session.refresh(file)
    assert (file.state, file.failed, encoding(talk, "mp3").failed, talk.failed) == ("checking", True, False, False)
    assert "Green stripes" in words(client.get(held))


def test_a_bad_cut_sends_the_talk_back(client, talk, held):
    send(client, held, {"action": "send_back", "comment": "Begins too late"})
    db.session.refresh(talk)
    assert (talk.state, talk.failed, now_in(talk)) == (
        "cutting",
        True,
        {"hd": "material needed", "mp3": "material needed"},
    )
    assert "Begins too late" in words(client.get(f"/demo/ticket/{talk.id}/cut"))


def test_leaving_gives_the_file_back(client, file, held):
    send(client, held, {"action": "leave"})
    db.session.refresh(file)
    assert (file.state, file.user_id) == ("encoded", None)


def test_who_cut_may_not_check(client, talk, file, path):
    talk.cut_by_id = users.get("bob").id
    db.session.flush()
    assert "You cut this talk; somebody else has to check it." in words(client.get(path))
    answer = send(client, path, {"action": "start"})
    assert (answer.status_code, "somebody else has to check it" in words(answer)) == (403, True)
    assert "somebody else has to check what you cut" in words(client.get("/demo/"))


def test_who_cut_may_check_when_the_project_says_so(client, project, talk, file, path):
    projects.configure(project, separate_checker=False)
    talk.cut_by_id = users.get("bob").id
    db.session.flush()
    assert send(client, path, {"action": "start"}).status_code == 303


def test_somebody_else_can_take_over(client, app, file, held):
    make_user("dora")
    other = app.test_client()
    log_in(other, "dora")
    assert "bob has been checking this since" in words(other.get(held))
    assert send(other, held, {"action": "start", "take_over": "1"}).status_code == 303
    answer = send(client, held, {"action": "accept"})
    assert (answer.status_code, "held by dora" in words(answer)) == (409, True)


def test_a_recording_has_no_check_page(client, talk, path):
    assert client.get(f"/demo/ticket/{talk.id}/check").status_code == 404
    assert client.get(path.replace("check", "cut")).status_code == 404


OLD_CUT = "This file was made from another cut than the recording has now: frames 1 to 9, eng, sound late by 0 ms;"


def test_a_file_of_another_cut_says_so_and_cannot_be_accepted(client, talk, file, held):
    properties.write(file, {"Encoding.Cut": tickets.moves.cut_of(talk)})
    assert not page(client.get(held)).xpath("//*[@id='outdated']")
    properties.write(file, {"Encoding.Cut": "1-9-eng-0"})
    answer = client.get(held)
    assert f"{OLD_CUT} now it is frames 100 to 2350, deu, sound late by 200 ms." in words(answer)
    assert page(answer).xpath("//button[@value='accept'][@disabled]")
    assert "cut master" not in words(answer)


def test_a_file_of_a_recording_that_is_cut_again_cannot_be_accepted(client, talk, file, held):
    talk.failed = True
    db.session.flush()
    assert "this file may be of another cut" in words(client.get(held))
    answer = send(client, held, {"action": "accept"})
    assert (answer.status_code, "its files may be of another cut" in words(answer)) == (409, True)
    db.session.refresh(file)
    assert file.state == "checking"


def test_the_log_says_what_was_looked_at(client, project):
    ticket = make_encoding(project, "encoded")
    enter(client, "bob")
    path = f"/demo/ticket/{ticket.id}/check"
    send(client, path, {"action": "start"})
    send(client, path, {"action": "accept", "seen": ["start", "50 %", "a step that is none"]})
    (entry,) = [each for each in log_of(ticket) if each.event == "Action.check"]
    assert entry.comment == "looked at: start, 50 %"


def test_it_goes_on_to_the_next_file_that_one_may_check(client, project):
    first, mine, following = (make_encoding(project, "encoded") for _ in range(3))
    enter(client, "bob")
    mine.parent.cut_by_id = queries.user_by_name("bob").id
    db.session.flush()
    path = f"/demo/ticket/{first.id}/check"
    send(client, path, {"action": "start"})
    answer = send(client, path, {"action": "accept and next"})
    assert answer.headers["Location"] == f"/demo/ticket/{following.id}/check"


def test_it_lists_what_the_machine_found_with_places_to_jump_to(client, mount, project, file, path):
    report = {"version": 1, "findings": [
        {"level": "fail", "text": "The picture is <b>black</b>.", "at": 75.5},
        {"level": "warn", "text": "Channel 2 of 2 is silent.", "at": None},
        {"level": "odd", "text": "not listed", "at": 1}, "not listed either",
    ]}  # fmt: skip
    properties.write(project, {"Processing.Path.Output": str(mount)})
    (mount / f"{properties.merged(file)['EncodingProfile.Basename']}.mp4").write_bytes(b"")
    properties.write(file, {"Encoding.Quality": json.dumps(report), "Encoding.Verdict": "fail: black"})
    db.session.commit()
    rows = page(client.get(path)).xpath("//section[@id='found']//li")
    assert [" ".join(row.xpath("string()").split()) for row in rows] == [
        "Bad: The picture is <b>black</b>. Look at 1:16", "Channel 2 of 2 is silent."
    ]  # fmt: skip
    assert rows[0].xpath("button/@data-second") == ["75.5"]


@pytest.mark.parametrize("report", ["", "{", "[]", '{"findings": 7}', '{"findings": [{"level": "warn", "at": "x"}]}'])
def test_a_report_that_cannot_be_read_leaves_the_verdict(client, file, path, report):
    properties.write(file, {"Encoding.Quality": report, "Encoding.Verdict": "warn: it was quiet"})
    db.session.commit()
    assert "The machine found warn: it was quiet" in words(client.get(path))
