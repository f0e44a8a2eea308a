"""The pages of reviewers and of the public: no account, one talk, nothing else."""

from __future__ import annotations

import pytest

from tests.factories import encoding, make_recording, put
from tests.tracker.gui.test_lists import HOSTILE
from tests.tracker.gui.visitor import enter, forget, now_in, page, send, words
from tracker import properties, queries
from tracker.db import db


@pytest.fixture
def talk(project, mount):
    properties.write(project, {"Processing.Path.Output": str(mount)})
    talk = make_recording(project, "copied", title=HOSTILE)
    for slug, name in (("hd", "mp4"), ("mp3", "mp3")):
        child = put(encoding(talk, slug), "postprocessed")
        (mount / f"{properties.merged(child)['EncodingProfile.Basename']}.{name}").write_bytes(b"0123456789")
    return talk


@pytest.fixture
def link(client, talk):
    """Make a link as a superuser, log out, and return its path."""
    enter(client, "sue", "superuser")
    answer = send(client, f"/demo/ticket/{talk.id}/reviewers", {"action": "invite", "name": "Ada", "days": "7"})
    (address,) = page(answer).xpath("//*[@id='link']/text()")
    assert address not in client.get(f"/demo/ticket/{talk.id}/reviewers").get_data(as_text=True)
    forget(client)
    return address.removeprefix("http://localhost")


def test_a_reviewer_watches_and_sees_nothing_else(client, talk, link, mount):
    shown = page(client.get(link))
    (film,) = shown.xpath("//video/@src")
    assert client.get(film, headers={"Range": "bytes=2-4"}, buffered=True).data == b"234"
    assert shown.xpath("//script[not(@src)] | //nav") == [] and HOSTILE in shown.text_content()
    other = make_recording(talk.project, "copied")
    stranger = put(encoding(other), "postprocessed")
    assert client.get(f"{link}/media/{stranger.id}").status_code == 404
    assert client.get(f"{link}/media/{talk.id}").status_code == 404
    for path in ("/demo/", f"/demo/ticket/{talk.id}", f"/demo/ticket/{talk.id}/media/encoded"):
        assert client.get(path).status_code == 302


def test_a_reviewer_comments_holds_and_approves(client, talk, link):
    assert send(client, link, {"action": "comment", "comment": "00:01 hello"}).status_code == 303
    assert "00:01 hello" in words(client.get(link))
    answer = send(client, link, {"action": "hold", "comment": ""})
    assert (answer.status_code, "why it must not be released" in words(answer)) == (400, True)
    assert send(client, link, {"action": "hold", "comment": "Not the last slide"}).status_code == 303
    assert "You hold it: Not the last slide" in words(client.get(link))
    enter(client, "alice")
    release = f"/demo/ticket/{talk.id}/release"
    assert "Held, must not be released: Ada: Not the last slide." in words(client.get(release))
    assert send(client, release, {"action": "release"}).status_code == 409
    forget(client)
    assert send(client, link, {"action": "approve", "comment": ""}).status_code == 303
    assert "You approved it" in words(client.get(link))
    enter(client, "zoe", "superuser")
    assert send(client, release, {"action": "release"}).status_code == 303
    assert set(now_in(talk).values()) == {"ready to release"}


def test_the_crew_holds_lifts_and_revokes(client, talk, link):
    enter(client, "alice")
    path = f"/demo/ticket/{talk.id}/reviewers"
    assert "opened" not in words(client.get(path)) or "not opened yet" in words(client.get(path))
    assert send(client, path, {"action": "hold", "comment": "wait"}).status_code == 303
    assert send(client, path, {"action": "lift", "comment": ""}).status_code == 400
    assert send(client, path, {"action": "lift", "comment": "done"}).status_code == 303
    (number,) = page(client.get(path)).xpath("//input[@name='link']/@value")
    assert send(client, path, {"action": "revoke", "link": number}).status_code == 303
    assert client.get(link).status_code == 410
    assert send(client, link, {"action": "approve"}).status_code == 410
    assert "revoked" in words(client.get(path))


def test_an_address_that_is_none_says_so(client, talk):
    for path in ("/review/x", f"/review/{'a' * 43}", f"/review/{'a' * 500}"):
        assert client.get(path).status_code == 404


def test_what_a_reviewer_types_is_text(client, talk, link):
    send(client, link, {"action": "comment", "comment": HOSTILE})
    enter(client, "alice")
    shown = page(client.get(f"/demo/ticket/{talk.id}"))
    assert HOSTILE in shown.text_content() and shown.xpath("//img[@onerror] | //script[not(@src)]") == []


@pytest.fixture
def public(client, talk):
    enter(client, "alice")
    assert send(client, "/demo/settings", {"action": "feedback", "wanted": "1"}).status_code == 303
    put(encoding(talk), "released")
    db.session.flush()
    forget(client)
    return f"/demo/talk/{talk.fahrplan_id}/feedback"


def test_everybody_may_tell_what_is_wrong(client, talk, public):
    assert "Something is wrong with the video" in words(client.get(public))
    answer = send(client, public, {"text": HOSTILE, "contact": "bea@example.org"})
    assert "Thank you" in words(client.get(answer.headers["Location"]))
    (ticket,) = queries.misc_tickets(talk.project_id)
    enter(client, "zoe")
    shown = words(client.get(f"/demo/ticket/{ticket.id}"))
    assert HOSTILE in shown and "From: bea@example.org" in shown and "public feedback" in shown


def test_what_was_typed_stays_when_it_is_refused(client, talk, public):
    answer = send(client, public, {"text": "x" * 5001, "contact": "me"})
    assert answer.status_code == 400 and page(answer).xpath("//input[@name='contact']/@value") == ["me"]
    for _ in range(5):
        send(client, public, {"text": "bad"})
    answer = send(client, public, {"text": "bad again"})
    assert (answer.status_code, "bad again" in words(answer)) == (429, True)


def test_a_machine_that_fills_every_field_is_thanked_and_ignored(client, talk, public):
    assert send(client, public, {"text": "buy", "website": "https://evil.example"}).status_code == 303
    assert list(queries.misc_tickets(talk.project_id)) == []


def test_a_project_that_wants_no_feedback_has_no_form(client, talk, public):
    enter(client, "zoe", "admin")
    send(client, "/demo/settings", {"action": "feedback", "wanted": "0"})
    forget(client)
    assert client.get(public).status_code == 404
    assert client.get("/demo/talk/99999999999999999999/feedback").status_code == 404
