"""What script B does with 90 minutes: find and read the files, the waveform, the marks of the sound."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench.media.clock import Spent, row, spent
from bench.media.footage import START, ZONE, long_recording, minute
from scripts.media import marks, peaks
from scripts.media.survey import survey

LONG_S = 90 * 60


def rows(folder: Path) -> Iterator[str]:
    """Yield a row for each part of the work, compared with the length of the recording."""
    raw = folder / "long"
    timeline = long_recording(raw, minute(folder / "once"), LONG_S)
    stop = START + timedelta(seconds=LONG_S)
    _, took = spent(lambda: survey(raw, "saal1", START, stop, ZONE, still_s=0))
    yield _row("survey of 90 min", took)
    measured, took = spent(lambda: peaks.measure(timeline, raw))
    yield _row("waveform of 90 min", took)
    _, took = spent(lambda: marks.sound_marks(timeline, measured))
    yield _row("marks of silence and loudness in it", took)


def _row(what: str, took: Spent) -> str:
    speed = LONG_S / took.cpu_s if took.cpu_s else 0
    return row(what, took, f"its length: {speed:,.0f} times as fast", took.cpu_s / LONG_S)
