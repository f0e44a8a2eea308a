"""The ticket page, and what is changed there by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import encoding, events, make_misc, make_recording, make_user
from tests.tracker.gui.visitor import enter, filled, log_in, page, send, words
from tracker import properties, queries, tickets, users
from tracker.db import db


@pytest.fixture
def talk(project):
    return make_recording(project, "merged", title="A talk", values={"Fahrplan.Language": "de"})


def fields_of(client, path, action):
    """Return what a browser sends with the form that posts to *action*."""
    return filled(page(client.get(path)).xpath(f"//form[@action='{path}/{action}']")[0])


def test_it_shows_the_talk_its_files_and_why_they_wait(client, talk):
    enter(client)
    text = words(client.get(f"/demo/ticket/{talk.id}"))
    assert "Waits for somebody to cut it." in text
    assert "MP4 H.264 720p material needed The recording is not copied yet (it is 'merged')." in text


@pytest.mark.parametrize("state", ["locked", "recorded", "fixing", "copied"])
def test_every_state_can_be_set(client, talk, state):
    enter(client)
    answer = send(client, f"/demo/ticket/{talk.id}/state", {"state": state, "comment": "because"})
    assert answer.status_code == 303
    assert events(talk)[-1] == ("Edit.state", "merged", state) or events(talk)[-3][0] == "Edit.state"
    assert "because" in words(client.get(f"/demo/ticket/{talk.id}"))


def test_all_states_and_the_neighbours_are_offered(client, talk):
    enter(client)
    shown = page(client.get(f"/demo/ticket/{talk.id}"))
    assert len(shown.xpath("//select[@name='state']/option")) == 11
    assert shown.xpath("//form[@action]/input[@name='state']/@value") == ["merging", "cutting"]


def test_an_unknown_state_is_named(client, talk):
    enter(client)
    answer = send(client, f"/demo/ticket/{talk.id}/state", {"state": "released"})
    assert (answer.status_code, "'released' is no state of a recording ticket." in words(answer)) == (400, True)


def test_of_two_people_at_once_the_second_sees_both_versions(client, app, project, talk):
    path = f"/demo/ticket/{talk.id}"
    enter(client)
    make_user("sue", "superuser")
    other = app.test_client()
    log_in(other, "sue")
    mine, hers = (fields_of(browser, path, "state") for browser in (client, other))
    assert other.post(f"{path}/state", data={**hers, "state": "recorded", "comment": "again"}).status_code == 303
    answer = client.post(f"{path}/state", data={**mine, "state": "locked", "comment": "speaker asked"})
    row = page(answer).xpath("//tr[th='state']/td")
    assert answer.status_code == 409
    assert [cell.text_content().strip() for cell in row] == ["merged", "recorded", "locked"]
    assert "sue Edit.state merged → recorded" in words(answer) and "speaker asked" in words(answer)
    again = filled(page(answer).xpath("//form[.//button[contains(., 'all the same')]]")[0])
    assert client.post(f"{path}/state", data=again).status_code == 303
    db.session.refresh(talk)
    assert talk.state == "locked"


def test_the_failed_flag_needs_a_reason_and_can_be_cleared(client, talk):
    path = f"/demo/ticket/{talk.id}"
    enter(client)
    answer = send(client, f"{path}/failed", {"failed": "1"})
    assert (answer.status_code, "Say in a sentence what is wrong." in words(answer)) == (400, True)
    assert send(client, f"{path}/failed", {"failed": "1", "comment": "No sound"}).status_code == 303
    assert "No sound" in words(client.get(path))
    assert send(client, f"{path}/failed", {"failed": "0"}).status_code == 303
    db.session.refresh(talk)
    assert not talk.failed


def test_the_log_tells_what_changed_besides_the_state(client, project, talk):
    path = f"/demo/ticket/{talk.id}"
    enter(client)
    make_user("sue", "superuser")
    tickets.assign(talk.id, users.get("alice"), users.get("sue"))
    tickets.move(talk, "recorded", tickets.Actor.of(users.get("alice")), "Edit.state", failed="No sound")
    db.session.commit()
    told = [" ".join(row.text_content().split()) for row in page(client.get(path)).xpath("//ol[@class='log']/li")]
    assert told[0].endswith("cutting → recorded (given back, failed)")
    assert told[1].endswith("merged → cutting (held by sue) to sue")


def test_properties_are_written_added_and_deleted(client, talk):
    path = f"/demo/ticket/{talk.id}"
    enter(client)
    fields = fields_of(client, path, "properties")
    changed = {"name": ["Fahrplan.Language", "Meta.New", "Fahrplan.Room"], "value": ["", "one\r\ntwo", "Saal 1"]}
    answer = client.post(f"{path}/properties", data={**fields, **changed, "was": ["de", "", "Saal 1"]})
    own = properties.own(talk)
    assert answer.status_code == 303
    assert ("Fahrplan.Language" in own, own["Meta.New"]) == (False, "one\ntwo")


def test_saving_a_form_leaves_alone_what_a_script_wrote_meanwhile(client, talk):
    properties.write(talk, {"Record.Holes": "new"})
    enter(client)
    rows = {"name": ["Record.Holes", "Meta.A"], "was": ["old", ""], "value": ["old", "x"]}
    assert send(client, f"/demo/ticket/{talk.id}/properties", rows).status_code == 303
    assert properties.own(talk)["Record.Holes"] == "new"


def test_a_form_that_nobody_touched_changes_nothing(client, talk):
    properties.write(talk, {"Meta.Long": "a\r\nb\n\n  c  ", "Meta.Quote": "\"<&>' ", "Meta.First": "\nx"})
    path = f"/demo/ticket/{talk.id}"
    enter(client)
    before = properties.own(talk)
    answer = client.post(f"{path}/properties", data=fields_of(client, path, "properties"))
    assert (answer.status_code, properties.own(talk)) == (303, before)


@pytest.mark.parametrize("name", ["no spaces", "a..b", "x" * 201])
def test_a_bad_property_name_is_refused(client, talk, name):
    enter(client)
    answer = send(client, f"/demo/ticket/{talk.id}/properties", {"name": name, "value": "x"})
    assert (answer.status_code, "is not valid" in words(answer)) == (400, True)


def test_what_is_inherited_says_where_from(client, project, talk):
    properties.write(project, {"Meta.Album": "The album"})
    enter(client)
    rows = page(client.get(f"/demo/ticket/{encoding(talk).id}")).xpath("//dl[@class='properties']/div")
    told = {
        tuple(" ".join(row.xpath("./dt")[0].text_content().split()).split(" ")): row.xpath("string(./dd)")
        for row in rows
    }
    assert told["Meta.Album", "project"] == "The album"
    assert told["Fahrplan.Language", "recording"] == "de"
    assert told["EncodingProfile.Slug", "computed"] == "hd"


def test_a_comment_is_written_and_shown_with_the_talk(client, talk):
    enter(client, "bob")
    child = encoding(talk)
    assert send(client, f"/demo/ticket/{child.id}/comment", {"comment": "Too loud\x00"}).status_code == 303
    assert "bob" in words(client.get(f"/demo/ticket/{talk.id}")) and "Too loud" in words(
        client.get(f"/demo/ticket/{talk.id}")
    )


def test_somebody_who_may_only_look_is_offered_nothing_else(client, talk):
    enter(client, "rita", "read only")
    for path in ("", "/cut", "/release"):
        shown = page(client.get(f"/demo/ticket/{talk.id}{path}"))
        assert shown.xpath("//main//form[not(ancestor::dialog)]") == []


def test_a_miscellaneous_ticket_has_a_page_too(client, project):
    ticket = make_misc(project)
    enter(client)
    assert "Sound is bad" in words(client.get(f"/demo/ticket/{ticket.id}"))


def test_an_archived_project_can_only_be_looked_at(client, project, talk):
    project.read_only = True
    put_file = encoding(talk)
    db.session.flush()
    enter(client)
    for path in (
        "/demo/",
        f"/demo/ticket/{talk.id}",
        f"/demo/ticket/{talk.id}/cut",
        f"/demo/ticket/{put_file.id}/check",
    ):
        assert client.get(path).status_code == 200
    assert send(client, f"/demo/ticket/{talk.id}/cut", {"action": "start"}).status_code == 403


def test_properties_stand_in_groups_and_tell_what_they_replace(client, project, talk):
    properties.write(project, {"Record.EndPadding": "900", "Meta.Album": "The album"})
    properties.write(talk, {"Record.EndPadding": "60"})
    enter(client)
    found = page(client.get(f"/demo/ticket/{talk.id}")).xpath("//details[@class='topic']")
    assert [group.xpath("string(./summary/h3)") for group in found][:3] == ["Fahrplan", "Record", "Processing"]
    (label,) = found[1].xpath(".//label[starts-with(., 'Record.EndPadding')]")
    assert "instead of 900" in label.text_content()
    (link,) = page(client.get(f"/demo/ticket/{talk.id}")).xpath("//dt[starts-with(., 'Meta.Album')]//a/@href")
    assert link == "/demo/settings#properties"


def test_passwords_and_keys_are_shown_to_nobody_who_cannot_change_them(client, project, talk):
    properties.write(
        project, {"Publishing.Voctoweb.Token": "hunter2", "Fahrplan.XML": "https://me:hunter2@example.org/"}
    )
    properties.write(talk, {"Publishing.Secret": "hunter2"})
    for role in ("read only", "superuser"):
        enter(client, f"some {role}", role)
        assert ("hunter2" in client.get(f"/demo/ticket/{talk.id}").text) is (role == "superuser")
        assert "hunter2" not in client.get(f"/demo/ticket/{encoding(talk).id}").text


def test_the_job_of_a_file_is_shown_with_its_command_lines_and_without_secrets(client, project):
    hidden = "eng hunter2 <&>"
    talk = make_recording(project, "copied", values={"Meta.Secret": hidden, "Meta.License": hidden})
    enter(client, "bob", "user")
    answer = client.get(f"/demo/ticket/{encoding(talk).id}/job")
    (line,) = page(answer).xpath("//pre[@class='command']")
    assert line.text.startswith("ffmpeg ") and "hunter2" not in answer.text
    assert "<job" in page(answer).xpath("string(//pre[@class='code'])")


def test_without_an_output_name_the_page_says_why_there_is_no_job(client, project):
    talk = make_recording(project, "merged", language="")
    enter(client)
    answer = client.get(f"/demo/ticket/{encoding(talk).id}/job")
    assert (answer.status_code, "set Record.Language on the recording" in words(answer)) == (200, True)


def test_files_are_listed_with_size_and_checksum(client, talk):
    properties.write(encoding(talk), {"Encoding.Bytes": "5", "Release.Bytes": "1234567", "Release.SHA256": "ab" * 32})
    enter(client)
    for ticket in (talk, encoding(talk)):
        text = words(client.get(f"/demo/ticket/{ticket.id}"))
        assert "1.2 MB" in text and "ab" * 32 in text


def test_the_log_tells_how_long_a_ticket_stood_in_a_state(client, project, talk):
    moved = queries.history([talk.id])
    tickets.move(talk, "recorded", tickets.TRACKER, "Edit.state")
    moved[0].created -= timedelta(hours=2, minutes=5)
    enter(client)
    assert "merged → recorded after 2:05:" in words(client.get(f"/demo/ticket/{talk.id}"))
