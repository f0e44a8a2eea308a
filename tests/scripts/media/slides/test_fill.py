"""Names of properties in a template: what stands in their place."""

from __future__ import annotations

import pytest

from scripts.media.slides import SHIPPED, filled, template, without_value

TALKS, PROJECTS = "Fahrplan.Recording.License", "Meta.License"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({TALKS: "CC0", PROJECTS: "CC-BY 4.0"}, "CC0"),
        ({TALKS: " ", PROJECTS: "CC-BY 4.0"}, "CC-BY 4.0"),
        ({TALKS: "CC-BY 4.0", PROJECTS: "CC-BY 4.0"}, "CC-BY 4.0"),
        ({}, ""),
    ],
)
def test_the_shipped_outro_names_one_licence(values: dict[str, str], shown: str) -> None:
    drawn = filled(template("outro", SHIPPED, []), {"Meta.Album": "A", "Fahrplan.URL": "U", **values}).svg
    assert drawn.count("CC") == (1 if shown else 0)
    assert f">{shown}<" in drawn


def test_a_choice_is_missed_when_none_of_it_has_a_value() -> None:
    text = template("outro", SHIPPED, [])
    assert f"{TALKS} | {PROJECTS}" in without_value(text, {})
    assert f"{TALKS} | {PROJECTS}" not in without_value(text, {PROJECTS: "CC0"})
