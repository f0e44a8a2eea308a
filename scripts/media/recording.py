"""The virtual recording of a talk: built from what `survey` found, and written for the cut page and script C.

No video is copied and nothing in the folder of the raw recordings is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from scripts.media.files import partial
from scripts.media.peaks import Peaks
from scripts.media.placement import JOINT_FRAMES, Placed, Use
from scripts.media.playlist import playing_us, playlist
from scripts.media.survey import GRACE_S, Lost, Ready, Survey, Waiting, nothing, outcome, survey
from scripts.media.timeline import PTS_CLOCK, Hole, Mark, Overlap, Segment, Timeline, TimelineError

__all__ = [
    "GRACE_S", "Lost", "Ready", "Survey", "Talk", "Waiting", "build", "holes_sentence", "outcome", "overlaps_sentence",
    "survey", "write_virtual_recording",
]  # fmt: skip

TIMELINE = "timeline.json"
PLAYLIST = "index.m3u8"
PEAKS, FINE_PEAKS = "peaks.json", "peaks.bin"
MOST_MARKS = 100
"""Of one kind."""
_SHOWN = 5
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Talk:
    """What a timeline says of its talk: `begins` and `ends` by the schedule (aware), without padding."""

    project: str
    fahrplan_id: int
    title: str
    begins: datetime
    ends: datetime


def build(surveyed: Survey, talk: Talk) -> Timeline:
    """Make the timeline of a talk. Raises TimelineError when no file has a picture (see `outcome`)."""
    if not surveyed.used:
        raise TimelineError(nothing(surveyed))
    first = surveyed.used[0].placed
    found_holes = tuple(_hole(surveyed, *stretch) for stretch in surveyed.holes)
    return Timeline(
        project=talk.project,
        fahrplan_id=talk.fahrplan_id,
        title=talk.title,
        rate=surveyed.rate,
        frames=surveyed.frames,
        start=surveyed.start.astimezone(surveyed.zone),
        segments=_segments(surveyed),
        holes=found_holes,
        overlaps=tuple(_overlap(surveyed, *each) for each in surveyed.overlaps),
        marks=tuple(sorted(_marks(surveyed, talk, found_holes), key=lambda mark: mark.frame)),
        video=first.media.video,
        audio=first.media.audio,
        first_dts_offset_ms=first.dts_lead * 1000 / PTS_CLOCK,
        tracks=first.media.tracks,
        interlaced=any(use.placed.media.interlaced for use in surveyed.used),
    )


def _segments(surveyed: Survey) -> tuple[Segment, ...]:
    segments = [_segment(surveyed, use, 0.0) for use in surveyed.used]
    begins = accumulate(playing_us(segments, surveyed.rate)[:-1], initial=0)
    return tuple(_segment(surveyed, use, us / 1_000_000) for use, us in zip(surveyed.used, begins, strict=True))


def _segment(surveyed: Survey, use: Use, playlist_s: float) -> Segment:
    placed = use.placed
    return Segment(
        file=placed.found.name,
        first_frame=placed.first_frame,
        frames=placed.frames,
        first_pts=placed.first_pts,
        take=placed.take,
        playlist_s=playlist_s,
        start=_time_of(surveyed, placed.first_frame),
        used_from=use.used_from,
        used_to=use.used_to,
    )


def _time_of(surveyed: Survey, frame: int) -> datetime:
    elapsed = timedelta(microseconds=round(frame / surveyed.rate * 1_000_000))
    return (surveyed.start + elapsed).astimezone(surveyed.zone)


def _hole(surveyed: Survey, first: int, stop: int) -> Hole:
    seconds = round(float((stop - first) / surveyed.rate), 6)
    return Hole(first, stop - first, _time_of(surveyed, first), seconds)


def _overlap(surveyed: Survey, later: Placed, earlier: Placed, frames: int) -> Overlap:
    return Overlap(later.found.name, earlier.found.name, round(float(frames / surveyed.rate), 6))


def _marks(surveyed: Survey, talk: Talk, found: Sequence[Hole]) -> list[Mark]:
    changes = [Mark("change", frame, _time_of(surveyed, frame), said) for frame, said in surveyed.changes]
    return [*_schedule(surveyed, talk), *_hole_marks(found), *changes[:MOST_MARKS]]


def _schedule(surveyed: Survey, talk: Talk) -> list[Mark]:
    return [
        _mark(surveyed, talk.begins, "begin by the schedule"),
        _mark(surveyed, talk.ends, "end by the schedule"),
    ]


def _mark(surveyed: Survey, moment: datetime, text: str) -> Mark:
    elapsed = Fraction((moment.astimezone(UTC) - surveyed.start) // _MICROSECOND, 1_000_000)
    frame = min(max(round(elapsed * surveyed.rate), 0), surveyed.frames)
    return Mark("schedule", frame, moment.astimezone(surveyed.zone), text)


def _hole_marks(found: Sequence[Hole]) -> list[Mark]:
    """Mark the holes, except for single pictures that were dropped."""
    return [
        Mark("hole", hole.first_frame, hole.start, f"{hole.seconds:.1f} s missing")
        for hole in found
        if hole.frames > JOINT_FRAMES
    ]


def holes_sentence(timeline: Timeline) -> str:
    """Say what is missing, such as "3.2 s missing at 12:03:10 (frames 300 to 380)"; '' when nothing is.

    Of many holes, the longest are named. The second frame number is the first one with a picture again.
    """
    longest = sorted(timeline.holes, key=lambda hole: -hole.frames)[:_SHOWN]
    said = [
        f"{_seconds(hole.seconds)} missing at {hole.start:%H:%M:%S} (frames {hole.first_frame} to {hole.stop_frame})"
        for hole in sorted(longest, key=lambda hole: hole.first_frame)
    ]
    rest = len(timeline.holes) - len(said)
    if rest:
        said.append(f"and {rest} shorter ones, {_seconds(sum(hole.seconds for hole in timeline.holes))} in all")
    return "; ".join(said)


def overlaps_sentence(timeline: Timeline) -> str:
    """Say which files show the same time, such as "b.ts and a.ts both show 3.0 s"; '' when none do."""
    longest = sorted(timeline.overlaps, key=lambda overlap: -overlap.seconds)[:_SHOWN]
    said = [f"{each.file} and {each.other} both show {_seconds(each.seconds)}" for each in longest]
    rest = len(timeline.overlaps) - len(said)
    return "; ".join([*said, *([f"and {rest} shorter ones"] if rest else [])])


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


def write_virtual_recording(
    timeline: Timeline,
    peaks: Peaks,
    folder: Path,
    attempt: str | int,
    confirm: Callable[[], None] | None = None,
    *,
    ended: bool = True,
) -> None:
    """Write peaks.bin, peaks.json, index.m3u8 and, last of all, timeline.json into the work folder of the talk.

    Each one appears whole or not at all; `attempt` names the parts. *confirm* is asked before each gets its
    name. Raises OSError and what *confirm* raises.
    """
    if peaks.fine is not None and peaks.fine.size:
        with partial(folder / FINE_PEAKS, attempt, confirm) as part:
            part.write_bytes(peaks.fine.tobytes())
    for name, text in (
        (PEAKS, peaks.to_json()),
        (PLAYLIST, playlist(timeline, ended=ended)),
        (TIMELINE, timeline.to_json()),
    ):
        with partial(folder / name, attempt, confirm) as part:
            part.write_text(text, encoding="utf-8")
