"""An hour of a talk cut smartly, and cut in full: both proved, as script C does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.media.clock import Spent, row, spent
from bench.media.footage import RATE, long_recording, minute
from scripts.media.cut import Cut, Method, cut_master
from scripts.media.timeline import Timeline

HOUR_S, FULL_S, MARGIN_S, ROUNDS = 3600, 600, 60, 3
"""A full cut takes as long for every minute, so one of ten is enough to know what an hour takes."""


def rows(folder: Path) -> Iterator[str]:
    """Yield the rows: the full cut, smart cuts (median), and the share the one is of the other."""
    raw = folder / "hour"
    timeline = long_recording(raw, minute(folder / "minute"), HOUR_S + 2 * MARGIN_S)
    full, took = spent(lambda: _cut(timeline, raw, folder, FULL_S, Method.FULL))
    hour = Spent(took.wall_s * HOUR_S / FULL_S, took.cpu_s * HOUR_S / FULL_S)
    yield row(f"cut of an hour, {full.method} ({FULL_S // 60} min, times {HOUR_S // FULL_S})", hour)
    smart = [spent(lambda: _cut(timeline, raw, folder, HOUR_S, Method.SMART)) for _ in range(ROUNDS)]
    middle = Spent(median(each.wall_s for _, each in smart), median(each.cpu_s for _, each in smart))
    ratio = middle.cpu_s / hour.cpu_s
    yield row(f"cut of an hour, {smart[0][0].method}", middle, f"the full cut: 1/{1 / ratio:.0f}", ratio)


def _cut(timeline: Timeline, raw: Path, folder: Path, seconds: int, method: Method) -> Cut:
    """Cut so many seconds whose ends lie within groups of pictures."""
    first = MARGIN_S * int(RATE) + 17
    return cut_master(timeline, raw, [(first, first + seconds * int(RATE))], folder / "cut.mkv", 1, method=method)
