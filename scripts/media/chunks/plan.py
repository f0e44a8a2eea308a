"""The plan of a job: which frames each chunk has, written down before anything is encoded, and the commands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

from scripts.media.chunks.split import Split

VERSION = 1
GROUP_S = 5.0
"""Most seconds of a group of pictures: where a player may jump to."""
SUFFIX = ".mp4"
"""Chunks are MP4 files, whose stamps are exact (Matroska's are rounded), whatever they are joined to."""
_CLOSED = {
    "libx264": ("-sc_threshold", "0", "-x264-params", "open-gop=0:stitchable=1"),
    "libx265": ("-x265-params", "open-gop=0:scenecut=0:repeat-headers=0"),
}


@dataclass(frozen=True)
class Plan:
    """What is encoded: `frames` of `master` at `rate` (per second), one of `divisor` kept; the lengths of all chunks.

    `starts` are frames of the master; `planned` counts the pictures that come out of each chunk. `key` names the job:
    another command or another master is another job.
    """

    key: str
    master: str
    frames: int
    rate: str
    divisor: int
    starts: tuple[int, ...]
    planned: tuple[int, ...]
    group: int
    graph: str
    options: tuple[str, ...]
    version: int = VERSION

    @property
    def count(self) -> int:
        """Return the number of chunks."""
        return len(self.starts)

    @property
    def shown(self) -> Fraction:
        """Return the rate of what comes out, pictures per second."""
        return Fraction(self.rate) / self.divisor

    def stop(self, number: int) -> int:
        """Return the first frame of the master behind a chunk."""
        return (*self.starts[1:], self.frames)[number]

    def words(self, number: int) -> str:
        """Name a chunk for people."""
        return f"chunk {number + 1} of {self.count} (frames {self.starts[number]} to {self.stop(number)})"

    def to_json(self) -> str:
        """Write it down."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read what to_json wrote. Raise ValueError for anything else."""
        data: Any = json.loads(text)
        if not isinstance(data, dict) or data.get("version") != VERSION:
            raise ValueError("no plan of this version")
        lists = {name: tuple(data[name]) for name in ("starts", "planned", "options") if name in data}
        try:
            return cls(**(data | lists))
        except TypeError as error:
            raise ValueError(str(error)) from error


def plan(split: Split, frames: int, rate: Fraction, seconds: float) -> Plan:
    """Plan chunks of about *seconds* for the *frames* of a master: whole groups of pictures, the last not too short."""
    shown = rate / split.divisor
    groups = max(1, ceil(seconds / GROUP_S))
    group = max(1, round(seconds * shown / groups))
    size = groups * group * split.divisor
    starts = list(range(0, frames, size)) or [0]
    if len(starts) > 1 and frames - starts[-1] < size // 3:
        starts.pop()
    made = [-(-start // split.divisor) for start in starts] + [int(Fraction(frames, split.divisor) + Fraction(1, 2))]
    return Plan(
        key=_key(split, frames, rate),
        master=str(split.master),
        frames=frames,
        rate=str(rate),
        divisor=split.divisor,
        starts=tuple(starts),
        planned=tuple(later - begin for begin, later in pairwise(made)),
        group=group,
        graph=split.graph,
        options=split.options,
    )


def _key(split: Split, frames: int, rate: Fraction) -> str:
    state = split.master.stat()
    facts = [split.graph, split.options, split.rest, split.joined, frames, str(rate), state.st_size, state.st_mtime_ns]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def chunk_command(plan: Plan, number: int, result: Path) -> list[str]:
    """Return the command for one chunk: from a key frame before its first frame on, stamped by frame numbers.

    Half a frame early finds the frame in Matroska. New stamps keep roundings of the master from doubling or dropping
    a picture at the edge: that would leave the count right and every picture one frame late.
    """
    rate, begin, stop = Fraction(plan.rate), plan.starts[number], plan.stop(number)
    seek = ["-ss", f"{float((begin - Fraction(1, 2)) / rate):.6f}"] if begin else []
    stamped = f"settb={rate.denominator}/{rate.numerator},setpts=N,trim=end_frame={stop - begin}"
    codec = next(value for name, value in _named(plan.options) if name in ("-c:v", "-codec:v", "-vcodec"))
    grid = ["-g", str(plan.group), "-keyint_min", str(plan.group), *_CLOSED.get(codec, ())]
    return [
        "ffmpeg", "-y", *seek, "-i", plan.master, "-map", "0:v:0", "-map_metadata", "-1", "-an", "-sn",
        "-vf", f"{stamped}{plan.graph and ','}{plan.graph}", *plan.options, *grid,
        "-fps_mode", "passthrough", "-frames:v", str(plan.planned[number]), str(result),
    ]  # fmt: skip


def join_command(split: Split, listed: Path, rest: Path | None) -> list[str]:
    """Return the command that joins the chunks of a list and puts the rest beside them, bit for bit."""
    beside = ["-i", str(rest)] if rest else []
    mapped = ["-map", "1"] if rest else []
    return [
        "ffmpeg", "-y", "-f", "concat", "-safe", "0", "-i", str(listed), *beside, "-map", "0:v:0", *mapped,
        "-map_metadata:g", "-1", "-c", "copy", *split.joined, str(split.result),
    ]  # fmt: skip


def listing(plan: Plan, chunks: Sequence[Path]) -> str:
    """Return the list of chunks for ffmpeg, in order, each with its exact length."""
    lines = ["ffconcat version 1.0"]
    for path, pictures in zip(chunks, plan.planned, strict=True):
        quoted = str(path).replace("'", "'\\''")
        lines += [f"file '{quoted}'", f"duration {float(pictures / plan.shown):.6f}"]
    return "\n".join([*lines, ""])


def _named(options: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(options[::2], options[1::2], strict=True))
