"""Rooms recorded once per test run, and a look at any frame of a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import numpy as np

from demo.footage import Recorded, read_code, record_room
from scripts.media.demux import WRAP
from scripts.media.recording import Talk, build
from scripts.media.survey import Survey, survey
from scripts.media.timeline import Timeline

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 5, 1, 23, 59, 50, tzinfo=BERLIN)
"""When the recorders are started: every recording runs over midnight."""


@dataclass(frozen=True)
class Room:
    """A folder with what a recorder wrote in it."""

    raw: Path
    files: tuple[Recorded, ...]

    def timeline(self, first_s: float, last_s: float) -> Timeline:
        """Build the virtual recording of a talk between two times, in seconds since BEGIN; the padding is 2 s."""
        start, stop = seconds(first_s), seconds(last_s)
        talk = Talk("demo", 7, "Ümläut", start + timedelta(seconds=2), stop - timedelta(seconds=2))
        return build(survey(self.raw, "saal1", start, stop, BERLIN), talk)


def built(surveyed: Survey, begins: datetime) -> Timeline:
    """Build the virtual recording of what was found, of a talk of a second."""
    return build(surveyed, Talk("demo", 7, "Ümläut", begins, begins + timedelta(seconds=1)))


def seconds(number: float) -> datetime:
    """Return the time so many seconds after BEGIN."""
    return BEGIN + timedelta(seconds=number)


def recorded(raw: Path, length_s: float, **how) -> Room:
    """Let a recorder run from BEGIN on, with files of 4 s; frame n since BEGIN shows code n."""
    how = {"size": (160, 90), "segment_s": 4, **how}
    return Room(raw, tuple(record_room(raw, "saal1", BEGIN, length_s, **how)))


def shown_codes(timeline: Timeline, raw: Path, frames: range) -> list[int | None]:
    """Return what the pictures of these frames show, found by their time stamps; None where there is a hole."""
    return [_code(timeline, raw, frame) for frame in frames]


def _code(timeline: Timeline, raw: Path, frame: int) -> int | None:
    pieces = timeline.pieces(frame, frame + 1)
    if not pieces:
        return None
    return _codes(raw / pieces[0].segment.file)[pieces[0].first_pts % WRAP]


@cache
def _codes(path: Path) -> dict[int, int | None]:
    """Return code by PTS, and by the PTS one tick before and after, because stamps are rounded."""
    codes = {}
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            code = read_code(np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8))
            codes.update({((frame.pts or 0) + shift) % WRAP: code for shift in (-1, 0, 1)})
    return codes
