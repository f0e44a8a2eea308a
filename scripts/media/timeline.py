"""The virtual recording: which frame of a talk stands in which file, and when it was (docs/timeline.md).

Frame 0 is the first frame at the padded start; in is inclusive, out exclusive; every frame of the wall clock counts,
also one without a picture. Everything here is pure arithmetic on exact fractions: no file is opened.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any, TypeVar

VERSION = 1
PTS_CLOCK = 90_000  # ticks per second of an MPEG-TS time stamp
RATES = tuple(map(Fraction, ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"]))
_MICROSECOND = timedelta(microseconds=1)
_FRAME_MARGIN = Fraction(1, 20)
"""How far before a frame's beginning a player's clock may lie and still mean that frame (floating point)."""


class TimelineError(ValueError):
    """A timeline cannot be made, contradicts itself or is not of the documented form; the sentence says why."""


@dataclass(frozen=True)
class Segment:
    """A file of the room recorder, whole, and the part of it that counts.

    `first_frame` (may be negative) and `frames` tell where the file lies; `used_from` and `used_to` (exclusive) which
    frames of the virtual recording are taken from it. `first_pts` is in 1/90000 s, unwrapped within the take.
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
    """Samples per second, number of channels."""

    rate: int
    channels: int


@dataclass(frozen=True)
class Piece:
    """An unbroken range of frames out of one file; PTS nominal, in 1/90000 s, unwrapped within the take."""

    segment: Segment
    first_frame: int
    stop_frame: int
    first_pts: int
    stop_pts: int


@dataclass(frozen=True)
class Timeline:
    """A virtual recording. Raises TimelineError when its parts do not fit together."""

    project: str
    fahrplan_id: int
    title: str
    rate: Fraction
    frames: int
    start: datetime
    segments: tuple[Segment, ...]
    holes: tuple[Hole, ...]
    overlaps: tuple[Overlap, ...]
    marks: tuple[Mark, ...]
    video: Video
    audio: Audio | None
    first_dts_offset_ms: float

    def __post_init__(self) -> None:
        _check(self)

    @property
    def tick(self) -> Fraction:
        """Return the length of a frame in 1/90000 s; not whole at 23.976 and 59.94 frames per second."""
        return PTS_CLOCK / self.rate

    @property
    def duration_s(self) -> float:
        """Return the uncut length in seconds, holes included."""
        return float(self.frames / self.rate)

    def frame_at(self, moment: datetime) -> int:
        """Return the frame of the wall clock at `moment` (aware); may lie outside 0..frames."""
        elapsed = moment.astimezone(UTC) - self.start.astimezone(UTC)  # in one zone, Python would ignore a clock change
        return math.floor(Fraction(elapsed // _MICROSECOND, 1_000_000) * self.rate)

    def time_of(self, frame: int) -> datetime:
        """Return the moment `frame` begins, to the microsecond above, in the zone of `start`."""
        elapsed = timedelta(microseconds=math.ceil(frame / self.rate * 1_000_000))
        return (self.start.astimezone(UTC) + elapsed).astimezone(self.start.tzinfo)

    def pts_of(self, segment: Segment, frame: int) -> int:
        """Return the nominal PTS of `frame` in `segment`, in 1/90000 s; the file may differ by half a tick."""
        return segment.first_pts + round((frame - segment.first_frame) * self.tick)

    def segment_at(self, frame: int) -> Segment | None:
        """Return the one file `frame` is taken from, or None in a hole."""
        index = bisect_right(self.segments, frame, key=lambda segment: segment.used_from) - 1
        if index < 0 or frame >= self.segments[index].used_to or self.holes_between(frame, frame + 1):
            return None
        return self.segments[index]

    def takes(self) -> tuple[tuple[Segment, ...], ...]:
        """Return the used files in order, grouped by uninterrupted run of the recorder."""
        return tuple(tuple(group) for _, group in groupby(self.segments, key=lambda segment: segment.take))

    def holes_between(self, first: int, stop: int) -> tuple[Hole, ...]:
        """Return what is missing of the frames first..stop (exclusive), holes at the border shortened."""
        return tuple(
            self._shortened(hole, first, stop)
            for hole in self.holes
            if hole.first_frame < stop and hole.stop_frame > first
        )

    def missing_between(self, first: int, stop: int) -> int:
        """Return how many of the frames first..stop (exclusive) have no picture."""
        return sum(hole.frames for hole in self.holes_between(first, stop))

    def pieces(self, first: int, stop: int) -> tuple[Piece, ...]:
        """Return where the frames first..stop (exclusive) lie, in order, split at files and holes."""
        return tuple(
            self._piece(segment, begin, end)
            for segment in self.segments
            for begin, end in self._unbroken(max(first, segment.used_from), min(stop, segment.used_to))
        )

    def playlist_to_frame(self, seconds: float) -> int:
        """Return the frame shown at `seconds` of index.m3u8; files reach beyond the range, so it may be < 0."""
        position = Fraction(seconds) + _FRAME_MARGIN / self.rate
        index = bisect_right(self.segments, position, key=lambda segment: Fraction(segment.playlist_s)) - 1
        segment = self.segments[max(index, 0)]
        return segment.first_frame + math.floor((position - Fraction(segment.playlist_s)) * self.rate)

    def frame_to_playlist(self, frame: int) -> float:
        """Return when index.m3u8 begins to show `frame`, in seconds; for a hole, when what follows it begins."""
        index = bisect_right(self.segments, frame, key=lambda segment: segment.used_from) - 1
        segment = self.segments[max(index, 0)]
        if frame >= segment.used_to and index + 1 < len(self.segments):
            segment, frame = self.segments[index + 1], self.segments[index + 1].used_from
        inside = min(max(frame, segment.first_frame), segment.stop_frame) - segment.first_frame
        return segment.playlist_s + float(inside / self.rate)

    def to_json(self) -> str:
        """Return the text of timeline.json."""
        return json.dumps(_as_dict(self), ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Timeline:
        """Read timeline.json. Raises TimelineError with the place of the first mistake."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise TimelineError(f"timeline.json is no JSON ({error}); let script B make it again") from error
        return _from_dict(_Node(data, "timeline.json"))

    def _unbroken(self, first: int, stop: int) -> Iterator[tuple[int, int]]:
        for hole in self.holes_between(first, stop):
            if first < hole.first_frame:
                yield first, hole.first_frame
            first = hole.stop_frame
        if first < stop:
            yield first, stop

    def _piece(self, segment: Segment, first: int, stop: int) -> Piece:
        return Piece(segment, first, stop, self.pts_of(segment, first), self.pts_of(segment, stop))

    def _shortened(self, hole: Hole, first: int, stop: int) -> Hole:
        begin, end = max(first, hole.first_frame), min(stop, hole.stop_frame)
        if (begin, end) == (hole.first_frame, hole.stop_frame):
            return hole
        seconds = round(float((end - begin) / self.rate), 6)
        return replace(hole, first_frame=begin, frames=end - begin, start=self.time_of(begin), seconds=seconds)


def _check(timeline: Timeline) -> None:
    """Prove that each frame 0..frames lies in exactly one file or in a hole."""
    if timeline.rate <= 0 or timeline.frames <= 0 or not timeline.segments:
        raise TimelineError("a timeline needs a rate, at least one frame and at least one segment")
    if timeline.start.tzinfo is None:
        raise TimelineError("the start of a timeline needs a UTC offset")
    position = 0
    gaps = []
    for segment in timeline.segments:
        _check_use(segment)
        if segment.used_from < position:
            raise TimelineError(
                f"{segment.file} is used from frame {segment.used_from}, which another file has already"
            )
        if segment.used_from > position:
            gaps.append((position, segment.used_from))
        position = segment.used_to
    if position > timeline.frames:
        raise TimelineError(f"{timeline.segments[-1].file} is used beyond frame {timeline.frames}, the end")
    if position < timeline.frames:
        gaps.append((position, timeline.frames))
    _check_holes(timeline, gaps)


def _check_use(segment: Segment) -> None:
    if not is_inside(segment.file):
        raise TimelineError(f"{segment.file!r} is no file name inside the folder of the raw recordings")
    if not segment.first_frame <= segment.used_from < segment.used_to <= segment.stop_frame:
        raise TimelineError(f"{segment.file} is used outside of the frames it has")


def _check_holes(timeline: Timeline, gaps: list[tuple[int, int]]) -> None:
    """Prove that holes are ordered and are just the gaps between files and places inside a file."""
    position, outside = 0, []
    for hole in timeline.holes:
        if hole.first_frame < position or hole.frames <= 0 or hole.stop_frame > timeline.frames:
            raise TimelineError(f"the hole at frame {hole.first_frame} is out of order or out of range")
        position = hole.stop_frame
        if not any(s.used_from <= hole.first_frame and hole.stop_frame <= s.used_to for s in timeline.segments):
            outside.append((hole.first_frame, hole.stop_frame))
    if outside != gaps:
        raise TimelineError("the holes are not the frames that no segment has")


def is_inside(name: str) -> bool:
    """Tell whether `name` is a plain relative path that stays inside its root."""
    path = PurePosixPath(name)
    printable = name.isprintable() and "\\" not in name
    return printable and str(path) == name and not path.is_absolute() and name != "." and ".." not in path.parts


# --- JSON -------------------------------------------------------------------------------------------------------------


_Part = TypeVar("_Part", Segment, Hole, Overlap, Mark, Video, Audio)


class _Node:
    """A JSON object that knows its place, so that a mistake can be named."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise TimelineError(f"{place}: an object is needed, found {type(value).__name__}")
        self.value, self.place = value, place

    def _get(self, key: str, kinds: tuple[type, ...], kind: str) -> Any:
        found = self.value.get(key)
        if isinstance(found, bool) or not isinstance(found, kinds):
            raise TimelineError(f"{self.place}: {key} must be {kind}, found {found!r:.80}")
        return found

    def text(self, key: str) -> str:
        return str(self._get(key, (str,), "text"))

    def whole(self, key: str, at_least: int | None = None) -> int:
        number = int(self._get(key, (int,), "a whole number"))
        if at_least is not None and number < at_least:
            raise TimelineError(f"{self.place}: {key} must be at least {at_least}, found {number}")
        return number

    def number(self, key: str) -> float:
        number = float(self._get(key, (int, float), "a number"))
        if not math.isfinite(number):
            raise TimelineError(f"{self.place}: {key} must be a finite number")
        return number

    def moment(self, key: str) -> datetime:
        text = self.text(key)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise TimelineError(f"{self.place}: {key} must be an ISO 8601 time, found {text!r:.80}") from error
        if moment.tzinfo is None:
            raise TimelineError(f"{self.place}: {key} needs a UTC offset, found {text!r}")
        return moment

    def node(self, key: str) -> _Node:
        return _Node(self.value.get(key), f"{self.place}: {key}")

    def nodes(self, key: str) -> list[_Node]:
        found = self._get(key, (list,), "a list")
        return [_Node(each, f"{self.place}: {key}[{number}]") for number, each in enumerate(found)]


def _from_dict(node: _Node) -> Timeline:
    if node.whole("version") != VERSION:
        raise TimelineError(f"{node.place}: version {node.whole('version')} is unknown, only {VERSION} can be read")
    rate = node.node("rate")
    return Timeline(
        project=node.text("project"),
        fahrplan_id=node.whole("fahrplan_id"),
        title=node.text("title"),
        rate=Fraction(rate.whole("num", 1), rate.whole("den", 1)),
        frames=node.whole("frames", 1),
        start=node.moment("start"),
        segments=tuple(_part(Segment, each) for each in node.nodes("segments")),
        holes=tuple(_part(Hole, each) for each in node.nodes("holes")),
        overlaps=tuple(_part(Overlap, each) for each in node.nodes("overlaps")),
        marks=tuple(_part(Mark, each) for each in node.nodes("marks")),
        video=_part(Video, node.node("video")),
        audio=_part(Audio, node.node("audio")) if node.value.get("audio") is not None else None,
        first_dts_offset_ms=node.number("first_dts_offset_ms"),
    )


def _part(kind: type[_Part], node: _Node) -> _Part:
    """Read a flat dataclass, each field by the type it is annotated with."""
    readers: dict[str, Callable[[str], Any]] = {
        "str": node.text,
        "int": node.whole,
        "float": node.number,
        "datetime": node.moment,
    }
    return kind(**{field.name: readers[str(field.type)](field.name) for field in fields(kind)})


def _as_dict(timeline: Timeline) -> dict[str, Any]:
    return {
        "version": VERSION,
        "project": timeline.project,
        "fahrplan_id": timeline.fahrplan_id,
        "title": timeline.title,
        "rate": {"num": timeline.rate.numerator, "den": timeline.rate.denominator},
        "frames": timeline.frames,
        "duration_s": round(timeline.duration_s, 6),
        "start": timeline.start.isoformat(),
        "segments": [_plain(segment) for segment in timeline.segments],
        "holes": [_plain(hole) for hole in timeline.holes],
        "overlaps": [_plain(overlap) for overlap in timeline.overlaps],
        "marks": [_plain(mark) for mark in timeline.marks],
        "video": _plain(timeline.video),
        "audio": _plain(timeline.audio) if timeline.audio else None,
        "first_dts_offset_ms": timeline.first_dts_offset_ms,
    }


def _plain(part: Segment | Hole | Overlap | Mark | Video | Audio) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in vars(part).items()}
