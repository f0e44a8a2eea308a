"""What is there of a talk, and whether to wait for more."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from scripts.media.segments import Found
from scripts.media.survey import Lost, Ready, Survey, Waiting, outcome, survey
from scripts.media.timeline import TimelineError, Video
from tests.scripts.media import rooms
from tests.scripts.media.tiny import unwritten, write_ts

START = datetime(2026, 5, 1, 10, 0, tzinfo=rooms.BERLIN)


def seen(raw: Path, seconds: float = 40) -> Survey:
    return survey(raw, "saal1", START, START + timedelta(seconds=seconds), rooms.BERLIN)


def files(raw: Path, *second_pts: tuple[int, float], written: datetime = START - timedelta(seconds=60), **how) -> None:
    """Write files of ten seconds that begin at these seconds, with these first PTS in seconds."""
    for second, pts in second_pts:
        begins = START + timedelta(seconds=second)
        path = raw / f"saal1-{begins:%Y-%m-%d_%H-%M-%S}.ts"
        write_ts(path, 10, first_pts=round(pts * 90_000), written=written, sound=[0.1], **how)


def after(surveyed: Survey, seconds: float, grace_s: float = 600) -> Ready | Waiting | Lost:
    """Return the outcome so many seconds after the padded end."""
    return outcome(surveyed, surveyed.stop + timedelta(seconds=seconds), grace_s)


# --- what is there ----------------------------------------------------------------------------------------------------


def test_a_whole_recording_has_no_hole(tmp_path):
    files(tmp_path, (-5, 1), (5, 11), (15, 21), (25, 31), (35, 41))
    whole = seen(tmp_path)
    assert whole.rate == 25 and whole.frames == 1000
    assert not whole.holes and not whole.overlaps and not whole.problems
    assert [use.placed.first_frame for use in whole.used] == [-125, 125, 375, 625, 875]


def test_an_empty_file_between_others_is_a_hole_with_a_sentence(tmp_path):
    files(tmp_path, (0, 1), (20, 21), (30, 31))
    (tmp_path / "saal1-2026-05-01_10-00-10.ts").touch()
    whole = seen(tmp_path)
    assert whole.holes == ((250, 500),)
    assert whole.problems == ("saal1-2026-05-01_10-00-10.ts is empty.",)


@pytest.mark.parametrize(
    ("how", "format"),
    [
        ({"rate": Fraction(50)}, "h264 64x48 at 50 frames per second"),
        ({"rate": Fraction(30000, 1001)}, "at 29.97 frames per second"),
        ({"size": (80, 48)}, "h264 80x48 at 25"),
    ],
)
def test_a_file_of_another_format_is_left_out_with_a_sentence(tmp_path, how, format):
    files(tmp_path, (0, 1), (10, 11), (30, 31))
    files(tmp_path, (20, 21), **how)
    whole = seen(tmp_path)
    assert whole.holes == ((500, 750),)
    assert whole.problems[0].startswith("saal1-2026-05-01_10-00-20.ts has ") and format in whole.problems[0]


def test_a_file_that_ends_before_the_start_decides_nothing(tmp_path):
    files(tmp_path, (-600, 1), rate=Fraction(50))
    files(tmp_path, (4, 700))
    whole = seen(tmp_path, 10)
    assert whole.rate == 25 and whole.holes == ((0, 100),) and not whole.problems


def test_nothing_at_all_is_a_survey_too(tmp_path):
    whole = seen(tmp_path)
    assert (whole.frames, whole.used, whole.holes) == (0, (), ())


def test_a_talk_that_ends_before_it_begins_is_refused(tmp_path):
    with pytest.raises(TimelineError, match=r"Fahrplan\.Duration"):
        survey(tmp_path, "saal1", START, START, rooms.BERLIN)


def test_the_length_is_right_over_the_clock_change_of_autumn(tmp_path):
    start = datetime(2026, 10, 25, 2, 50, tzinfo=rooms.BERLIN)
    write_ts(tmp_path / "saal1-2026-10-25_02-55-00.ts", 1, written=datetime(2026, 10, 25, 0, 55, 1, tzinfo=UTC))
    stop = datetime(2026, 10, 25, 2, 10, tzinfo=rooms.BERLIN, fold=1)
    whole = survey(tmp_path, "saal1", start, stop, rooms.BERLIN)
    assert whole.frames == 20 * 60 * 25
    assert whole.used[0].used_from == 5 * 60 * 25


# --- wait or go on ----------------------------------------------------------------------------------------------------


def test_a_complete_recording_is_ready(tmp_path):
    files(tmp_path, (0, 1), (10, 11), (20, 21), (30, 31), (40, 41))
    assert after(seen(tmp_path), 0) == Ready()


def test_it_waits_while_the_end_may_still_come(tmp_path):
    files(tmp_path, (0, 1), (10, 11))
    waiting = after(seen(tmp_path), -15)
    assert waiting == Waiting(
        "The recording of saal1 reaches 10:00:20, needed is 10:00:40. Waiting for more until 10:10:40.", 45
    )
    assert after(seen(tmp_path), 599) == replace(waiting, retry_after_s=30)
    assert after(seen(tmp_path), 600) == Ready()


def test_it_does_not_wait_when_a_later_file_shows_that_the_end_is_lost(tmp_path):
    files(tmp_path, (0, 1), (10, 11), (300, 301))
    assert after(seen(tmp_path), 1) == Ready()


def test_less_than_a_second_at_the_end_is_nothing_to_wait_for(tmp_path):
    files(tmp_path, (0, 1), (10, 11), (20, 21))
    assert after(seen(tmp_path, 31), 1) == Ready()
    assert isinstance(after(seen(tmp_path, 31.2), 1), Waiting)


def test_it_waits_for_a_file_that_grows_however_long(tmp_path):
    files(tmp_path, (0, 1), (10, 11), (20, 21), (30, 31), written=START + timedelta(seconds=5000))
    waiting = after(seen(tmp_path), 5000)
    assert isinstance(waiting, Waiting) and waiting.retry_after_s == 21
    assert waiting.sentence.startswith("saal1-2026-05-01_10-00-30.ts is still growing")
    assert after(seen(tmp_path), 5020) == Ready()


def test_a_file_that_was_just_begun_is_waited_for_not_blamed(tmp_path):
    files(tmp_path, (0, 1), (10, 11), (20, 21))
    fresh = tmp_path / "saal1-2026-05-01_10-00-30.ts"
    fresh.touch()
    os.utime(fresh, (START.timestamp() + 30,) * 2)
    assert isinstance(after(seen(tmp_path), -9), Waiting)


def test_a_hole_in_the_middle_is_there_for_good(tmp_path):
    files(tmp_path, (0, 1), (20, 21), (30, 31), (40, 41))
    assert after(seen(tmp_path), 0) == Ready() and seen(tmp_path).holes == ((250, 500),)


def test_without_any_picture_it_waits_and_then_gives_up(tmp_path):
    (tmp_path / "saal1-2026-05-01_10-00-10.ts").write_bytes(b"garbage" * 5000)
    os.utime(tmp_path / "saal1-2026-05-01_10-00-10.ts", (START.timestamp(),) * 2)
    waiting, lost = after(seen(tmp_path), 599), after(seen(tmp_path), 600)
    assert isinstance(waiting, Waiting) and waiting.sentence.endswith("Waiting for more until 10:10:40.")
    assert isinstance(lost, Lost)
    assert "no usable recording of saal1 from 2026-05-01 10:00:00 to 10:00:40 in" in lost.sentence
    assert "10-00-10.ts is no MPEG transport stream" in lost.sentence and "Processing.Path.Raw" in lost.sentence


def test_the_decision_needs_no_file():
    found = unwritten("a.ts", START, 10, video=Video("h264", 1, 1), followed=False, age_s=10, now=START)
    surveyed = _survey(found)
    assert isinstance(outcome(surveyed, START), Waiting)
    assert isinstance(outcome(surveyed, START + timedelta(hours=1)), Lost)


def _survey(*found: Found) -> Survey:
    stop = START + timedelta(seconds=40)
    return Survey(Path("/raw"), "saal1", rooms.BERLIN, START, stop, 60, found, Fraction(25), 1000, (), (), (), ())
