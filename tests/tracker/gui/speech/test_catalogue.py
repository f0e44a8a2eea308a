"""Every text of the pages is there in every language."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from tracker.gui.speech import sources, update
from tracker.gui.speech.catalogue import FOLDER, LANGUAGES, Catalogue, catalogue

OTHERS = list(LANGUAGES)[1:]


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_is_what_make_speech_writes(code):
    path = FOLDER / f"{code}.po"
    assert path.read_bytes() == update.updated(code, path), "run make speech, and translate what is new"


@pytest.mark.parametrize("code", OTHERS)
def test_everything_is_translated_with_its_values(code):
    with (FOLDER / f"{code}.po").open("rb") as file:
        found = [each for each in read_po(file, code, charset="utf-8") if each.id]
    assert len(found) > 1000
    assert [each.id for each in found if not each.string] == []
    odd = [each.id for each in found if values(each.string) - values(each.id)]
    assert odd == [], "values that the message does not have"
    assert [each.id for each in found if "<" in str(each.string) and "<" not in str(each.id)] == []


def values(text):
    return set(re.findall(r"\{\d+\}", str(text)))


def test_a_sentence_is_known_by_its_pattern():
    general, special = {"{1} is {2}.": "{1} ist {2}."}, {"Ticket {1} is {2}.": "Das Ticket {1} ist {2}."}
    known = Catalogue({}, {**general, **special, "No.": "Nein."})
    told = [known.sentence(text) for text in ("Ticket 7 is merged.", "x is y\nz.", "No.", "What?")]
    assert told == ["Das Ticket 7 ist merged.", "x ist y\nz.", "Nein.", "What?"]


def test_values_may_change_their_order():
    known = Catalogue({}, {"{1} of {2}": "von {2} das {1}"})
    assert known.sentence("3 of 4") == "von 4 das 3"


def test_a_language_without_a_catalogue_is_english():
    assert catalogue("tlh").sentence("Log in first.") == "Log in first."


def test_sentences_in_the_code_are_found():
    texts = {found.text for found in sources.messages()}
    assert {"Waits for somebody to cut it.", "Ticket {1} is not assigned to {2}.", "You may not do this."} <= texts
    assert {"Start cutting", "{1} talks", "Continue cutting"} <= texts
    assert not any("Return" in text for text in texts), "docstrings are for programmers"
