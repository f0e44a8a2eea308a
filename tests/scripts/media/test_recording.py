"""The virtual recording of recorded rooms: every frame shows the code it must show."""

import hashlib
import json
from datetime import timedelta
from fractions import Fraction

import pytest

from scripts.media import peaks
from scripts.media.recording import Talk, build, holes_sentence, overlaps_sentence, write_virtual_recording
from scripts.media.survey import survey
from scripts.media.timeline import Timeline, TimelineError
from tests.scripts.media import rooms
from tests.scripts.media.rooms import Room, recorded, shown_codes

NTSC = Fraction(30000, 1001)


@pytest.fixture(scope="module")
def pal(tmp_path_factory) -> Room:
    """Files from 0 to 24 s, the third (8 s) lost."""
    return recorded(tmp_path_factory.mktemp("pal"), 24, holes=[(9, 10)])


@pytest.fixture(scope="module")
def ntsc(tmp_path_factory) -> Room:
    return recorded(tmp_path_factory.mktemp("ntsc"), 20, rate=NTSC, holes=[(9, 10)], first_code=1000)


@pytest.fixture(scope="module")
def fast(tmp_path_factory) -> Room:
    return recorded(tmp_path_factory.mktemp("fast"), 12, rate=Fraction(50))


@pytest.fixture(scope="module")
def restarted(tmp_path_factory) -> Room:
    return recorded(tmp_path_factory.mktemp("restarted"), 18, holes=[(6, 10)], restart=True)


def test_every_frame_is_where_the_clock_says(pal):
    whole = pal.timeline(2, 20)
    assert whole.frames == 450 and whole.rate == 25
    codes = shown_codes(whole, pal.raw, range(450))
    assert codes == [None if 150 <= frame < 250 else 50 + frame for frame in range(450)]


def test_every_frame_is_right_at_29_97(ntsc):
    """Files begin at whole seconds and some milliseconds: the first one that matters tells the time."""
    whole = ntsc.timeline(6, 18)
    assert whole.frames == round(12 * NTSC) and whole.rate == NTSC
    first = whole.segments[0]
    assert (first.first_frame, first.file) == (round(-2 * NTSC), "saal1-2026-05-01_23-59-54.ts")
    hole = range(60, 180)  # the third file has the codes 1240 to 1359
    codes = shown_codes(whole, ntsc.raw, range(whole.frames))
    assert codes == [None if frame in hole else 1000 + 180 + frame for frame in range(whole.frames)]


def test_every_frame_is_right_at_50(fast):
    whole = fast.timeline(1, 11)
    assert shown_codes(whole, fast.raw, range(0, 500, 7)) == [50 + frame for frame in range(0, 500, 7)]
    assert [segment.take for segment in whole.segments] == [0, 0, 0]


def test_a_restart_of_the_recorder_is_a_new_take_in_its_place(restarted):
    whole = restarted.timeline(1, 17)
    assert [segment.take for segment in whole.segments] == [0, 0, 1, 1]
    codes = shown_codes(whole, restarted.raw, range(400))
    assert codes == [None if 125 <= frame < 225 else 25 + frame for frame in range(400)]
    assert holes_sentence(whole) == "4.0 s missing at 23:59:56 (frames 125 to 225)"


def test_it_begins_and_ends_with_holes_where_nothing_was_recorded(fast):
    whole = fast.timeline(-3, 15)
    assert [(hole.first_frame, hole.frames, hole.seconds) for hole in whole.holes] == [(0, 150, 3.0), (750, 150, 3.0)]


def test_times_are_local_and_run_over_midnight(pal):
    whole = pal.timeline(2, 20)
    assert whole.start.isoformat() == "2026-05-01T23:59:52+02:00"
    assert [segment.start.isoformat() for segment in whole.segments][::3] == [
        "2026-05-01T23:59:50+02:00",
        "2026-05-02T00:00:06+02:00",
    ]


def test_the_schedule_and_the_holes_are_marked(pal):
    marks = [(mark.kind, mark.frame, f"{mark.time:%H:%M:%S}", mark.text) for mark in pal.timeline(2, 20).marks]
    assert marks == [
        ("schedule", 50, "23:59:54", "begin by the schedule"),
        ("hole", 150, "23:59:58", "4.0 s missing"),
        ("schedule", 400, "00:00:08", "end by the schedule"),
    ]


def test_what_the_player_needs_to_know_is_measured(pal):
    whole = pal.timeline(2, 20)
    assert whole.first_dts_offset_ms == 80.0  # two B-frames at 25 per second
    assert (whole.video.width, whole.video.height, whole.audio and whole.audio.channels) == (160, 90, 2)


def test_overlaps_are_named(tmp_path):
    room, other = recorded(tmp_path, 8), recorded(tmp_path / "saal1", 3)
    whole = room.timeline(0, 8)
    name = other.files[0].path.name
    assert [segment.used_from for segment in whole.segments] == [0, 75, 100]
    assert overlaps_sentence(whole) == f"{name} and saal1/{name} both show 3.0 s"


def test_sentences_are_empty_when_all_is_well(fast):
    whole = fast.timeline(1, 11)
    assert holes_sentence(whole) == overlaps_sentence(whole) == ""


def test_many_holes_are_summed_up(fast):
    whole = fast.timeline(1, 11)
    data = json.loads(whole.to_json())
    data["holes"] = [
        {"first_frame": 40 * k, "frames": 1 + k, "start": data["start"], "seconds": (1 + k) / 50} for k in range(8)
    ]
    sentence = holes_sentence(Timeline.from_json(json.dumps(data)))
    assert sentence.count("missing at") == 5 and sentence.startswith("0.08 s missing at 23:59:51 (frames 120 to 124); ")
    assert sentence.endswith("; and 3 shorter ones, 0.72 s in all")


def test_without_a_picture_there_is_nothing_to_build(tmp_path):
    nothing = survey(tmp_path, "saal1", rooms.BEGIN, rooms.BEGIN + timedelta(seconds=9), rooms.BERLIN)
    with pytest.raises(TimelineError, match="no usable recording of saal1"):
        build(nothing, _talk())


def test_it_writes_its_files_and_touches_no_source(pal, tmp_path):
    before = _content(pal)
    whole = pal.timeline(2, 20)
    write_virtual_recording(whole, peaks.measure(whole, pal.raw), tmp_path / "demo" / "7", attempt=3)
    assert sorted(path.name for path in (tmp_path / "demo" / "7").iterdir()) == [
        "index.m3u8",
        "peaks.bin",
        "peaks.json",
        "timeline.json",
    ]
    assert Timeline.from_json((tmp_path / "demo" / "7" / "timeline.json").read_text()) == whole
    assert _content(pal) == before


def _content(room: Room) -> dict[str, tuple[str, int]]:
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(room.raw.iterdir())
    }


def _talk() -> Talk:
    return Talk("demo", 7, "x", rooms.BEGIN, rooms.BEGIN + timedelta(seconds=9))
