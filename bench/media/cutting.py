"""An hour of a talk cut smartly, and cut in full: both proved, as script C does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.media.clock import Spent, row, spent
from bench.media.footage import RATE, long_recording, minute
from scripts.media.cut import Cut, Method, cut_master
from scripts.media.timeline import Timeline

HOUR_S, MARGIN_S, ROUNDS = 3600, 60, 3


def rows(folder: Path) -> Iterator[str]:
    """Yield the rows: smart cuts (median), the full cut, and the share the one is of the other."""
    raw = folder / "hour"
    timeline = long_recording(raw, minute(folder / "minute"), HOUR_S + 2 * MARGIN_S)
    smart = [spent(lambda: _cut(timeline, raw, folder, Method.SMART)) for _ in range(ROUNDS)]
    (full, took) = spent(lambda: _cut(timeline, raw, folder, Method.FULL))
    median_smart = Spent(median(each.wall_s for _, each in smart), median(each.cpu_s for _, each in smart))
    yield row(f"cut of an hour, {full.method}", took)
    ratio = median_smart.cpu_s / took.cpu_s
    yield row(f"cut of an hour, {smart[0][0].method}", median_smart, f"the full cut: 1/{1 / ratio:.0f}", ratio)


def _cut(timeline: Timeline, raw: Path, folder: Path, method: Method) -> Cut:
    """Cut an hour whose ends lie within groups of pictures."""
    first = MARGIN_S * int(RATE) + 17
    return cut_master(timeline, raw, [(first, first + HOUR_S * int(RATE))], folder / "cut.mkv", 1, method=method)
