"""Where in an encoded file something begins: pieces, joints, chapters; and what the file says of itself."""

from __future__ import annotations

import json

import pytest

from tracker.gui.joints import Place, chapters_in, compared, origin_of

VALUES = {"Record.Framerate": "25/1", "Record.Cutin": "100", "Record.Cutout": "400", "Record.Ranges": "100-200,300-400"}


@pytest.fixture
def recorded(app, mount):
    """Return the properties of a talk whose recording has a hole from frame 350 to 360."""
    folder = mount / "demo" / "7"
    folder.mkdir(parents=True)
    (folder / "timeline.json").write_text(json.dumps({"holes": [{"first_frame": 350, "frames": 10}]}))
    names = {"Processing.Path.Tmp": str(mount), "Project.Slug": "demo", "Fahrplan.ID": "7"}
    with app.app_context():
        yield {**VALUES, **names}


def test_ranges_and_holes_make_pieces_with_joints_between_them(recorded):
    origin = origin_of(recorded)
    assert origin.text() == "100-200,300-350,360-400"
    assert [(each.at_s, each.text[:12]) for each in origin.joints()] == [(4.0, "joint: 4.0 s"), (6.0, "joint: 0.4 s")]


def test_slides_before_the_talk_move_everything(app):
    origin = origin_of({**VALUES, "Encoding.LeadSeconds": "5.5"})
    assert [each.at_s for each in origin.joints()] == [9.5]
    assert [origin.second_of(frame) for frame in (99, 100, 250, 300, 400)] == [None, 5.5, None, 9.5, None]


def test_chapters_stand_where_the_file_shows_them(app):
    values = {**VALUES, "Record.Chapters": "100 Begin\n250 Cut out\n350 Questions"}
    assert chapters_in(values, origin_of(values)) == [Place(0.0, "chapter: Begin"), Place(6.0, "chapter: Questions")]


@pytest.mark.parametrize("values", [{}, {"Record.Cutin": "x", "Record.Cutout": "9"}, {"Record.Ranges": "soon"}])
def test_without_a_cut_there_is_nothing_to_say(app, values):
    origin = origin_of(values)
    assert (origin.text(), origin.joints(), origin.second_of(1)) == ("", [], None)


def test_a_file_is_compared_with_the_talk():
    tags = {"title": "Wrnog", "artist": "Łucja  Żak", "languages": ["deu", "eng"]}
    talk = {"Fahrplan.Title": "Right", "Fahrplan.Person_list": "Łucja Żak", "Record.Language": "deu-und-eng"}
    found = compared({**talk, "Encoding.Tags": json.dumps(tags)})
    assert [(each.name, each.same) for each in found] == [
        ("Title", False), ("Persons", True), ("Language of the sound", True),
    ]  # fmt: skip
    corrected = {**talk, "Encoding.Tags": json.dumps(tags), "Encoding.Metadata": '{"title": "Right"}'}
    assert all(each.same for each in compared(corrected))


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", '{"languages": 7}'])
def test_a_file_nobody_looked_into_is_not_compared(text):
    assert compared({"Encoding.Tags": text}) == []
