"""What a cut consists of besides its marks: ranges, chapters, where the sound is good, an apology."""

from __future__ import annotations

import pytest

from tests.factories import log_of
from tests.tracker.tickets.test_cutting import FRAMES
from tracker import properties, tickets
from tracker.errors import InvalidInput
from tracker.tickets import Chapter, More
from tracker.tickets.cutlists import gaps, kept, ranges_text, read_chapters, read_ranges


@pytest.fixture
def cut(cutting, bob):
    properties.write(cutting, FRAMES)

    def cut(more):
        tickets.finish_cut(cutting.id, bob, 100, 8000, "deu", 0, more)
        return properties.own(cutting)

    return cut


def test_what_is_left_out_leaves_ranges(cut, cutting):
    stored = cut(More(leave_out=[(5000, 6000), (200, 300)]))
    assert stored["Record.Ranges"] == "100-200,300-5000,6000-8000"
    assert (stored["Record.Cutin"], stored["Record.Cutout"]) == ("100", "8000")
    assert log_of(cutting)[-1].comment == "frames 100 to 8000 without 200 to 300, 5000 to 6000, deu"


def test_a_cut_in_one_piece_has_no_ranges(cut, cutting):
    properties.write(cutting, {"Record.Ranges": "1-2,3-4", "Record.Audio": "left", "Record.Apology": "Sorry"})
    assert not {"Record.Ranges", "Record.Audio", "Record.Apology", "Record.Chapters"} & set(cut(More(audio="both")))


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([(300, 300)], "ends (frame 300) before it begins (frame 300)"),
        ([(100, 200)], "do not lie between in (frame 100) and out (frame 8000)"),
        ([(7000, 8000)], "do not lie between in"),
        ([(200, 300), (250, 400)], "The parts to leave out meet at frame 250"),
        ([(200, 300), (300, 400)], "The parts to leave out meet at frame 300"),
        ([(200 + 4 * n, 202 + 4 * n) for n in range(100)], "More than 99 parts"),
    ],
)
def test_parts_that_cannot_be_left_out_are_named(cut, parts, sentence):
    with pytest.raises(InvalidInput) as caught:
        cut(More(leave_out=parts))
    assert caught.value.field == "leave_out" and sentence in str(caught.value)


def test_ranges_are_read_as_they_were_written():
    ranges = kept(0, 50, [(10, 20), (30, 40)])
    assert read_ranges(ranges_text(ranges)) == ranges == [(0, 10), (20, 30), (40, 50)]
    assert gaps(ranges) == [(10, 20), (30, 40)]
    assert [read_ranges(text) for text in ("", "soon", "1-2,x", "1-")] == [[], [], [], []]


def test_chapters_are_stored_in_order_with_plain_titles(cut):
    stored = cut(More(chapters=[Chapter(900, " Questions\tand\nanswers "), Chapter(100, "12 reasons")]))
    assert stored["Record.Chapters"] == "100 12 reasons\n900 Questions and answers"
    assert read_chapters(stored["Record.Chapters"]) == [
        Chapter(100, "12 reasons"),
        Chapter(900, "Questions and answers"),
    ]


@pytest.mark.parametrize(
    ("chapters", "sentence"),
    [
        ([Chapter(50, "Early")], "Chapter 'Early' begins at frame 50, which is cut out."),
        ([Chapter(250, "Gone")], "Chapter 'Gone' begins at frame 250, which is cut out."),
        ([Chapter(400, " ")], "The chapter at frame 400 has no title."),
        ([Chapter(400, "x" * 201)], "The chapter at frame 400 is longer than 200 characters."),
        ([Chapter(400, "One"), Chapter(400, "Two")], "Two chapters begin at frame 400."),
        ([Chapter(400 + n, "x") for n in range(201)], "There are more than 200 chapters."),
    ],
)
def test_chapters_that_cannot_be_are_named(cut, chapters, sentence):
    with pytest.raises(InvalidInput) as caught:
        cut(More(leave_out=[(200, 300)], chapters=chapters))
    assert (caught.value.field, str(caught.value)) == ("chapters", sentence)


def test_where_the_sound_is_good_and_an_apology_are_stored(cut):
    stored = cut(More(audio="left", apology="The first  minute\nis missing."))
    assert (stored["Record.Audio"], stored["Record.Apology"]) == ("left", "The first minute is missing.")


@pytest.mark.parametrize(("more", "field"), [(More(audio="loud"), "audio"), (More(apology="x" * 501), "apology")])
def test_other_wrong_things_are_named(cut, more, field):
    with pytest.raises(InvalidInput) as caught:
        cut(more)
    assert caught.value.field == field
