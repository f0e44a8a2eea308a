"""Marks that help to find the cut: silence and steps of loudness from the waveform, and what operators noted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from scripts.media.files import PathRefused, inside
from scripts.media.peaks import PER_SECOND, Peaks
from scripts.media.recording import MOST_MARKS
from scripts.media.timeline import Mark, Timeline

SILENCE_S = 10
STEP_DB = 10.0
_QUIET = 1  # of 127: what the waveform shows as a line
_WINDOW_S, _APART_S = 15, 30
MOST_BYTES = 1_000_000
MOST_TEXT = 200
_LINE = re.compile(r"(\S+)\s+(\S.*)")

Levels = NDArray[np.int16]


def with_marks(timeline: Timeline, more: Sequence[Mark]) -> Timeline:
    """Return the timeline with further marks, all in the order of their frames."""
    return replace(timeline, marks=tuple(sorted([*timeline.marks, *more], key=lambda mark: mark.frame)))


def sound_marks(timeline: Timeline, peaks: Peaks) -> list[Mark]:
    """Find silence of ten seconds and more, and where the sound gets louder or quieter for good; nothing in holes."""
    if timeline.audio is None:
        return []
    levels = _levels(timeline, peaks)
    return [*_silence(timeline, levels)][:MOST_MARKS] + [*_steps(timeline, levels)][:MOST_MARKS]


def operator_marks(timeline: Timeline, raw: Path, room_key: str, zone: ZoneInfo) -> tuple[list[Mark], list[str]]:
    """Read `<room key>-marks.txt`: marks within the recording, and sentences about lines that cannot be read.

    A time without offset is local. Without the file there are none.
    """
    name = f"{room_key}-marks.txt"
    try:
        path = inside([raw], str(raw / name))
        if not path.is_file():
            return [], []
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (PathRefused, OSError) as error:
        return [], [f"{name} cannot be read ({error}): see to the file, and merge anew for its marks."]
    problems = [f"{name} is longer than {MOST_BYTES} bytes; the rest was not read."] if len(data) > MOST_BYTES else []
    marks: list[Mark] = []
    for number, line in enumerate(data[:MOST_BYTES].decode("utf-8-sig", errors="replace").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            mark = _noted(timeline, line.strip(), zone)
            if mark is None:
                problems.append(f"{name}, line {number} is no time and text, like 2026-05-01T10:15:00 Questions.")
            elif 0 <= mark.frame < timeline.frames:
                marks.append(mark)
    return marks[:MOST_MARKS], problems[:3]


def _noted(timeline: Timeline, line: str, zone: ZoneInfo) -> Mark | None:
    found = _LINE.fullmatch(line)
    try:
        moment = datetime.fromisoformat(found[1]) if found else None
        if moment is None or found is None:
            return None
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(zone)
        elapsed = Fraction(
            (moment.astimezone(UTC) - timeline.start.astimezone(UTC)) // timedelta(microseconds=1), 1_000_000
        )
    except (ValueError, OverflowError):
        return None
    text = "".join(each for each in found[2] if each.isprintable())[:MOST_TEXT]
    return Mark("operator", int(elapsed * timeline.rate // 1), moment, text)


def _levels(timeline: Timeline, peaks: Peaks) -> Levels:
    """Return the highest sample of each pair over all channels, -1 where the recording has a hole."""
    levels: Levels = np.abs(np.stack(peaks.channels).astype(np.int16)).max(axis=0).reshape(-1, 2).max(axis=1)
    for hole in timeline.holes:
        first, stop = (int(frame * PER_SECOND / timeline.rate) for frame in (hole.first_frame, hole.stop_frame))
        levels[first : stop + 1] = -1
    return levels


def _silence(timeline: Timeline, levels: Levels) -> Iterator[Mark]:
    quiet = np.concatenate([[0], ((levels >= 0) & (levels <= _QUIET)).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(quiet))
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        seconds = (end - begin) / PER_SECOND
        if seconds >= SILENCE_S:
            yield _at(timeline, "silence", begin / PER_SECOND, f"{seconds:.0f} s of silence")
            if end < len(levels) and levels[end] >= 0:
                yield _at(timeline, "silence", end / PER_SECOND, f"sound again after {seconds:.0f} s")


def _steps(timeline: Timeline, levels: Levels) -> Iterator[Mark]:
    """Compare what is usual in the 15 s before and after each second; of neighbours, the largest step counts."""
    whole = levels[: len(levels) // PER_SECOND * PER_SECOND].reshape(-1, PER_SECOND).max(axis=1)
    if len(whole) < 2 * _WINDOW_S:
        return
    usual = np.median(np.lib.stride_tricks.sliding_window_view(whole, _WINDOW_S), axis=1)
    before, after = usual[:-_WINDOW_S], usual[_WINDOW_S:]
    heard = (before > _QUIET) & (after > _QUIET)
    steps = np.where(heard, 20 * np.log10(np.maximum(after, 1) / np.maximum(before, 1)), 0.0)
    taken: list[int] = []
    for place in np.argsort(-np.abs(steps), kind="stable").tolist():
        if abs(steps[place]) < STEP_DB or len(taken) == MOST_MARKS:
            break
        if all([abs(place - other) >= _APART_S for other in taken]):
            taken.append(place)
    for place in sorted(taken):
        word = "louder" if steps[place] > 0 else "quieter"
        yield _at(timeline, "loudness", place + _WINDOW_S, f"{abs(steps[place]):.0f} dB {word}")


def _at(timeline: Timeline, kind: str, seconds: float, text: str) -> Mark:
    frame = min(max(int(Fraction(seconds) * timeline.rate), 0), timeline.frames)
    return Mark(kind, frame, timeline.time_of(frame), text)
