"""Look at the key pictures of a recording: where it is black, and where nothing moves at all.

A picture of a still slide without a speaker is as still as a frozen one: the mark says what is seen, not why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av import Packet
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream
from numpy.typing import NDArray

from scripts.media.demux import Unreadable, only, opened, ticks
from scripts.media.ffmpeg import Stopped
from scripts.media.files import PathRefused, inside
from scripts.media.placement import JOINT_FRAMES
from scripts.media.segments import signed
from scripts.media.timeline import PTS_CLOCK, Mark, Segment, Timeline

EVERY_S = 2
BLACK_S, STILL_S = 4, 60
_WIDTH, _HEIGHT = 96, 54
_DARK, _DARK_SHARE = 32, 0.85
_SAME = 6
"""Of 255: what a pixel of the small picture may differ by before something moved."""

Small = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class _Look:
    """A picture: its frame, whether it is black, whether nothing moved since the one before."""

    frame: int
    black: bool
    still: bool


def picture_marks(timeline: Timeline, raw: Path, stopped: Callable[[], bool] = lambda: False) -> list[Mark]:
    """Find stretches that are black for 4 s or still for a minute, true to the distance of the key pictures.

    What cannot be decoded is passed over. Raises Stopped.
    """
    looks = list(_looks(timeline, raw, stopped))
    black = _stretches(timeline, [(each.frame, each.black) for each in looks])
    still = _stretches(timeline, [(each.frame, each.still and not each.black) for each in looks])
    return [
        *_marks(timeline, "black", black, BLACK_S, "black for", "picture again after"),
        *_marks(timeline, "frozen", still, STILL_S, "nothing moves for", "something moves again after"),
    ]


def _looks(timeline: Timeline, raw: Path, stopped: Callable[[], bool]) -> Iterator[_Look]:
    before: Small | None = None
    for segment in timeline.segments:
        try:
            with opened(inside(raw, segment.file)) as container:
                for frame, picture in _key_pictures(container, segment, timeline.rate, stopped):
                    still = before is not None and int(np.abs(picture - before).max()) <= _SAME
                    yield _Look(frame, float((picture <= _DARK).mean()) >= _DARK_SHARE, still)
                    before = picture
        except (Unreadable, PathRefused):
            continue


def _key_pictures(
    container: InputContainer, segment: Segment, rate: Fraction, stopped: Callable[[], bool]
) -> Iterator[tuple[int, Small]]:
    """Yield frame and picture, small and grey, of key pictures that are used and 2 s or more apart."""
    stream = container.streams.video[0]
    only(container, stream)
    stream.thread_type = "NONE"
    stream.codec_context.skip_frame = "NONKEY"
    following: Fraction | int = segment.used_from - JOINT_FRAMES
    for packet in container.demux(stream):
        if stopped():
            raise Stopped
        if packet.pts is not None and not _wanted(packet, segment, rate, following):
            continue
        try:
            decoded = packet.decode()
        except FFmpegError:
            continue
        for picture in decoded:
            frame = _frame(picture.pts or 0, picture.time_base, segment, rate)
            if segment.used_from <= frame < segment.used_to:
                following = frame + EVERY_S * rate
                small = picture.reformat(width=_WIDTH, height=_HEIGHT, format="gray")
                yield frame, np.asarray(small.to_ndarray(), dtype=np.int16)


def _wanted(packet: Packet[VideoStream], segment: Segment, rate: Fraction, following: Fraction | int) -> bool:
    """Tell whether a packet is a key picture that is not too near to the one before."""
    return packet.is_keyframe and _frame(packet.pts or 0, packet.time_base, segment, rate) >= following


def _frame(stamp: int, time_base: Fraction | None, segment: Segment, rate: Fraction) -> int:
    later = signed(ticks(stamp, Fraction(time_base or 0)) - segment.first_pts)
    return segment.first_frame + round(later * rate / PTS_CLOCK)


def _stretches(timeline: Timeline, seen: Sequence[tuple[int, bool]]) -> Iterator[tuple[int, int, bool]]:
    """Yield first frame, frame of the last such picture, and whether another picture followed without a hole."""
    first: int | None = None
    last = 0
    for frame, so in seen:
        apart = timeline.missing_between(last, frame) > JOINT_FRAMES
        if first is not None and (not so or apart):
            yield first, last if apart else frame, not apart
            first = None
        if so and first is None:
            first = frame
        last = frame
    if first is not None:
        yield first, last, False


def _marks(
    timeline: Timeline,
    kind: str,
    stretches: Iterator[tuple[int, int, bool]],
    least_s: int,
    begins: str,
    ends: str,
) -> Iterator[Mark]:
    for first, stop, followed in stretches:
        seconds = float((stop - first) / timeline.rate)
        if seconds >= least_s:
            yield Mark(kind, first, timeline.time_of(first), f"{begins} {seconds:.0f} s")
            if followed:
                yield Mark(kind, stop, timeline.time_of(stop), f"{ends} {seconds:.0f} s")
