"""The gain for a target loudness, from one measurement of the whole sound."""

from pathlib import Path

import pytest

from scripts.media import ffmpeg
from scripts.media.loudness import gain_db


def sound(path: Path, made_of: str) -> Path:
    ffmpeg.run(["ffmpeg", "-f", "lavfi", "-i", made_of, "-c:a", "flac", str(path)])
    return path


def test_the_gain_brings_the_whole_to_the_target(tmp_path: Path) -> None:
    master = sound(tmp_path / "cut.mkv", "sine=1000:r=48000:d=4,aformat=channel_layouts=stereo")
    gain = gain_db(master, -20)
    made = sound(tmp_path / "made.mkv", f"sine=1000:r=48000:d=4,aformat=channel_layouts=stereo,volume={gain}dB")
    assert gain != 0
    assert gain_db(made, -20) == pytest.approx(0, abs=0.15)


def test_no_gain_lifts_the_true_peak_above_its_limit(tmp_path: Path) -> None:
    master = sound(tmp_path / "cut.mkv", "sine=1000:r=48000:d=4")  # peaks at -18 dB
    assert gain_db(master, 0) == pytest.approx(17, abs=0.2)


def test_silence_stays_as_it_is(tmp_path: Path) -> None:
    assert gain_db(sound(tmp_path / "cut.mkv", "anullsrc=r=48000:d=2"), -16) == 0


@pytest.mark.parametrize(("source", "more"), [("left", 0.0), ("right", -6.0), ("mixed", None), ("both", None)])
def test_the_source_that_is_used_is_measured(source: str, more: float | None, tmp_path: Path) -> None:
    path = sound(tmp_path / "cut.mkv", "sine=1000:r=48000:d=4,pan=stereo|c0=0.5*c0|c1=c0")
    gain, left = gain_db(path, -30, source=source), gain_db(path, -30, source="left")
    if more is None:
        assert -6 < gain - left < 0
    else:
        assert gain - left == pytest.approx(more, abs=0.2)
