"""The preview of slides: as they will be, and sentences for templates that cannot be used."""

from __future__ import annotations

from base64 import b64decode

import pytest

from tests.factories import make_recording
from tests.tracker.gui.visitor import enter, page, words
from tracker import properties

PNG = b"\x89PNG\r\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#00ff00"/></svg>'


@pytest.fixture
def talk(client, project):
    enter(client, "rita", "read only")
    return make_recording(project, "scheduled")


def pictures(answer):
    return [b64decode(each.split(",", 1)[1]) for each in page(answer).xpath("//section//img/@src")]


def offered(client, query):
    options = page(client.get(f"/demo/slides?{query}")).xpath("//select[@name='talk']/option")
    return [(int(each.get("value")), each.get("selected") is not None) for each in options]


def test_all_three_are_drawn_also_those_that_are_not_used(client, talk):
    answer = client.get("/demo/slides")
    assert [each[:6] for each in pictures(answer)] == [PNG] * 3
    assert words(answer).count("Not shown") == 3
    assert "set Processing.File.Intro to shipped" in words(answer)


def test_what_the_talk_gets_says_how_long_it_is_shown(client, talk, project):
    properties.write(project, {"Processing.File.Intro": "shipped", "Processing.Intro.Duration": "7"})
    properties.write(talk, {"Record.Apology": "No sound."})
    said = words(client.get(f"/demo/slides?talk={talk.id}"))
    assert said.count("Not shown") == 1
    assert "Shown for 7 s." in said and "Shown for 5 s." in said


def test_what_a_template_names_in_vain_is_told(client, talk, project):
    properties.write(project, {"Meta.Album": "A conference"})
    outro = page(client.get("/demo/slides")).xpath("//section[starts-with(h2, 'Outro')]")[0].text_content()
    assert "Without a value, so not there: " in outro
    assert "Fahrplan.URL" in outro and "Meta.Album" not in outro


def test_an_apology_can_be_tried(client, talk):
    plain, tried = (pictures(client.get(f"/demo/slides?apology={text}")) for text in ("", "Rain"))
    assert [one == other for one, other in zip(plain, tried, strict=True)] == [True, False, True]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("<svg", "The slide is no well-formed SVG"),
        (SVG.replace("<rect", "<image href='/etc/passwd'/><rect"), "embed the picture as data:image/png;base64"),
    ],
)
def test_a_template_that_cannot_be_used_is_told_with_the_remedy(client, talk, project, mount, template, said):
    (mount / "intro.svg").write_text(template)
    properties.write(project, {"Processing.File.Intro": str(mount / "intro.svg")})
    answer = client.get("/demo/slides")
    assert said in words(answer)
    assert "Correct the template, or set Processing.File.Intro to shipped." in words(answer)
    assert len(pictures(answer)) == 2


def test_a_template_outside_of_the_roots_is_not_read(client, talk, project):
    properties.write(project, {"Processing.File.Outro": "/etc/hostname.svg"})
    assert "outside of the folders work may lie in" in words(client.get("/demo/slides"))


def test_a_duration_that_is_none_is_told(client, talk, project):
    properties.write(project, {"Processing.Outro.Duration": "long"})
    assert "Processing.Outro.Duration is 'long'; a slide is shown for 0.2 to 120 seconds." in words(
        client.get("/demo/slides")
    )


@pytest.mark.parametrize("asked", ["x", "99999", "-1"])
def test_another_talk_is_not_found(client, talk, asked):
    assert client.get(f"/demo/slides?talk={asked}").status_code == 404


def test_a_project_without_talks_says_so(client, project):
    enter(client, "rita", "read only")
    assert "There is no talk yet: import the Fahrplan." in words(client.get("/demo/slides"))


def test_two_hundred_talks_are_offered_and_others_are_found(client, talk, monkeypatch, project):
    monkeypatch.setattr("tracker.gui.views.slides.MOST_TALKS", 1)
    last = make_recording(project, "scheduled", title="Bees")
    assert offered(client, "") == [(talk.id, True)]
    assert offered(client, f"talk={last.id}") == [(last.id, True), (talk.id, False)]
    assert offered(client, f"talk={talk.id}&q=bees") == [(last.id, True)]
    assert "The first 1 talks are listed" in words(client.get("/demo/slides"))


def test_a_search_without_result_says_so(client, talk):
    assert "No talk has this number or these words" in words(client.get(f"/demo/slides?talk={talk.id}&q=nowhere"))


def test_a_german_reader_gets_the_headings_and_what_is_wrong_in_german(client, talk, project):
    properties.write(project, {"Processing.Outro.Duration": "long"})
    said = words(client.get("/demo/slides", headers={"Accept-Language": "de"}))
    assert "Entschuldigung nicht gezeigt" in said
    assert "Processing.Outro.Duration ist 'long'; eine Folie wird 0.2 bis 120 Sekunden gezeigt." in said
