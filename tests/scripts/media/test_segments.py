"""Finding the files of a room by name and time."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scripts.media.segments import NoFolder, complete, find, instants, quiet_s
from scripts.media.timeline import TimelineError
from tests.scripts.media.tiny import SECOND, unwritten, write_ts

BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")
START = datetime(2026, 5, 1, 10, 0, tzinfo=BERLIN)


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return write_ts(tmp_path_factory.mktemp("clip") / "clip.ts", 1)


@pytest.fixture
def room(tmp_path, clip):
    """Return a function that puts files of a room into the raw folder."""

    def put(*stamps: str, key: str = "saal1", folder: str = "") -> Path:
        (tmp_path / folder).mkdir(exist_ok=True)
        for stamp in stamps:
            shutil.copy(clip, tmp_path / folder / f"{key}-{stamp}.ts")
        return tmp_path

    return put


def names(raw, start=START, minutes=60, key="saal1", zone=BERLIN) -> list[str]:
    return [found.name for found in find(raw, key, start, start + timedelta(minutes=minutes), zone)]


def test_it_takes_the_file_in_force_and_all_that_begin_before_the_end(room):
    raw = room(*(f"2026-05-01_{time}" for time in ["09-40-00", "09-50-00", "10-20-00", "10-59-59", "11-00-00"]))
    assert names(raw) == [f"saal1-2026-05-01_{time}.ts" for time in ["09-50-00", "10-20-00", "10-59-59"]]


def test_a_file_that_begins_at_the_start_is_the_first(room):
    raw = room("2026-05-01_09-50-00", "2026-05-01_10-00-00")
    assert names(raw) == ["saal1-2026-05-01_10-00-00.ts"]


def test_without_a_file_before_the_start_it_takes_what_comes_after(room):
    assert names(room("2026-05-01_10-30-00")) == ["saal1-2026-05-01_10-30-00.ts"]
    assert names(room("2026-05-01_12-00-00"), minutes=10) == []


def test_several_recorders_of_a_room_are_found_each_with_its_file_in_force(room):
    room("2026-05-01_09-50-00", "2026-05-01_10-10-00", key="hall")
    raw = room("2026-05-01_09-40-00", "2026-05-01_09-55-00", "2026-05-01_10-05-00", key="cam_2")
    room("2026-05-01_10-00-00")
    assert names(raw, key="hall cam_2") == [
        "hall-2026-05-01_09-50-00.ts",
        "cam_2-2026-05-01_09-55-00.ts",
        "cam_2-2026-05-01_10-05-00.ts",
        "hall-2026-05-01_10-10-00.ts",
    ]


def test_a_file_is_followed_by_files_of_its_own_recorder_alone(room):
    room("2026-05-01_09-50-00", key="hall")
    raw = room("2026-05-01_10-05-00", key="cam")
    assert [found.followed for found in find(raw, "hall cam", START, START + timedelta(hours=1), BERLIN)] == [False] * 2


def test_a_talk_over_midnight_finds_the_files_of_both_days(room):
    raw = room("2026-05-01_23-50-00", "2026-05-02_00-10-00", "2026-05-02_00-40-00")
    assert len(names(raw, datetime(2026, 5, 1, 23, 55, tzinfo=BERLIN), 30)) == 2


def test_names_are_in_the_zone_of_the_project(room):
    raw = room("2026-05-01_10-00-00", "2026-05-01_13-30-00")
    (found,) = find(raw, "saal1", START, START + timedelta(minutes=5), KOLKATA)
    assert (found.name, found.begins) == ("saal1-2026-05-01_13-30-00.ts", datetime(2026, 5, 1, 8, tzinfo=UTC))


def test_a_folder_of_the_room_is_looked_into_too(room):
    room("2026-05-01_10-10-00")
    raw = room("2026-05-01_10-20-00", folder="saal1")
    assert names(raw) == ["saal1-2026-05-01_10-10-00.ts", "saal1/saal1-2026-05-01_10-20-00.ts"]


def test_names_no_recorder_gives_are_passed_over(room, tmp_path):
    room("2026-05-01_10-00-00", "2026-13-01_10-00-00", "2026-05-01_10-61-00", "2026-05-01_10-00-00\n", "x")
    room("2026-05-01_10-00-00", key="saal10")
    room("2026-05-01_10-00-00", key="SAAL1")
    room("٢٠٢٦-05-01_10-00-00", key="saal1")
    (tmp_path / "saal1-2026-05-01_10-30-00.ts").mkdir()
    os.mkfifo(tmp_path / "saal1-2026-05-01_10-31-00.ts")
    (tmp_path / "saal1-2026-05-01_10-32-00.ts").symlink_to(tmp_path / "nowhere.ts")
    assert names(tmp_path) == ["saal1-2026-05-01_10-00-00.ts"]


def test_a_link_out_of_the_folder_is_passed_over(room, clip, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "saal1-2026-05-01_10-32-00.ts").symlink_to(clip)
    (tmp_path / "raw" / "saal1").symlink_to(clip.parent)
    shutil.copy(clip, clip.parent / "saal1-2026-05-01_10-33-00.ts")
    assert names(tmp_path / "raw") == []


@pytest.mark.parametrize("key", ["", "../saal1", "Saal 1", ".*", "saal1/x"])
def test_a_room_key_that_is_none_is_refused(tmp_path, key):
    with pytest.raises(TimelineError, match="is no name of a recorder"):
        names(tmp_path, key=key)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(NoFolder, match=r"nowhere cannot be read .* Processing\.Path\.Raw"):
        names(tmp_path / "nowhere")


def test_files_that_cannot_be_used_become_sentences(room, tmp_path):
    room("2026-05-01_10-00-00")
    (tmp_path / "saal1-2026-05-01_10-10-00.ts").touch()
    (tmp_path / "saal1-2026-05-01_10-20-00.ts").write_bytes(b"garbage" * 5000)
    good, empty, garbage = find(tmp_path, "saal1", START, START + timedelta(hours=1), BERLIN)
    assert good.media and not empty.media and not garbage.media
    assert empty.problems == ("saal1-2026-05-01_10-10-00.ts is empty.",)
    assert garbage.problems[0].startswith("saal1-2026-05-01_10-20-00.ts is no MPEG transport stream")


def test_a_file_is_complete_when_another_follows_or_it_has_not_grown():
    now = START
    growing = unwritten("a.ts", START, 10, followed=False, age_s=59, now=now)
    assert not complete(growing, now) and complete(growing, now, still_s=50)
    assert complete(growing, now + timedelta(seconds=1)) and quiet_s(growing, now) == 59
    assert complete(unwritten("a.ts", START, 10, followed=True, age_s=0, now=now), now)


def test_only_the_last_file_of_the_room_has_no_successor(room):
    raw = room("2026-05-01_10-00-00", "2026-05-01_10-10-00", "2026-05-01_12-00-00")
    assert [found.followed for found in find(raw, "saal1", START, START + timedelta(hours=1), BERLIN)] == [True, True]
    assert [found.followed for found in find(raw, "saal1", START, START + timedelta(hours=3), BERLIN)][-1] is False


# --- the hour that comes twice: 2026-10-25 03:00 is put back to 02:00 -------------------------------------------------


def test_a_clock_shows_some_times_twice_and_some_never():
    assert [moment.hour for moment in instants(datetime(2026, 10, 25, 2, 30), BERLIN)] == [0, 1]
    assert [moment.hour for moment in instants(datetime(2026, 10, 25, 3, 30), BERLIN)] == [2]
    assert [moment.hour for moment in instants(datetime(2026, 3, 29, 2, 30), BERLIN)] == [1]


def autumn(raw, stamp: str, pts_s: float, written: datetime) -> None:
    write_ts(raw / f"saal1-2026-10-25_{stamp}.ts", 1, first_pts=round(pts_s * SECOND), written=written)


def begins(raw) -> list[str]:
    start = datetime(2026, 10, 25, 1, 0, tzinfo=BERLIN)
    found = find(raw, "saal1", start, start + timedelta(hours=5), BERLIN)
    return [f"{each.name[-11:-3]} {each.begins:%H:%M}" for each in found]


def test_time_stamps_tell_the_two_hours_apart(tmp_path):
    copied = datetime(2026, 11, 1, tzinfo=UTC)
    for stamp, minute in [("01-50-00", -10), ("02-30-00", 30), ("02-10-00", 70), ("02-40-00", 100), ("03-00-00", 120)]:
        autumn(tmp_path, stamp, (minute + 60) * 60, copied)
    assert begins(tmp_path) == [
        "01-50-00 23:50", "02-30-00 00:30", "02-10-00 01:10", "02-40-00 01:40", "03-00-00 02:00",
    ]  # fmt: skip


def test_the_file_after_the_two_hours_helps_when_the_recorder_restarted_in_them(tmp_path):
    copied = datetime(2026, 11, 1, tzinfo=UTC)
    autumn(tmp_path, "02-10-00", 100, copied)
    autumn(tmp_path, "03-10-00", 100 + 3600, copied)
    assert begins(tmp_path) == ["02-10-00 01:10", "03-10-00 02:10"]


def test_without_time_stamps_that_go_on_the_time_of_writing_counts(tmp_path):
    autumn(tmp_path, "02-10-00", 1, datetime(2026, 10, 25, 1, 10, 2, tzinfo=UTC))
    autumn(tmp_path, "02-20-00", 1, datetime(2026, 10, 25, 0, 20, 2, tzinfo=UTC))
    empty = tmp_path / "saal1-2026-10-25_02-30-00.ts"
    empty.touch()
    os.utime(empty, (datetime(2026, 10, 25, 1, 31, tzinfo=UTC).timestamp(),) * 2)
    assert begins(tmp_path) == ["02-20-00 00:20", "02-10-00 01:10", "02-30-00 01:30"]


def test_without_any_hint_it_is_the_first_of_the_two_hours(tmp_path):
    autumn(tmp_path, "02-10-00", 1, datetime(2026, 11, 1, tzinfo=UTC))
    assert begins(tmp_path) == ["02-10-00 00:10"]
