"""A reader gets the language they chose, or the one their browser asks for."""

from __future__ import annotations

import pytest

from tests.factories import make_recording
from tests.tracker.gui.visitor import enter, page, send, words

GERMAN = {"Accept-Language": "fr, de-AT;q=0.8, en;q=0.5"}


@pytest.fixture
def talk(project):
    return make_recording(project, "merged", title="Start cutting <b>")


def test_the_browser_says_which_language(client, talk):
    enter(client)
    shown = page(client.get("/demo/", headers=GERMAN))
    assert shown.get("lang") == "de" and "1 Vortrag, 0 veröffentlicht" in " ".join(shown.text_content().split())
    assert page(client.get("/demo/", headers={"Accept-Language": "tlh"})).get("lang") == "en"


def test_a_choice_stays_and_leads_back(client, talk):
    enter(client)
    answer = send(client, "/language", {"language": "de", "next": "/demo/?state=merged"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/demo/?state=merged")
    assert "Schneiden" in words(client.get("/demo/"))
    send(client, "/language", {"language": "en", "next": "//evil.example"})
    assert "Schneiden" not in words(client.get("/demo/", headers=GERMAN))


def test_what_people_wrote_is_not_translated(client, talk):
    enter(client)
    assert page(client.get(f"/demo/ticket/{talk.id}", headers=GERMAN)).xpath("//h1/span[@dir]")[0].text == talk.title


def test_sentences_of_the_tracker_are_translated_too(client, talk):
    enter(client)
    assert "Wartet auf jemanden, der schneidet." in words(client.get(f"/demo/ticket/{talk.id}", headers=GERMAN))
    answer = send(client, f"/demo/ticket/{talk.id}/state", {"state": "released"}, headers=GERMAN)
    assert "'released' ist kein Zustand eines recording-Tickets." in words(answer)


def test_a_page_is_kept_apart_by_language(client, talk):
    enter(client)
    first = client.get("/demo/")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/demo/", headers=tag).status_code == 304
    assert client.get("/demo/", headers=tag | GERMAN).status_code == 200
    assert {"Cookie", "Accept-Language"} <= set(first.vary) and first.headers["Content-Language"] == "en"


def test_days_and_languages_have_their_names(client, talk):
    from tracker.gui.filters import day, tongue

    with client.application.test_request_context(headers=GERMAN):
        assert (tongue("deu-eng"), day(talk.created.replace(2026, 12, 27), "%A, %-d. %B %Y")) == (
            "Deutsch (deu) und Englisch (eng)",
            "Sonntag, 27. Dezember 2026",
        )
