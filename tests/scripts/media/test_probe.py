"""What a file is, and what is said about one that is nothing."""

from fractions import Fraction
from pathlib import Path

import pytest

from demo.footage import Recorded, record_room
from scripts.media.ffmpeg import run
from scripts.media.probe import MediaUnreadable, Picture, Sound, probe, snap
from tests.scripts.media.conftest import NTSC, START


def test_a_segment_is_described(pal: list[Recorded]) -> None:
    media = probe(pal[0].path)
    assert media.container == "mpegts"
    assert media.duration_s == pytest.approx(4, abs=0.05)
    assert media.video == Picture("h264", 320, 180, Fraction(25), Fraction(1), "yuv420p", False)
    assert media.video.shown() == (320, 180)
    assert media.audio == (Sound("aac", 48000, 2, "stereo"),)


def test_the_rate_is_exact(tmp_path: Path) -> None:
    (file,) = record_room(tmp_path, "saal1", START, 2, rate=NTSC, size=(160, 90), channels=1)
    media = probe(file.path)
    assert media.video is not None
    assert (media.video.rate, media.audio[0].channels) == (NTSC, 1)


@pytest.mark.parametrize(("measured", "meant"), [("29.97", NTSC), ("25.01", 25), ("59.94", "60000/1001"), ("15", 15)])
def test_a_rate_is_snapped_to_the_standard_one(measured: str, meant: Fraction | int | str) -> None:
    assert snap(Fraction(measured)) == Fraction(meant)


def test_a_file_with_sound_only(tmp_path: Path, pal: list[Recorded]) -> None:
    run(["ffmpeg", "-i", str(pal[0].path), "-vn", str(tmp_path / "a.mp3")])
    assert probe(tmp_path / "a.mp3").video is None
    with pytest.raises(MediaUnreadable, match=r"a\.mp3 has no picture"):
        probe(tmp_path / "a.mp3", video_needed=True)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, r"x\.ts is not there"),
        (b"", r"x\.ts is empty"),
        (b"\0" * 5000, r"x\.ts is no media file or is damaged"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n#EXT-X-ENDLIST\n", r"x\.ts is no media file"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", r"x\.ts is no media file"),
    ],
)
def test_a_useless_file_is_named(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "x.ts").write_bytes(content)
    with pytest.raises(MediaUnreadable, match=sentence):
        probe(tmp_path / "x.ts")


def test_the_head_of_a_file_without_a_whole_picture(tmp_path: Path, pal: list[Recorded]) -> None:
    (tmp_path / "x.ts").write_bytes(pal[0].path.read_bytes()[:600])
    with pytest.raises(MediaUnreadable, match=r"x\.ts"):
        probe(tmp_path / "x.ts", video_needed=True)


@pytest.mark.parametrize(
    ("sar", "turned", "aspect", "shown"),
    [
        (Fraction(1), 0, None, (720, 576)),
        (Fraction(64, 45), 0, None, (1024, 576)),
        (Fraction(64, 45), 270, None, (576, 1024)),
        (Fraction(1), 180, None, (720, 576)),
        (Fraction(0), 0, None, (720, 576)),
        (Fraction(1), 0, Fraction(16, 9), (1024, 576)),
    ],
)
def test_a_picture_is_shown_with_square_pixels_and_turned(
    sar: Fraction, turned: int, aspect: Fraction | None, shown: tuple[int, int]
) -> None:
    picture = Picture("h264", 720, 576, Fraction(25), sar, "yuv420p", False, turned)
    assert picture.shown(aspect) == shown


def test_it_sees_that_a_phone_was_held_upright(tmp_path: Path) -> None:
    flat, upright = tmp_path / "flat.mp4", tmp_path / "upright.mp4"
    run(["ffmpeg", "-f", "lavfi", "-i", "testsrc=s=64x36:d=0.2", "-pix_fmt", "yuv420p", str(flat)])
    run(["ffmpeg", "-display_rotation", "90", "-i", str(flat), "-c", "copy", str(upright)])
    video = probe(upright).video
    assert video is not None and (video.width, video.height, video.shown()) == (64, 36, (36, 64))
