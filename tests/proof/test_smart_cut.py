"""Twenty random cuts of every kind of recording: what was copied is the same to the bit, and every sample is there.

Prints a row per kind of recording; docs/evidence/media.md keeps them.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from demo.measure import av_offset_ms, frame_codes
from scripts.media.cut import Cut
from tests.scripts.media.smart.films import RATES, Film, cut, differing, film, likeness, warnings

pytestmark = pytest.mark.proof
CUTS, SEVERAL, SECONDS = 20, 5, 24
TYPES = [
    *(("h264 closed", rate) for rate in ("25", "29.97", "50")),
    *(("h264 open", rate) for rate in ("25", "29.97", "50")),
    *((kind, rate) for kind in ("hevc closed", "hevc open") for rate in ("25", "29.97")),
]
Ranges = list[tuple[int, int]]


@dataclass
class Row:
    """What was found in the cuts of one kind of recording."""

    smart: int = 0
    full: Counter[str] = field(default_factory=Counter)
    copied: int = 0
    encoded: int = 0
    likeness: float = 1.0
    av_ms: float = 0.0

    def __str__(self) -> str:
        reasons = "; ".join(f"{count} {reason}" for reason, count in self.full.items()) or "0"
        cells = self.smart, reasons, self.copied, self.encoded, f"{self.likeness:.4f}", f"{self.av_ms:.2f}"
        return " | ".join(map(str, cells))


@pytest.mark.parametrize(("kind", "rate"), TYPES)
def test_random_cuts_are_the_recording(kind: str, rate: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    source, row = film(tmp_path / "raw", kind, RATES[rate], SECONDS, size=(320, 180)), Row()
    for seed in range(CUTS):
        _prove(source, [_any_range(source, seed)], tmp_path / "cut.mkv", row)
    for seed in range(SEVERAL):
        _prove(source, _some_ranges(source, seed), tmp_path / "cut.mkv", row)
    with capsys.disabled():
        print(f"\n| {kind}, {rate} | {row} |")


def _any_range(source: Film, seed: int) -> tuple[int, int]:
    """Choose in and out anywhere, a second apart at least."""
    choose, least = random.Random(seed), round(source.timeline.rate)
    cut_in = choose.randrange(source.timeline.frames - least)
    return cut_in, choose.randrange(cut_in + least, source.timeline.frames + 1)


def _some_ranges(source: Film, seed: int) -> Ranges:
    """Choose three ranges in order."""
    borders = sorted(random.Random(1000 + seed).sample(range(source.timeline.frames + 1), 6))
    return list(zip(borders[::2], borders[1::2], strict=True))


def _prove(source: Film, ranges: Ranges, target: Path, row: Row) -> None:
    done, rate = cut(source, ranges, target), source.timeline.rate
    assert frame_codes(target) == [number for first, stop in ranges for number in range(first, stop)]
    assert warnings(target) == []
    _prove_sound(source, ranges, target)
    if len(ranges) == 1 and done.frames > 2 * rate:  # a joint may cut a click in two
        row.av_ms = max(row.av_ms, abs(av_offset_ms(target, rate)))
    if done.method.startswith("full"):
        row.full[done.method] += 1
        return
    _prove_pictures(source, ranges, target, done, row)


def _prove_pictures(source: Film, ranges: Ranges, target: Path, done: Cut, row: Row) -> None:
    changed = differing(source, ranges, target)
    assert len(changed) <= done.encoded
    alike = likeness(source, ranges, target, changed)
    assert alike >= 0.98
    row.smart += 1
    row.copied += done.frames - done.encoded
    row.encoded += done.encoded
    row.likeness = min(row.likeness, alike)


def _prove_sound(source: Film, ranges: Ranges, target: Path) -> None:
    """Every sample of the cut is the one the recording has at that time, but for rounding.

    A click is loud within one sample, so a shift by one would differ by half of full scale. AAC decoders fill up bands
    with noise of their own, which depends on where they began: some thousandths of the samples differ by more than one.
    """
    wanted, heard = [], _samples([target], Fraction(0))
    begin = Fraction(source.timeline.segments[0].first_pts, 90_000)
    recorded = _samples([file.path for file in source.recorded], begin)
    rate, frames = source.timeline.rate, 0
    for first, stop in ranges:
        length = round((frames + stop - first) * 48_000 / rate) - round(frames * 48_000 / rate)
        frames += stop - first
        at = round((begin + first / rate) * 48_000) - round(begin * 48_000)
        wanted.append(recorded[:, at : at + length])
    expected = np.concatenate(wanted, axis=1)
    assert abs(heard.shape[1] - frames * 48_000 / rate) < 1
    apart = 32768 * np.abs(heard[:, : expected.shape[1]] - expected)
    assert float(apart.max()) < 33
    assert float(np.percentile(apart, 99)) <= 1


def _samples(files: list[Path], begin: Fraction) -> NDArray[np.float64]:
    """Decode the sound from `begin` (seconds) on, each block at the place its stamp names."""
    address = "concat:" + "|".join(map(str, files))
    blocks: list[tuple[int, NDArray[np.float64]]] = []
    with av.open(address, options={"protocol_whitelist": "file,concat"}) as container:
        for frame in container.decode(audio=0):
            planar = frame.to_ndarray()
            planar = planar if frame.format.is_planar else planar.reshape(-1, 2).T
            scale = 1.0 if planar.dtype.kind == "f" else 32768.0
            at = round(Fraction(frame.pts or 0) * Fraction(frame.time_base or 0) * 48_000) - round(begin * 48_000)
            at = at if begin else sum(block.shape[1] for _, block in blocks)  # milliseconds are too coarse
            blocks.append((at, planar.astype(np.float64) / scale))
    out = np.zeros((2, max(at + block.shape[1] for at, block in blocks)))
    for at, block in blocks:
        skip = max(0, -at)
        out[:, at + skip : at + block.shape[1]] = block[:, skip:]
    return out
