"""Which languages a talk is in: as chosen, and as the schedule says."""

from __future__ import annotations

import pytest

from tracker.gui.spoken import joined, scheduled

KNOWN = ("deu", "eng", "gsw")


@pytest.mark.parametrize(
    ("sent", "language"),
    [
        (["eng"], "eng"),
        (["eng", "deu"], "deu-eng"),
        (["deu-eng"], "deu-eng"),
        (["eng-deu", "deu"], "deu-eng"),
        ([], ""),
        ([""], ""),
        (["deu", "tlh"], "deu-tlh"),
        (["deu-"], "deu-"),
    ],
)
def test_languages_are_joined_in_the_order_of_the_project(sent, language):
    assert joined(sent, KNOWN) == language


@pytest.mark.parametrize("text", ["de", "DE", "deu", "de-DE", "de_AT", " de "])
def test_the_schedule_names_one_of_the_projects_languages(text):
    assert scheduled(text, KNOWN) == "deu"


@pytest.mark.parametrize("text", ["", "fr", "de/en", "de, en", "en-DE", "German", "AT-de", "\u0663"])
def test_what_the_schedule_does_not_say_clearly_is_not_guessed(text):
    assert scheduled(text, KNOWN) == ""
