"""Proxies of what browsers cannot play: the same frames under the same numbers."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from demo.footage import Recorded, read_code
from scripts.media.peaks import PER_SECOND, measure
from scripts.media.playlist import playlist
from scripts.media.proxy import When, build_command, with_proxies
from scripts.media.timeline import Timeline
from tests.scripts.media import rooms
from tests.scripts.media.conftest import START
from tests.scripts.media.test_containers import DV, HEVC, MPEG2, convert, seen


def recorded_as(pal: list[Recorded], raw: Path, suffix: str, *options: str) -> Timeline:
    convert(pal[1].path, raw / f"saal1-2026-05-01_10-00-00.{suffix}", *options)
    return rooms.built(seen(raw), START)


def codes(path: Path) -> dict[int, int | None]:
    with av.open(str(path)) as container:
        return {
            frame.pts or 0: read_code(np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8))
            for frame in container.decode(video=0)
        }


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("mkv", ("-c", "copy")),
        ("mp4", ("-c", "copy")),
        ("ts", HEVC),
        ("ts", ("-c:v", "copy", "-c:a", "mp2")),
        ("mpg", MPEG2),
        ("dv", DV),
    ],
)
def test_a_proxy_shows_every_frame_under_its_number(
    suffix: str, options: tuple[str, ...], pal: list[Recorded], tmp_path: Path
) -> None:
    timeline = recorded_as(pal, tmp_path, suffix, *options)
    played, said = with_proxies(timeline, tmp_path, tmp_path / "work", 1, When.AUTO)
    assert said == []
    segment = played.segments[0]
    assert f"\n{segment.played_as}\n" in playlist(played)
    found = codes(tmp_path / "work" / segment.played_as)
    first = pal[1].first_code
    assert [found[segment.played_pts + 3600 * number] for number in range(100)] == list(range(first, first + 100))
    assert Timeline.from_json(played.to_json()) == played


def test_sound_stands_in_its_place_whatever_the_clock_of_the_container(pal: list[Recorded], tmp_path: Path) -> None:
    loud = []
    for name, options in (("ts", ("-c", "copy")), ("mkv", ("-c", "copy")), ("mov", ("-c:v", "copy"))):
        (tmp_path / name).mkdir()
        timeline = recorded_as(pal, tmp_path / name, name, *options)
        levels = np.abs(np.array(measure(timeline, tmp_path / name).channels[0], dtype=int)).reshape(-1, 2).max(axis=1)
        assert len(levels) == 4 * PER_SECOND
        loud.append(levels)
    assert np.corrcoef(loud[0], loud[1])[0, 1] > 0.9
    assert np.corrcoef(loud[0], loud[2])[0, 1] > 0.9


def test_what_browsers_play_needs_none_unless_it_is_wanted(pal: list[Recorded], tmp_path: Path) -> None:
    timeline = recorded_as(pal, tmp_path, "ts", "-c", "copy")
    assert with_proxies(timeline, tmp_path, tmp_path / "work", 1, When.AUTO) == (timeline, [])
    assert not (tmp_path / "work").exists()
    played, _ = with_proxies(timeline, tmp_path, tmp_path / "work", 1, When.ALWAYS)
    assert (played.segments[0].played_pts, played.first_dts_offset_ms) == (timeline.segments[0].first_pts, 0)


def test_sound_that_browsers_do_not_play_is_encoded_and_the_picture_copied(pal: list[Recorded], tmp_path: Path) -> None:
    timeline = recorded_as(pal, tmp_path, "ts", "-c:v", "copy", "-c:a", "mp2")
    played, _ = with_proxies(timeline, tmp_path, tmp_path / "work", 1, When.AUTO)
    source, proxy = tmp_path / timeline.segments[0].file, tmp_path / "work" / played.segments[0].played_as
    pictures, sounds = [], []
    for path in (source, proxy):
        with av.open(str(path)) as container:
            sounds.append(container.streams.audio[0].codec_context.name)
            pictures.append([hash(bytes(packet)) for packet in container.demux(video=0) if packet.size])
    assert pictures[0] == pictures[1]
    assert sounds == ["mp2", "aac"]


def test_a_proxy_is_made_once_and_swept_when_nothing_names_it(pal: list[Recorded], tmp_path: Path) -> None:
    timeline = recorded_as(pal, tmp_path, "mkv", "-c", "copy")
    work = tmp_path / "work"
    (work / "proxy").mkdir(parents=True)
    (work / "proxy" / "old.ts").touch()
    first, _ = with_proxies(timeline, tmp_path, work, 1, When.AUTO)
    made = (work / first.segments[0].played_as).stat()
    again, _ = with_proxies(timeline, tmp_path, work, 2, When.AUTO)
    assert again == first
    assert [(each.name, each.stat().st_ino) for each in (work / "proxy").iterdir()] == [
        (Path(first.segments[0].played_as).name, made.st_ino)
    ]
    assert with_proxies(timeline, tmp_path, work, 3, When.NEVER)[0] == timeline


def test_interlaced_pictures_are_deinterlaced_and_the_container_is_given(pal: list[Recorded], tmp_path: Path) -> None:
    timeline = recorded_as(pal, tmp_path, "ts", *MPEG2, "-flags", "+ildct+ilme")
    command = build_command(timeline, tmp_path / timeline.segments[0].file, tmp_path / "x.ts")
    assert command[1:5] == ["-copyts", "-f", "mpegts", "-i"]
    assert "yadif=mode=send_frame:deint=interlaced,scale=-2:180" in command
