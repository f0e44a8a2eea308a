"""Takes, what is used, holes and overlaps, told from names and time stamps alone."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.media.demux import WRAP
from scripts.media.placement import holes, overlaps, place, uses
from scripts.media.timeline import RATES
from tests.scripts.media.tiny import SECOND, unwritten

START = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
P25 = Fraction(25)


def at(second: float, frames, pts_s: float = 1.4, rate: Fraction = P25, **more):
    """Return a file named by the whole second, whose first picture has the time stamp `pts_s`."""
    begins = START + timedelta(seconds=second // 1)
    pts = round(pts_s * SECOND) % WRAP
    file = unwritten(f"{second:g}.ts", begins, frames, first_pts=pts, rate=rate, **more)
    return file, file.media


def where(files, rate: Fraction = P25) -> list[tuple[int, int, int]]:
    return [(each.take, each.first_frame, each.stop_frame) for each in place(files, rate, START)]


def taken(files, frames: int) -> list[tuple[str, int, int]]:
    return [(use.placed.found.name, use.used_from, use.used_to) for use in uses(place(files, P25, START), frames)]


def gaps(files, frames: int) -> list[tuple[int, int]]:
    return holes(uses(place(files, P25, START), frames), frames)


@pytest.mark.parametrize("rate", RATES)
def test_files_of_one_run_join_without_a_gap_whatever_their_names_say(rate):
    count = round(6 * rate)
    length = float(count / rate)
    files = [at(0.9 + k * length, count, 1.4 + k * length, rate) for k in range(20)]
    assert where(files, rate) == [(0, k * count, (k + 1) * count) for k in range(20)]


def test_a_lost_file_leaves_a_hole_measured_by_time_stamps():
    files = [at(0.5, 250, 1.4), at(20.9, 250, 1.4 + 20.2)]
    assert where(files) == [(0, 0, 250), (0, 505, 755)]
    assert gaps(files, 755) == [(250, 505)]


def test_a_restart_begins_a_take_at_its_name():
    files = [at(0, 250, 500.0), at(14, 250, 1.4)]
    assert where(files) == [(0, 0, 250), (1, 350, 600)]


def test_a_restart_whose_stamps_go_ahead_of_the_clock_begins_a_take_too():
    assert where([at(0, 250, 1.4), at(14, 250, 90.0)]) == [(0, 0, 250), (1, 350, 600)]


@pytest.mark.parametrize("second", [9, 10, 11])
def test_names_in_whole_seconds_make_no_hole_and_no_overlap_between_takes(second):
    assert where([at(0, 250, 500.0), at(second, 250, 1.4)]) == [(0, 0, 250), (1, 250, 500)]


def test_more_than_a_second_between_takes_counts():
    assert where([at(0, 250, 500.0), at(12, 250, 1.4)])[1] == (1, 300, 550)
    assert where([at(0, 275, 500.0), at(9, 250, 1.4)])[1] == (1, 225, 475)


def test_the_clock_of_the_stream_may_wrap():
    end = WRAP / SECOND
    files = [at(0, 250, end - 15), at(10, 250, end - 5), at(20, 250, end + 5)]
    placed = place(files, P25, START)
    assert [each.first_frame for each in placed] == [0, 250, 500]
    assert [each.first_pts for each in placed] == [WRAP - 15 * SECOND, WRAP - 5 * SECOND, WRAP + 5 * SECOND]


def test_a_frame_lost_at_a_joint_is_a_hole_of_the_same_take():
    files = [at(0, 250, 1.4), at(10, 250, 1.4 + 251 / 25)]
    assert where(files) == [(0, 0, 250), (0, 251, 501)]
    assert gaps(files, 501) == [(250, 251)]


def test_frames_lost_inside_a_file_are_a_hole():
    present = [*range(100), *range(120, 250)]
    assert gaps([at(0, present)], 250) == [(100, 120)]
    assert gaps([at(0, present)], 110) == [(100, 110)]


def test_holes_at_both_ends_of_the_range_count():
    assert gaps([at(4, 250)], 500) == [(0, 100), (350, 500)]
    assert gaps([], 500) == [(0, 500)]


def test_a_take_begins_with_its_first_picture_that_needs_no_other():
    (file, media) = at(0, 250, first_key=10 * 3600)
    (placed,) = place([(file, media)], P25, START)
    assert (placed.first_frame, placed.frames, placed.first_pts) == (10, 240, 126_000 + 36_000)
    assert placed.dts_lead == 7200 + 36_000


def test_inside_a_take_nothing_is_left_out():
    files = [at(0, 250, 1.4), at(10, 250, 11.4, first_key=3 * 3600)]
    assert where(files) == [(0, 0, 250), (0, 250, 500)]


def test_in_an_overlap_the_running_take_goes_on():
    files = [at(0, 250, 500.0), at(6, 250, 1.4)]
    assert taken(files, 400) == [("0.ts", 0, 250), ("6.ts", 250, 400)]
    ((later, earlier, frames),) = overlaps(place(files, P25, START), 400)
    assert (later.found.name, earlier.found.name, frames) == ("6.ts", "0.ts", 100)


def test_two_recorders_do_not_take_turns():
    one = [at(10 * k, 250, 500 + 10.0 * k) for k in range(4)]
    other = [at(3 + 10 * k, 250, 1.4 + 10 * k) for k in range(4)]
    both = sorted(one + other, key=lambda pair: pair[0].begins)
    assert [name for name, *_ in taken(both, 1000)] == ["0.ts", "10.ts", "20.ts", "30.ts"]


def test_the_other_recorder_helps_out_where_one_has_a_hole():
    one = [at(10 * k, 250, 500 + 10.0 * k) for k in (0, 1, 3)]
    other = [at(3 + 10 * k, 250, 1.4 + 10 * k) for k in range(4)]
    both = sorted(one + other, key=lambda pair: pair[0].begins)
    assert taken(both, 1000) == [
        ("0.ts", 0, 250), ("10.ts", 250, 500), ("13.ts", 500, 575), ("23.ts", 575, 825), ("33.ts", 825, 1000),
    ]  # fmt: skip


def test_a_file_that_shows_nothing_new_is_not_used():
    files = [at(0, 500, 500.0), at(5, 50, 1.4)]
    assert taken(files, 500) == [("0.ts", 0, 500)]
    assert len(overlaps(place(files, P25, START), 500)) == 1


def test_the_drift_of_a_long_run_does_not_break_it():
    files = [at(300 * k * 1.00005, 7500, 1.4 + 300 * k) for k in range(48)]
    assert {take for take, *_ in where(files)} == {0}


FILES = st.lists(st.tuples(st.integers(-30, 100), st.integers(1, 800), st.integers(0, 90_000)), max_size=8)


@settings(deadline=None)
@given(FILES, st.integers(1, 2500))
def test_whatever_is_there_each_frame_has_one_file_or_is_in_a_hole(rough, frames):
    files = [at(second, count, pts / 10) for second, count, pts in sorted(rough)]
    placed = place(files, P25, START)
    used = uses(placed, frames)
    owners = [0] * frames
    for use in used:
        assert use.placed.first_frame <= use.used_from < use.used_to <= use.placed.stop_frame
        owners[use.used_from : use.used_to] = [owner + 1 for owner in owners[use.used_from : use.used_to]]
    for first, stop in holes(used, frames):
        owners[first:stop] = [owner + 1 for owner in owners[first:stop]]
        assert not any(each.first_frame < stop and first < each.stop_frame for each in placed)
    assert owners == [1] * frames
