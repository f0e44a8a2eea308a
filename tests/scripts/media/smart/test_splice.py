"""Only the edges are encoded anew; everything else is the recording's to the bit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from demo.measure import av_offset_ms, frame_codes
from scripts.media.cut import CutError, Method
from tests.scripts.media.smart.films import (
    GROUP_S,
    KINDS,
    RATES,
    Film,
    cut,
    differing,
    film,
    likeness,
    random_range,
    warnings,
)

SECONDS = 14
CASES = [(kind, rate) for kind in KINDS for rate in (("25",) if "hevc" in kind else ("25", "29.97"))]
Films = Callable[[str, str], Film]


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Films:
    made: dict[tuple[str, str], Film] = {}

    def get(kind: str, rate: str) -> Film:
        if (kind, rate) not in made:
            made[kind, rate] = film(tmp_path_factory.mktemp("film"), kind, RATES[rate], SECONDS)
        return made[kind, rate]

    return get


@pytest.mark.parametrize(("kind", "rate"), CASES)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_copied_is_the_same_to_the_bit(films: Films, tmp_path: Path, kind: str, rate: str, seed: int) -> None:
    source, target = films(kind, rate), tmp_path / "cut.mkv"
    ranges = [random_range(source, seed)]
    done = cut(source, ranges, target, Method.SMART)
    changed = differing(source, ranges, target)
    assert done.method == f"smart ({done.encoded} of {done.frames} frames re-encoded)"
    assert len(changed) <= done.encoded < 4 * GROUP_S * source.timeline.rate
    assert likeness(source, ranges, target, changed) >= 0.98
    assert warnings(target) == []
    assert frame_codes(target) == list(range(*ranges[0]))
    assert av_offset_ms(target, source.timeline.rate) == pytest.approx(0, abs=1)


@pytest.mark.parametrize("kind", KINDS)
def test_several_ranges_become_one_film(films: Films, tmp_path: Path, kind: str) -> None:
    source, target = films(kind, "25"), tmp_path / "cut.mkv"
    ranges = [(3, 120), (131, 249), (251, 345)]
    done = cut(source, ranges, target, Method.SMART)
    changed = differing(source, ranges, target)
    assert len(changed) <= done.encoded < done.frames
    assert frame_codes(target) == [number for first, stop in ranges for number in range(first, stop)]
    assert av_offset_ms(target, source.timeline.rate) == pytest.approx(0, abs=1)


def test_ranges_that_were_cut_in_full_hold_the_same_frames(films: Films, tmp_path: Path) -> None:
    source, target = films("h264 closed", "25"), tmp_path / "cut.mkv"
    done = cut(source, [(3, 60), (131, 150)], target, Method.FULL)
    assert frame_codes(target) == [*range(3, 60), *range(131, 150)]
    assert (done.method, done.encoded) == ("full: as the project demands", 76)


def test_a_cut_at_key_pictures_encodes_nothing(films: Films, tmp_path: Path) -> None:
    source, target = films("h264 closed", "25"), tmp_path / "cut.mkv"
    done = cut(source, [(50, 300)], target)
    assert done.encoded == 0
    assert differing(source, [(50, 300)], target) == []


def test_a_cut_without_a_whole_group_is_made_in_full_and_says_so(films: Films, tmp_path: Path) -> None:
    source = films("h264 closed", "25")
    assert cut(source, [(10, 40)], tmp_path / "cut.mkv").method == (
        "full: no whole group of pictures lies between in and out"
    )
    with pytest.raises(CutError, match=r"A smart cut is not possible: no whole group .* Processing\.Cut"):
        cut(source, [(10, 40)], tmp_path / "cut.mkv", Method.SMART)


def test_a_damaged_recording_is_cut_in_full_and_the_reason_is_given(films: Films, tmp_path: Path) -> None:
    source = films("h264 closed", "25")
    folder = tmp_path / "raw"
    folder.mkdir()
    for file in source.recorded:
        content = bytearray(file.path.read_bytes())
        if file.first_code == 100:
            content[188 * 300 : 188 * 340] = bytes(188 * 40)
        (folder / file.path.name).write_bytes(content)
    done = cut(replace(source, folder=folder), [(20, 280)], tmp_path / "cut.mkv")
    assert done.method.startswith("full: ")
    assert done.frames == 260


@pytest.mark.parametrize(
    ("ranges", "sentence"),
    [
        ([], "There is nothing to cut"),
        ([(10, 60), (50, 90)], "begins at frame 50 begins before the former one ends"),
        ([(100, 160), (10, 60)], "set the ranges in their order"),
        ([(10, 60), (70, 9999)], "reaches beyond the recording"),
    ],
)
def test_ranges_that_are_none_are_refused(
    films: Films, tmp_path: Path, ranges: list[tuple[int, int]], sentence: str
) -> None:
    with pytest.raises(CutError, match=sentence):
        cut(films("h264 closed", "25"), ranges, tmp_path / "cut.mkv")
