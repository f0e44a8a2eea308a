"""A virtual recording as a whole: arithmetic on exact fractions, and the proof that its parts fit together."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import groupby

from scripts.media.timeline.parts import (
    PTS_CLOCK,
    Audio,
    Hole,
    Mark,
    Overlap,
    Piece,
    Segment,
    TimelineError,
    Video,
    is_inside,
)

_MICROSECOND = timedelta(microseconds=1)
_FRAME_MARGIN = Fraction(1, 20)
"""How far before a frame's beginning a player's clock may lie and still mean that frame (floating point)."""


@dataclass(frozen=True)
class Timeline:
    """A virtual recording. Raises TimelineError when its parts do not fit together.

    `audio` is the first of the `tracks` of the first file. `folder` is where the files lie when not in
    Processing.Path.Raw, absolute.
    """

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
    tracks: tuple[Audio, ...] = ()
    interlaced: bool = False
    folder: str = ""

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
        from scripts.media.timeline.text import as_dict

        return json.dumps(as_dict(self), ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Timeline:
        """Read timeline.json. Raises TimelineError with the place of the first mistake."""
        from scripts.media.timeline.text import from_dict

        try:
            data = json.loads(text)
        except ValueError as error:
            raise TimelineError(f"timeline.json is no JSON ({error}); let script B make it again") from error
        return from_dict(data)

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
    if timeline.folder and not timeline.folder.startswith("/"):
        raise TimelineError(f"the folder of a timeline must be an absolute path, found {timeline.folder!r:.80}")
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
    if not is_inside(segment.file) or (segment.played_as and not is_inside(segment.played_as)):
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
