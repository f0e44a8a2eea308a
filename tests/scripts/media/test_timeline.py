"""The arithmetic of the virtual recording, without any file."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.media.timeline import RATES, Audio, Hole, Mark, Overlap, Segment, Timeline, TimelineError, Video

START = datetime(2026, 5, 1, 10, tzinfo=UTC)


def timeline(rate: Fraction = Fraction(25), **changes) -> Timeline:
    """Frames 0..100: a hole of 10, file a till 40, file b (which holds 38..70 too), a hole of 30."""
    values = {
        "project": "demo",
        "fahrplan_id": 7,
        "title": "Größe <&>",
        "rate": rate,
        "frames": 100,
        "start": START,
        "segments": (segment("a.ts", 10, 30, 10, 40, 0.0), segment("b.ts", 38, 32, 40, 70, float(30 / rate), take=1)),
        "holes": (hole(0, 10, rate), hole(70, 30, rate)),
        "overlaps": (Overlap("b.ts", "a.ts", 0.08),),
        "marks": (Mark("schedule", 20, START, "Beginn"),),
        "video": Video("h264", 320, 180),
        "audio": Audio(48000, 2),
        "first_dts_offset_ms": 80.0,
    }
    return Timeline(**{**values, **changes})


def segment(file, first_frame, frames, used_from, used_to, playlist_s, take=0) -> Segment:
    return Segment(file, first_frame, frames, 126_000, take, playlist_s, START, used_from, used_to)


def hole(first: int, frames: int, rate: Fraction = Fraction(25)) -> Hole:
    return Hole(first, frames, START + timedelta(seconds=float(first / rate)), float(frames / rate))


def changed(*path, to) -> str:
    data = json.loads(timeline().to_json())
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return json.dumps(data)


@pytest.mark.parametrize("rate", RATES)
def test_it_survives_being_written_and_read(rate):
    assert Timeline.from_json(timeline(rate).to_json()) == timeline(rate)


def test_a_recording_without_sound_survives_too():
    assert Timeline.from_json(timeline(audio=None).to_json()).audio is None


def test_its_file_has_the_documented_form():
    data = json.loads(timeline(Fraction(30000, 1001)).to_json())
    assert data["version"] == 1 and data["rate"] == {"num": 30000, "den": 1001}
    assert data["duration_s"] == 3.336667 and data["start"] == "2026-05-01T10:00:00+00:00"
    assert set(data["segments"][0]) == {
        "file", "first_frame", "frames", "first_pts", "take", "playlist_s", "start", "used_from", "used_to",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("version",), 2, "version 2 is unknown"),
        (("frames",), True, "frames must be a whole number"),
        (("frames",), "100", "frames must be a whole number, found '100'"),
        (("rate", "den"), 0, "rate: den must be at least 1"),
        (("start",), "2026-05-01T10:00:00", "start needs a UTC offset"),
        (("start",), "yesterday", "start must be an ISO 8601 time"),
        (("segments", 1, "playlist_s"), float("nan"), r"segments\[1\]: playlist_s must be a finite number"),
        (("segments", 0), [], r"segments\[0\]: an object is needed"),
        (("segments",), [], "at least one segment"),
        (("segments", 0, "file"), "../../etc/passwd", "no file name inside"),
        (("segments", 0, "file"), "/etc/passwd", "no file name inside"),
        (("segments", 0, "file"), "a\n.ts", "no file name inside"),
        (("segments", 0, "used_to"), 41, "a.ts is used outside of the frames it has"),
        (("segments", 1, "used_from"), 39, "b.ts is used from frame 39, which another file has already"),
        (("holes",), [], "the holes are not the frames that no segment has"),
        (("holes", 0, "frames"), 9, "the holes are not the frames"),
        (("holes", 0, "frames"), -1, "out of order or out of range"),
        (("audio",), 5, "audio: an object is needed"),
    ],
)
def test_a_mistake_in_the_file_is_named(path, value, sentence):
    with pytest.raises(TimelineError, match=sentence):
        Timeline.from_json(changed(*path, to=value))


def test_a_file_that_is_no_json_is_refused():
    with pytest.raises(TimelineError, match="no JSON"):
        Timeline.from_json("{")


def test_a_frame_lies_in_one_file_or_in_a_hole():
    owners = [segment.file if (segment := timeline().segment_at(frame)) else None for frame in range(100)]
    assert owners == [None] * 10 + ["a.ts"] * 30 + ["b.ts"] * 30 + [None] * 30


def test_pieces_stop_at_holes_inside_a_file():
    whole = timeline(holes=(hole(0, 10), hole(20, 5), hole(70, 30)))
    found = [(piece.segment.file, piece.first_frame, piece.stop_frame) for piece in whole.pieces(15, 90)]
    assert found == [("a.ts", 15, 20), ("a.ts", 25, 40), ("b.ts", 40, 70)]


def test_a_piece_knows_its_time_stamps():
    (piece,) = timeline(Fraction(30000, 1001)).pieces(40, 50)
    assert (piece.first_pts, piece.stop_pts) == (126_000 + 2 * 3003, 126_000 + 12 * 3003)


def test_what_is_missing_can_be_counted():
    assert timeline().missing_between(5, 75) == 10
    assert [(found.first_frame, found.frames, found.seconds) for found in timeline().holes_between(5, 75)] == [
        (5, 5, 0.2),
        (70, 5, 0.2),
    ]
    assert timeline().holes_between(10, 70) == ()


def test_takes_are_the_runs_of_the_recorder():
    assert [[segment.file for segment in take] for take in timeline().takes()] == [["a.ts"], ["b.ts"]]


@settings(deadline=None)
@given(st.sampled_from(RATES), st.integers(-1000, 10_000_000))
def test_a_frame_and_its_time_are_each_others_inverse(rate, frame):
    whole = timeline(rate)
    assert whole.frame_at(whole.time_of(frame)) == frame
    assert whole.frame_at(whole.time_of(frame) - timedelta(microseconds=2)) == frame - 1


@settings(deadline=None)
@given(st.sampled_from(RATES), st.integers(10, 69), st.floats(0, 0.9))
def test_any_moment_of_a_frame_in_the_playlist_is_that_frame(rate, frame, part):
    whole = timeline(rate)
    seconds = whole.frame_to_playlist(frame) + part / float(rate)
    assert whole.playlist_to_frame(seconds) == frame


def test_the_playlist_jumps_over_holes():
    whole = timeline()
    assert whole.frame_to_playlist(0) == 0.0
    assert whole.frame_to_playlist(90) == whole.frame_to_playlist(70)
    assert whole.frame_to_playlist(40) == pytest.approx(1.2 + 2 / 25)


def test_the_clock_change_of_autumn_makes_no_hour_vanish():
    start = datetime(2026, 10, 25, 2, 59, tzinfo=ZoneInfo("Europe/Berlin"))
    whole = timeline(start=start)
    after = datetime(2026, 10, 25, 2, 1, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    assert whole.frame_at(after) == 2 * 60 * 25
    assert whole.time_of(2 * 60 * 25).isoformat() == "2026-10-25T02:01:00+01:00"
