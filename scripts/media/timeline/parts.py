"""What a virtual recording consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import PurePosixPath

PTS_CLOCK = 90_000  # ticks per second of an MPEG-TS time stamp
RATES = tuple(map(Fraction, ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"]))


class TimelineError(ValueError):
    """A timeline cannot be made, contradicts itself or is not of the documented form; the sentence says why."""


@dataclass(frozen=True)
class Segment:
    """A file of the room recorder, whole, and the part of it that counts.

    `first_frame` (may be negative) and `frames` tell where the file lies; `used_from` and `used_to` (exclusive) which
    frames of the virtual recording are taken from it. `first_pts` is in 1/90000 s, unwrapped within the take. When
    browsers cannot play it, `played_as` names its proxy in the talk's work folder, whose first PTS is `played_pts`.
    """

    file: str
    first_frame: int
    frames: int
    first_pts: int
    take: int
    playlist_s: float
    start: datetime
    used_from: int
    used_to: int
    played_as: str = ""
    played_pts: int = 0

    @property
    def stop_frame(self) -> int:
        """Return the frame after the file's last one."""
        return self.first_frame + self.frames


@dataclass(frozen=True)
class Hole:
    """Frames of the wall clock without a picture."""

    first_frame: int
    frames: int
    start: datetime
    seconds: float

    @property
    def stop_frame(self) -> int:
        """Return the first frame after the hole."""
        return self.first_frame + self.frames


@dataclass(frozen=True)
class Overlap:
    """The time that `file` and `other`, which began earlier, both show."""

    file: str
    other: str
    seconds: float


@dataclass(frozen=True)
class Mark:
    """A point that helps to find the cut: kind 'schedule', 'hole' or what a recorder noted."""

    kind: str
    frame: int
    time: datetime
    text: str


@dataclass(frozen=True)
class Video:
    """Codec name as ffmpeg spells it, size in pixels."""

    codec: str
    width: int
    height: int


@dataclass(frozen=True)
class Audio:
    """Samples per second, number of channels; codec name as ffmpeg spells it, which makes no other sound of it."""

    rate: int
    channels: int
    codec: str = field(default="", compare=False)


@dataclass(frozen=True)
class Piece:
    """An unbroken range of frames out of one file; PTS nominal, in 1/90000 s, unwrapped within the take."""

    segment: Segment
    first_frame: int
    stop_frame: int
    first_pts: int
    stop_pts: int


def is_inside(name: str) -> bool:
    """Tell whether `name` is a plain relative path that stays inside its root."""
    path = PurePosixPath(name)
    printable = name.isprintable() and "\\" not in name
    return printable and str(path) == name and not path.is_absolute() and name != "." and ".." not in path.parts
