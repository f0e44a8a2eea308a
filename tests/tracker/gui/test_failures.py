"""What went wrong, in the reader's language, as a page and as JSON."""

from __future__ import annotations

from tests.tracker.gui.visitor import enter, page

GERMAN = {"Accept-Language": "de"}


def test_the_heading_of_a_refusal_is_in_the_language_of_the_reader(client, project):
    enter(client)
    assert page(client.get("/nowhere/at/all", headers=GERMAN)).xpath("//h1")[0].text == "Nicht gefunden"
    assert page(client.get("/nowhere/at/all")).xpath("//h1")[0].text == "Not found"


def test_json_says_it_in_the_language_of_the_reader(client, project):
    enter(client)
    answer = client.get("/nowhere/at/all", headers={**GERMAN, "Accept": "application/json"})
    assert answer.get_json()["error"] == "Die Adresse ist falsch, oder was dort war, ist weg."
