"""Frames and times as people write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import InvalidInput
from tracker.gui.marks import cut_in_words, frame_of, rate_of, suggested, time_of

NTSC = Fraction(30000, 1001)
RATES = [Fraction(24000, 1001), Fraction(25), NTSC, Fraction(50), Fraction(60000, 1001), Fraction(60)]


@given(st.integers(0, 30_000_000), st.sampled_from(RATES))
def test_a_frame_is_the_same_after_writing_and_reading_its_time(frame, rate):
    if frame / rate < 100 * 3600:
        assert frame_of(time_of(frame, rate), rate, "cut_in") == frame


@pytest.mark.parametrize(
    ("text", "frame"),
    [("250", 250), (" 250 ", 250), ("-3", -3), ("10.0", 250), ("0:10", 250), ("1:00:00", 90_000), ("00:00:00,040", 1)],
)
def test_it_reads_frames_and_times(text, frame):
    assert frame_of(text, Fraction(25), "cut_in") == frame


@pytest.mark.parametrize("text", ["", "1:60:00", "1:2:3:4", "1e3", "٣", "0x10", "10 s", "--1", "1.", "nan"])
def test_it_refuses_what_is_neither(text):
    with pytest.raises(InvalidInput) as caught:
        frame_of(text, Fraction(25), "cut_out")
    assert caught.value.field == "cut_out"


def test_a_time_needs_a_rate_and_a_frame_does_not():
    assert frame_of("7", None, "cut_in") == 7
    with pytest.raises(InvalidInput, match="type a frame"):
        frame_of("0:07", None, "cut_in")


@pytest.mark.parametrize("text", ["", "25", "30000/1001", "0/1", "-25", "25/0", "fast"])
def test_a_rate_is_a_positive_fraction_or_unknown(text):
    assert rate_of({"Record.Framerate": text}) == {"25": Fraction(25), "30000/1001": NTSC}.get(text)


def test_marks_already_set_go_before_the_schedule():
    values = {
        "Record.Framerate": "25",
        "Record.DurationFrames": "1000",
        "Record.StartPadding": "4",
        "Record.EndPadding": "2",
    }
    assert suggested(values) == ("100", "950")
    assert suggested(values | {"Record.Cutin": "7", "Record.Cutout": "9"}) == ("7", "9")
    assert suggested(values | {"Record.StartPadding": "oops", "Record.EndPadding": "900"}) == ("0", "1000")
    assert suggested({}) == ("", "")


LONG = {"Record.Framerate": "25", "Record.DurationFrames": "75000"}


def test_without_a_padding_stored_the_default_is_left_out():
    assert suggested(LONG) == ("7500", "52500")  # 300 s before, 900 s after
    assert suggested(LONG | {"Record.EndPadding": "0"}) == ("7500", "75000")


def test_the_marks_of_the_timeline_go_before_the_paddings():
    assert suggested(LONG, [8000, 60000]) == ("8000", "60000")
    for useless in ([], [8000], [0, 0], [-5, 60000], [0, 75001]):
        assert suggested(LONG, useless) == ("7500", "52500")


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        ("100-900-eng--40", "frames 100 to 900, eng, sound late by -40 ms"),
        ("100-900-deu-eng-200", "frames 100 to 900, deu-eng, sound late by 200 ms"),
        ("0-9-0-0", "frames 0 to 9, no language, sound late by 0 ms"),
        ("something else", "something else"),
    ],
)
def test_a_cut_is_written_in_words(cut, words):
    assert cut_in_words(cut) == words
