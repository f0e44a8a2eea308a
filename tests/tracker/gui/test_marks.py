"""Frames and times as people write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import InvalidInput
from tracker.gui.marks import frame_of, rate_of, suggested, time_of

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
