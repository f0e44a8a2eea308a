"""Recorders that write other containers and codecs, with other clocks, several to a room, or change their mind."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.footage import Recorded, read_code
from scripts.media.demux import Unreadable, parameters, read_media
from scripts.media.programs import program
from scripts.media.segments import find
from scripts.media.sources import Sources
from scripts.media.survey import Survey, survey
from tests.scripts.media import rooms
from tests.scripts.media.conftest import BERLIN, START
from tests.scripts.media.tiny import write_ts

MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-c:a", "mp2")
DV = (
    *("-vf", "scale=720:576,setpts=N/25/TB", "-pix_fmt", "yuv420p", "-c:v", "dvvideo"),
    *("-c:a", "pcm_s16le", "-ar", "48000", "-ac", "2", "-af", "apad", "-shortest"),
)
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-c:a", "copy")
FRAMES = 100


def convert(source: Path, target: Path, *options: str) -> Path:
    command = [program("ffmpeg"), "-loglevel", "error", "-y", "-i", str(source), *options]
    command += ["-fps_mode", "passthrough", str(target)]
    subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL)
    return target


def seen(raw: Path, seconds: float = 4, recorders: str = "saal1", **how) -> Survey:
    return survey(raw, recorders, START, START + timedelta(seconds=seconds), BERLIN, **how)


@pytest.mark.parametrize(
    ("suffix", "options", "codec", "interlaced"),
    [
        ("mkv", ("-c", "copy"), "h264", False),
        ("mp4", ("-c", "copy"), "h264", False),
        ("mov", ("-c", "copy"), "h264", False),
        ("ts", HEVC, "hevc", False),
        ("mkv", HEVC, "hevc", False),
        ("ts", (*MPEG2, "-flags", "+ildct+ilme"), "mpeg2video", True),
        ("mpg", MPEG2, "mpeg2video", False),
        ("dv", DV, "dvvideo", True),
        ("avi", DV, "dvvideo", True),
    ],
)
def test_every_frame_is_found_in_other_containers_and_codecs(
    suffix: str, options: tuple[str, ...], codec: str, interlaced: bool, pal: list[Recorded], tmp_path: Path
) -> None:
    convert(pal[1].path, tmp_path / f"saal1-2026-05-01_10-00-00.{suffix}", *options)
    whole = seen(tmp_path)
    assert (whole.rate, whole.frames, whole.problems, whole.holes) == (25, FRAMES, (), ())
    media = whole.used[0].placed.media
    assert (media.video.codec, media.interlaced, len(media.tracks)) == (codec, interlaced, 1)
    timeline = rooms.built(whole, START)
    sources = Sources(tmp_path, timeline.tick)
    for frame in (0, 1, 57, FRAMES - 1):
        segment = timeline.segments[0]
        picture = sources.pictures(segment, timeline.pts_of(segment, frame), 0)[0]
        assert read_code(picture) == pal[1].first_code + frame


def test_a_name_that_promises_another_container_is_not_believed(pal: list[Recorded], tmp_path: Path) -> None:
    shutil.copy(pal[0].path, tmp_path / "a.mkv")
    with pytest.raises(Unreadable, match="is no mkv file"):
        read_media(tmp_path / "a.mkv")
    shutil.copy(pal[0].path, tmp_path / "a.exe")
    with pytest.raises(Unreadable, match="has no name that ends in one of"):
        read_media(tmp_path / "a.exe")


def test_files_that_each_begin_at_zero_join_by_their_names(pal: list[Recorded], tmp_path: Path) -> None:
    for second, file in ((0, pal[0]), (4, pal[1]), (10, pal[2])):
        convert(file.path, tmp_path / f"saal1-2026-05-01_10-00-{second:02}.mkv", "-c", "copy")
    whole = seen(tmp_path, 14)
    assert [(use.placed.take, use.used_from, use.used_to) for use in whole.used] == [
        (0, 0, 100),
        (1, 100, 200),
        (2, 250, 350),
    ]
    assert whole.holes == ((200, 250),)


# --- real times -------------------------------------------------------------------------------------------------------


def listed(raw: Path, *lines: str, name: str = "saal1.m3u8") -> None:
    (raw / name).write_text("\n".join(["#EXTM3U", *lines, ""]))


def begins(raw: Path, **how) -> dict[str, datetime]:
    stop = START + timedelta(seconds=60)
    return {each.name: each.begins for each in find(raw, "saal1", START, stop, BERLIN, **how)}


def test_a_playlist_gives_the_real_times(tmp_path: Path) -> None:
    for name in ("out7.ts", "out8.ts", "out9.ts"):
        write_ts(tmp_path / name, 1)
    listed(
        tmp_path,
        "#EXT-X-PROGRAM-DATE-TIME:2026-05-01T08:00:00.250Z\n#EXTINF:1.0,\nout7.ts\n#EXTINF:1.0,\nout8.ts",
        "#EXT-X-DISCONTINUITY\n#EXTINF:1.0,\nout9.ts\n#EXTINF:1.0,\n../x.ts\n#EXTINF:nan,\nfile:///etc/passwd",
    )
    at = datetime(2026, 5, 1, 8, 0, 0, 250_000, tzinfo=UTC)
    assert begins(tmp_path) == {"out7.ts": at, "out8.ts": at + timedelta(seconds=1)}
    assert [use.used_from for use in seen(tmp_path).used] == [6, 31]


def test_the_playlist_counts_more_than_the_name(tmp_path: Path) -> None:
    name = "saal1-2026-05-01_10-00-00.ts"
    write_ts(tmp_path / name, 1)
    listed(tmp_path, f"#EXT-X-PROGRAM-DATE-TIME:2026-05-01T10:00:03.4\n#EXTINF:1.0,\n{name}", name="saal1-live.m3u8")
    assert begins(tmp_path)[name] == START + timedelta(seconds=3.4)


@pytest.mark.parametrize(
    "text", ["#EXT-X-PROGRAM-DATE-TIME:soon", "#EXT-X-PROGRAM-DATE-TIME:9999-12-31T23:59:59-23:00"]
)
def test_times_that_are_none_tell_nothing(text: str, tmp_path: Path) -> None:
    write_ts(tmp_path / "a.ts", 1)
    listed(tmp_path, text, "#EXTINF:1,", "a.ts")
    assert begins(tmp_path) == {}


def test_a_clock_that_is_ahead_is_set_right(tmp_path: Path) -> None:
    write_ts(tmp_path / "saal1-2026-05-01_10-00-09.ts", 1)
    assert list(begins(tmp_path, ahead_s={"saal1": 7.5, "saal2": 100}).values()) == [START + timedelta(seconds=1.5)]


# --- several recorders ------------------------------------------------------------------------------------------------


def _second_recorder(raw: Path, lost: Callable[[int], bool], late_s: int = 0) -> None:
    stamps = [3600 * number for number in range(250) if not lost(number)]
    write_ts(raw / "saal1-2026-05-01_10-00-00.ts", stamps=stamps)
    write_ts(raw / f"spare-2026-05-01_10-00-{late_s:02}.ts", 10 - late_s, first_pts=900_000)


def test_a_second_recorder_fills_what_the_first_one_lost(tmp_path: Path) -> None:
    _second_recorder(tmp_path, lambda number: 100 <= number < 150, late_s=2)
    whole = seen(tmp_path, 10, "saal1 spare")
    assert not whole.holes
    assert [(use.placed.found.name[:5], use.used_from, use.used_to) for use in whole.used] == [
        ("saal1", 0, 100),
        ("spare", 100, 250),
    ]


def test_the_recorder_that_lost_less_wins_from_the_beginning(tmp_path: Path) -> None:
    _second_recorder(tmp_path, lambda number: 10 <= number < 200 and number % 4 == 0)
    assert [use.placed.found.name[:5] for use in seen(tmp_path, 10, "saal1 spare").used] == ["spare"]


def test_single_losses_are_no_reason_to_change_recorders(tmp_path: Path) -> None:
    _second_recorder(tmp_path, lambda number: 100 <= number < 110)
    whole = seen(tmp_path, 10, "saal1 spare")
    assert [use.placed.found.name[:5] for use in whole.used] == ["saal1"]
    assert whole.holes == ((100, 110),)


# --- changes in the middle --------------------------------------------------------------------------------------------


def test_another_size_in_the_middle_of_a_file_ends_its_use_with_a_mark(tmp_path: Path) -> None:
    small = write_ts(tmp_path / "a.ts", 2)
    large = write_ts(tmp_path / "b.ts", 2, first_pts=126_000 + 180_000, size=(96, 64))
    (tmp_path / "saal1-2026-05-01_10-00-00.ts").write_bytes(small.read_bytes() + large.read_bytes())
    whole = seen(tmp_path)
    said = (
        "saal1-2026-05-01_10-00-00.ts changes from 64x48 to 96x64 after 50 frames; what comes after that is not used."
    )
    assert whole.problems == ("saal1-2026-05-01_10-00-00.ts has no sound.", said) or said in whole.problems
    assert whole.holes == ((50, 100),)
    marks = rooms.built(whole, START).marks
    assert [(mark.frame, mark.text) for mark in marks if mark.kind == "change"] == [(49, said)]


def test_sound_that_changes_between_files_is_told(tmp_path: Path, pal: list[Recorded]) -> None:
    shutil.copy(pal[0].path, tmp_path / "saal1-2026-05-01_10-00-00.ts")
    convert(pal[1].path, tmp_path / "saal1-2026-05-01_10-00-04.ts", "-c:v", "copy", "-ac", "6", "-c:a", "aac")
    convert(
        pal[2].path,
        tmp_path / "saal1-2026-05-01_10-00-08.ts",
        *("-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy"),
    )
    whole = seen(tmp_path, 12)
    before, six = "2 channels at 48000 Hz", "6 channels at 48000 Hz"
    assert [said.split(" on, ")[1] for _, said in whole.changes] == [
        f"there is {six}; before, {before}.",
        f"there is {before} and {before}; before, {six}.",
    ]
    assert [frame for frame, _ in whole.changes] == [100, 200]
    assert {said for _, said in whole.changes} <= set(whole.problems)


def test_a_file_of_another_format_is_marked_where_it_would_be(tmp_path: Path) -> None:
    write_ts(tmp_path / "saal1-2026-05-01_10-00-00.ts", 3)
    write_ts(tmp_path / "saal1-2026-05-01_10-00-03.ts", 1, size=(96, 64), first_pts=9_000_000)
    assert [frame for frame, _ in seen(tmp_path).changes] == [75]


def test_parameters_are_found_behind_start_codes() -> None:
    stream = b"\x00\x00\x00\x01\x09\xf0\x00\x00\x00\x01\x67abc\x00\x00\x01\x68de\x00\x00\x01\x65data"
    assert parameters("h264", stream) == b"\x67abc"
    assert parameters("vp9", stream) == b""
