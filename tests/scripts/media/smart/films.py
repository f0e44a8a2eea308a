"""Recordings of all kinds that are cut smartly, and the proof of a cut: what was copied is the same to the bit."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import av
import numpy as np

from demo.footage import Recorded, record_room
from scripts.media.cut import Cut, Method, cut_master
from scripts.media.ffmpeg import run
from scripts.media.recording import Talk, build
from scripts.media.scan import scan
from scripts.media.sources import luma
from scripts.media.survey import survey
from scripts.media.timeline import Timeline
from tests.scripts.media.conftest import BERLIN, START

RATES = {"25": Fraction(25), "29.97": Fraction(30000, 1001), "50": Fraction(50)}
GROUP_S = 2


def coding(kind: str, rate: Fraction) -> tuple[str, ...]:
    """Return how ffmpeg makes a kind of recording: H.264 with closed or open groups, HEVC with closed or open ones."""
    keys = f"keyint={round(GROUP_S * rate)}:min-keyint={round(GROUP_S * rate)}:scenecut=0:bframes=3"
    is_open = int(kind.endswith("open"))
    if kind.startswith("hevc"):
        shape = f"{keys}:open-gop={is_open}:log-level=none:pools=1"
        return "-c:v", "libx265", "-preset", "superfast", "-crf", "24", "-x265-params", shape
    return (
        "-c:v",
        "libx264",
        "-preset",
        "fast",
        "-crf",
        "21",
        "-x264-params",
        f"{keys}:open-gop={is_open}:repeat-headers=1",
    )


KINDS = ("h264 closed", "h264 open", "hevc closed", "hevc open")


@dataclass(frozen=True)
class Film:
    """A recording of one take in several files, and the timeline script B makes of it."""

    folder: Path
    recorded: tuple[Recorded, ...]
    timeline: Timeline

    @cached_property
    def digests(self) -> list[str]:
        """Return a checksum of every picture, decoded from the first to the last without a seek."""
        return [_digest(frame) for frame in self.pictures()]

    def pictures(self) -> Iterator[av.VideoFrame]:
        """Decode all pictures from the first to the last, without a seek."""
        address = "concat:" + "|".join(str(file.path) for file in self.recorded)
        with av.open(address, format="mpegts", options={"protocol_whitelist": "file,concat"}) as container:
            yield from container.decode(video=0)


def film(folder: Path, kind: str, rate: Fraction, seconds: float, **how) -> Film:
    """Record a film of some seconds in files of 4 s."""
    how = {"size": (160, 90), "segment_s": 4, "talks": [(0.0, 60.0, "A lamp")], **how}
    recorded = record_room(folder, "saal1", START, seconds, rate=rate, coding=coding(kind, rate), **how)
    stop = START + timedelta(seconds=seconds)
    timeline = build(survey(folder, "saal1", START, stop, BERLIN), Talk("demo", 7, "A lamp", START, stop))
    return Film(folder, tuple(recorded), timeline)


def cut(source: Film, ranges: list[tuple[int, int]], target: Path, method: Method = Method.AUTO) -> Cut:
    """Cut a film."""
    return cut_master(source.timeline, source.folder, ranges, target, 1, method=method)


def random_range(source: Film, seed: int) -> tuple[int, int]:
    """Choose in and out with at least three groups between them."""
    least = round(3 * GROUP_S * source.timeline.rate)
    choose = random.Random(seed)
    cut_in = choose.randrange(source.timeline.frames - least)
    return cut_in, choose.randrange(cut_in + least, source.timeline.frames + 1)


def digests(path: Path) -> list[str]:
    """Return a checksum of every picture of a file."""
    with av.open(str(path)) as container:
        return [_digest(frame) for frame in container.decode(video=0)]


def _digest(frame: av.VideoFrame) -> str:
    return hashlib.md5(frame.to_ndarray().tobytes(), usedforsecurity=False).hexdigest()


def differing(source: Film, ranges: list[tuple[int, int]], target: Path) -> list[int]:
    """List the frames of a cut whose pictures are not the recording's to the bit. Raise AssertionError for a count."""
    wanted = [source.digests[number] for first, stop in ranges for number in range(first, stop)]
    found = digests(target)
    assert len(found) == len(wanted)
    return [number for number, (one, two) in enumerate(zip(found, wanted, strict=True)) if one != two]


def likeness(source: Film, ranges: list[tuple[int, int]], target: Path, frames: list[int]) -> float:
    """Return the lowest structural similarity (SSIM of the brightness, 8x8 windows) of some frames to the recording."""
    numbers = [number for first, stop in ranges for number in range(first, stop)]
    wanted = {numbers[frame] for frame in frames}
    originals = {number: luma(picture) for number, picture in enumerate(source.pictures()) if number in wanted}
    shown = scan(target, frames).kept
    return min((_ssim(shown[frame], originals[numbers[frame]]) for frame in frames), default=1.0)


def _ssim(one: np.ndarray, two: np.ndarray) -> float:
    """Wang et al. 2004, with windows that do not overlap."""
    a, b = (_windows(picture) for picture in (one, two))
    mean_a, mean_b = a.mean(axis=1), b.mean(axis=1)
    both = ((a - mean_a[:, None]) * (b - mean_b[:, None])).mean(axis=1)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    light = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    shape = (2 * both + c2) / (a.var(axis=1) + b.var(axis=1) + c2)
    return float((light * shape).mean())


def _windows(picture: np.ndarray) -> np.ndarray:
    height, width = (size // 8 * 8 for size in picture.shape)
    blocks = picture[:height, :width].astype(np.float64).reshape(height // 8, 8, width // 8, 8)
    return blocks.swapaxes(1, 2).reshape(-1, 64)


def warnings(path: Path) -> list[str]:
    """Return what the decoder says of a whole file, without what is said of the times of pictures thrown away."""
    said = run(["ffmpeg", "-i", str(path), "-map", "0:v", "-fps_mode", "passthrough", "-f", "null", "-"])
    return [line for line in said.splitlines() if "null" not in line and "repeated" not in line]
