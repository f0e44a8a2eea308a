"""The texts of the browser's scripts, in the reader's language."""

from __future__ import annotations

import re

import pytest

from tests.tracker.gui.visitor import enter, page
from tracker.gui.speech import catalogue, sources
from tracker.gui.views import scripts

GERMAN = {"Accept-Language": "de"}
LITERAL = re.compile(r'(\bt\(\s*)?("(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)')
COMMENT = re.compile(r"(^|\s)//.*$", re.MULTILINE)
WORDS = re.compile(r"[A-Za-z]{2,}[,;:.]? \(?[A-Za-z]{2,}|\A[A-Z][a-z]+[.!?]?\Z")
CODE = frozenset(
    (
        *("Alt", "Arrow", "Backspace", "Control", "Delete", "End", "Enter", "Escape", "Home", "Location", "Meta"),
        *("Shift", "Tab", "plain small", "(prefers-color-scheme: dark)", "input, textarea, select"),
    )
)
"""What looks like a text and is none: keys, names of classes, and besides:"""
SELECTOR = re.compile(r"[.#]|.*\[|.*px system-ui|upload ")
SCRIPTS = sorted(sources.SCRIPTS.glob("*.js"))


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.name for path in SCRIPTS])
def test_a_script_says_nothing_that_nobody_can_translate(path):
    source = COMMENT.sub("", path.read_text(encoding="utf-8"))
    found = [(each[2][1:-1], each[1]) for each in LITERAL.finditer(source)]
    silent = [text for text, told in found if not told and WORDS.search(re.sub(r"\$\{[^}]*\}", "", text))]
    assert [text for text in silent if text not in CODE and not SELECTOR.match(text)] == []


def test_texts_of_scripts_are_found_with_their_lines():
    source = 'say(t("One {1}", x));\nconst put("No"); t(\n"Tw\\"o");'
    assert list(sources.scripted(source)) == [(1, "One {1}"), (2, 'Tw"o')]


def test_a_german_page_names_the_texts_and_a_browser_keeps_them(client, project):
    enter(client)
    address = page(client.get("/demo/", headers=GERMAN)).get("data-speech")
    answer = client.get(address)
    assert answer.get_json()["Draft saved"] == "Entwurf gespeichert"
    assert "immutable" in answer.headers["Cache-Control"] and "Set-Cookie" not in answer.headers
    assert set(answer.get_json()) == {each.text for each in sources.messages() if each.path.endswith(".js")}


def test_texts_of_another_release_are_not_kept(client, db_session):
    assert client.get("/assets/speech/de-0.json").headers["Cache-Control"] == "no-cache"


def test_english_needs_no_request(client, project):
    enter(client)
    assert page(client.get("/demo/")).get("data-speech") is None
    assert client.get("/assets/speech/en-0.json").status_code == 404
    assert client.get("/assets/speech/tlh-0.json").status_code == 404


@pytest.mark.parametrize("code", ["en", "xx", "..", "d" * 300])
def test_nobody_makes_the_tracker_keep_texts_of_languages_it_does_not_speak(client, code):
    kept = catalogue._read.cache_info().currsize, scripts._texts.cache_info().currsize
    assert client.get(f"/assets/speech/{code}-x.json").status_code == 404
    catalogue.catalogue(code)
    now = catalogue._read.cache_info().currsize, scripts._texts.cache_info().currsize
    assert all(after - before <= (code == "en") for before, after in zip(kept, now, strict=True))
