"""The recordings the tests stand on: they must show and sound what they claim."""

import subprocess
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest
from PIL import Image

from demo.footage import Recorded, read_code, record_room
from demo.footage.framecode import paint_code
from demo.measure import av_offset_ms, click_times, frame_codes, video_md5
from scripts.media.programs import program

START = datetime(2026, 5, 1, 10, 0, 0, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[Recorded]:
    folder = tmp_path_factory.mktemp("raw")
    return record_room(folder, "saal1", START, 10, segment_s=4, first_code=1000, talks=[(0.5, 9, "A lamp")])


def test_it_names_the_segments_by_the_time_of_their_first_frame(recorded: list[Recorded]) -> None:
    assert [file.path.name for file in recorded] == [f"saal1-2026-05-01_10-00-0{s}.ts" for s in (0, 4, 8)]
    assert [(file.first_code, file.frames) for file in recorded] == [(1000, 100), (1100, 100), (1200, 50)]


def test_every_frame_tells_its_number(recorded: list[Recorded]) -> None:
    for file in recorded:
        assert frame_codes(file.path) == list(range(file.first_code, file.first_code + file.frames))


def test_single_frames_can_be_asked_for(recorded: list[Recorded]) -> None:
    assert frame_codes(recorded[0].path, [0, 7, 99]) == [1000, 1007, 1099]


def test_mute_and_black_spans_are_silent_and_dark(tmp_path: Path) -> None:
    (file,) = record_room(
        tmp_path, "saal1", START, 4, size=(160, 90), talks=[(0, 4, "A lamp")], mute=[(0.5, 2.5)], black=[(1, 2)]
    )
    seconds = {round(time - 1.48) for time in click_times(file.path)}
    assert (3 in seconds, seconds & {1, 2}) == (True, set())
    with av.open(str(file.path)) as container:
        light = [int(frame.to_ndarray(format="gray")[:60].max()) for frame in container.decode(video=0)]
    assert max(light[25:50]) < 30 < min(light[:25] + light[50:])


def test_the_timestamps_go_on_from_file_to_file(recorded: list[Recorded]) -> None:
    first, second = (_first_pts(file.path) for file in recorded[:2])
    assert second - first == 100 * 3600


def test_the_click_sits_at_the_picture_of_the_whole_second(recorded: list[Recorded]) -> None:
    assert abs(av_offset_ms(recorded[0].path, Fraction(25))) < 1


def test_late_sound_is_late_by_what_was_asked_for(tmp_path: Path) -> None:
    (file,) = record_room(tmp_path, "saal1", START, 4, rate=Fraction(30000, 1001), av_delay_ms=120)
    assert av_offset_ms(file.path, Fraction(30000, 1001)) == pytest.approx(120, abs=1)


@pytest.mark.parametrize(("codec", "name"), [("aac", "a.mp4"), ("libmp3lame", "a.mp3"), ("libopus", "a.webm")])
def test_clicks_are_found_after_a_lossy_encoder(
    recorded: list[Recorded], tmp_path: Path, codec: str, name: str
) -> None:
    path = tmp_path / name
    _encode_sound(recorded[0].path, path, codec)
    times = [time for time in click_times(path) if time > 0.5]
    assert len(times) >= 3
    assert np.abs(np.array(times) - np.round(times)).max() < 0.002


@pytest.mark.parametrize("size", [(160, 90), (640, 360), (428, 240)])
def test_a_code_survives_scaling(size: tuple[int, int]) -> None:
    picture = np.full((180, 320), 90, dtype=np.uint8)
    paint_code(picture, 0b1011_0000_1111_0101_0110)
    scaled = np.asarray(Image.fromarray(picture).resize(size), dtype=np.uint8)
    assert read_code(scaled) == 0b1011_0000_1111_0101_0110


def test_a_mixture_of_two_frames_is_not_read_as_a_third() -> None:
    one, two = (np.full((180, 320), 90, dtype=np.uint8) for _ in range(2))
    paint_code(one, 7)
    paint_code(two, 8)
    assert read_code((one // 2 + two // 2).astype(np.uint8)) is None
    assert read_code(np.full((180, 320), 90, dtype=np.uint8)) is None


def test_a_hole_loses_whole_segments(tmp_path: Path) -> None:
    files = record_room(tmp_path, "saal1", START, 8, segment_s=2, size=(160, 90), holes=[(2.5, 4.5)])
    assert [file.first_code for file in files] == [0, 150]


def test_a_restart_begins_a_new_take_with_new_timestamps(tmp_path: Path) -> None:
    one, two = record_room(tmp_path, "saal1", START, 4, size=(160, 90), holes=[(1.4, 2.6)], restart=True)
    assert (one.frames, two.first_code, two.take, two.path.name[-11:]) == (35, 65, 1, "10-00-02.ts")
    assert _first_pts(one.path) == _first_pts(two.path)
    assert frame_codes(two.path) == list(range(65, 100))
    assert abs(av_offset_ms(two.path, Fraction(25))) < 1


def test_the_hash_of_the_picture_ignores_the_container(recorded: list[Recorded], tmp_path: Path) -> None:
    copy = tmp_path / "copy.mkv"
    with av.open(str(recorded[0].path)) as source, av.open(str(copy), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    assert video_md5(copy) == video_md5(recorded[0].path) != video_md5(recorded[1].path)


def _first_pts(path: Path) -> int:
    with av.open(str(path)) as container:
        pts = next(container.decode(video=0)).pts
    assert pts is not None
    return pts


def _encode_sound(source: Path, target: Path, codec: str) -> None:
    # the first 1024 samples are the priming of the recorder's own encoder
    trim = "atrim=start_sample=1024,asetpts=PTS-STARTPTS"
    command = [program("ffmpeg"), "-v", "error", "-i", str(source), "-vn", "-af", trim, "-c:a", codec, "-b:a", "64k"]
    subprocess.run([*command, str(target)], check=True, stdin=subprocess.DEVNULL)
