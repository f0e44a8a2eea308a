"""Room is asked for before a job begins."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from scripts.worker.job import Work
from scripts.worker.outcomes import Wait
from scripts.worker.room import bits, cut_size, encoded_size, need_room

MB = 1024 * 1024
HUGE = 10**9 * MB


@dataclass
class Asker:
    roots: tuple[Path, ...]
    reserve_mb: int = 0
    retry_s: int = 300


def ask(folder: Path, size: float, root: Path, reserve_mb: int = 0) -> str:
    try:
        need_room(cast("Work", Asker((root,), reserve_mb)), folder, size, "the cut master")
    except Wait as waits:
        assert waits.retry_s == 300
        return waits.reason
    return ""


def test_what_fits_is_begun(tmp_path: Path) -> None:
    assert ask(tmp_path, MB, tmp_path) == ""


def test_what_does_not_fit_waits_and_names_the_mount(tmp_path: Path) -> None:
    said = ask(Path("/dev/shm"), HUGE, tmp_path, 1)
    assert said.startswith("/dev/shm has ")
    assert said.endswith(" MB left, and the cut master needs about 1000000000 MB: make room there.")


def test_the_reserve_is_kept_where_the_recorders_write(tmp_path: Path) -> None:
    said = ask(tmp_path, MB, tmp_path, 10**9)
    assert "needs about 1.0 MB beside the 1000000000 MB that FAHRWERK_RESERVE_MB keeps" in said


@pytest.mark.parametrize(("text", "wanted"), [("8M", 8e6), ("1500k", 1.5e6), ("96000", 96000), ("", 0), ("x", 0)])
def test_bit_rates_are_read(text: str, wanted: float) -> None:
    assert bits(text) == wanted


def test_a_file_takes_what_its_bit_rates_allow_or_as_much_as_the_master() -> None:
    capped = {"Format.Video.MaxBitrate": "8M", "Format.Audio.Bitrate": "128k"}
    assert encoded_size(capped, 60, HUGE) == 60 * 8_128_000 / 8
    assert encoded_size(capped, 60, MB) == MB
    assert encoded_size({"Format.Audio.Bitrate": "128k"}, 60, HUGE) == 960_000


@pytest.mark.parametrize("codec", ["libtheora", "mpeg4"])
def test_older_coders_take_more_than_the_master(codec: str) -> None:
    properties = {"Format.Video.Codec": codec, "Format.Video.Qscale": "6"}
    assert encoded_size(properties, 60, 1000) == 3 * encoded_size({"Format.Video.Codec": "libx264"}, 60, 1000)


def test_a_mount_that_tells_no_size_has_room(tmp_path: Path) -> None:
    assert ask(Path("/proc"), HUGE, Path("/proc"), 10**9) == ""


def test_a_smaller_picture_takes_less() -> None:
    box = {"Format.Video.CRF": "22", "Format.Video.MaxWidth": "640", "Format.Video.MaxHeight": "360"}
    size = {"Record.Width": "1280", "Record.Height": "720"}
    assert encoded_size(box | size, 60, 1000) == pytest.approx(1000 * 0.25**0.75)
    assert encoded_size(box, 60, 1000) == 1000


def test_a_cut_that_is_encoded_anew_takes_more() -> None:
    assert cut_size(10 * MB, 60, 1, anew=False) < cut_size(10 * MB, 60, 1, anew=True) < 40 * MB
