"""Place the files of a recorder on the frames of the wall clock: takes, what is used, what is missing or there twice.

The rules (which clock counts where, what a take is, who wins in an overlap) are in docs/timeline.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations, pairwise

from scripts.media.demux import Media, Stamps
from scripts.media.segments import Found, signed
from scripts.media.timeline import PTS_CLOCK

JOINT_FRAMES = 2
"""Time stamps that go on within so many frames go on."""
NAME_ERROR_S = 1
"""File names have whole seconds: two of them cannot tell a shorter hole or overlap from none."""
SAME_RUN_S = 1.5
"""A file whose time stamps and name agree so well about the time since the last file is of the same run."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A file on the timeline; frames before its first decodable picture are left out.

    `present` are the frames that are there, relative to `first_frame`, ascending; `first_pts` is unwrapped within the
    take, `dts_lead` the ticks from the first DTS to it.
    """

    found: Found
    media: Media
    take: int
    first_frame: int
    first_pts: int
    present: Stamps
    dts_lead: int

    @property
    def frames(self) -> int:
        """Return how many frames the file spans, lost ones included."""
        return int(self.present[-1]) + 1

    @property
    def stop_frame(self) -> int:
        """Return the frame after its last one."""
        return self.first_frame + self.frames

    def end_pts(self, rate: Fraction) -> int:
        """Return the PTS of the frame after the last one."""
        return self.first_pts + round(self.frames * PTS_CLOCK / rate)


@dataclass(frozen=True, eq=False)
class Use:
    """The frames used_from..used_to (exclusive) that are taken from a file."""

    placed: Placed
    used_from: int
    used_to: int

    def missing(self) -> Iterator[tuple[int, int]]:
        """Yield the stretches (first frame, frame after) that the recorder lost inside of the used part."""
        for before, after in pairwise(self.placed.present.tolist()):
            first = max(self.placed.first_frame + before + 1, self.used_from)
            stop = min(self.placed.first_frame + after, self.used_to)
            if first < stop:
                yield first, stop


def place(files: Sequence[tuple[Found, Media]], rate: Fraction, start: datetime) -> list[Placed]:
    """Give each file of one format, ordered by beginning, its place relative to `start` (frame 0)."""
    placed: list[Placed] = []
    for found, media in files:
        earlier = _continued(placed, found, media, rate)
        placed.append(_follow(earlier, found, media, rate) if earlier else _anchor(placed, found, media, rate, start))
    return placed


def _continued(placed: Sequence[Placed], found: Found, media: Media, rate: Fraction) -> Placed | None:
    """Return the file whose recorder run `media` goes on with: the last one of some take, the newest take first."""
    last_of_take = {each.take: each for each in placed}
    for earlier in reversed(last_of_take.values()):
        ahead = signed(media.first_pts - earlier.end_pts(rate))
        if abs(ahead) <= JOINT_FRAMES * PTS_CLOCK / rate:
            return earlier
        passed = (found.begins - earlier.found.begins).total_seconds()
        if ahead > 0 and abs(signed(media.first_pts - earlier.media.first_pts) / PTS_CLOCK - passed) <= SAME_RUN_S:
            return earlier
    return None


def _follow(earlier: Placed, found: Found, media: Media, rate: Fraction) -> Placed:
    """Place a file by its time stamps behind another one of the same take."""
    ahead = signed(media.first_pts - earlier.end_pts(rate))
    pts = earlier.end_pts(rate) + ahead
    frame = earlier.first_frame + round((pts - earlier.first_pts) * rate / PTS_CLOCK)
    needs_key = ahead > JOINT_FRAMES * PTS_CLOCK / rate
    return _placed(found, media, earlier.take, frame, pts, rate, needs_key)


def _anchor(placed: Sequence[Placed], found: Found, media: Media, rate: Fraction, start: datetime) -> Placed:
    """Begin a take at the time in the file's name, or at the end of the file before if the two mean the same."""
    frame = round(Fraction((found.begins - start.astimezone(UTC)) / timedelta(seconds=1)) * rate)
    if placed and abs(frame - placed[-1].stop_frame) <= NAME_ERROR_S * rate:
        frame = placed[-1].stop_frame
    take = max((each.take for each in placed), default=-1) + 1
    return _placed(found, media, take, frame, media.first_pts, rate, needs_key=True)


def _placed(found: Found, media: Media, take: int, frame: int, pts: int, rate: Fraction, needs_key: bool) -> Placed:
    """Leave out what comes before the first picture that needs no other, unless the file before has those others."""
    present = media.positions(rate)
    skipped = round(media.first_key * rate / PTS_CLOCK) if needs_key else 0
    ticks = media.first_key if needs_key else 0
    return Placed(
        found=found,
        media=media,
        take=take,
        first_frame=frame + skipped,
        first_pts=pts + ticks,
        present=present[present >= skipped] - skipped,
        dts_lead=media.dts_lead + ticks,
    )


def uses(placed: Sequence[Placed], frames: int) -> list[Use]:
    """Decide for the frames 0..frames (exclusive) which file each one is taken from, with the fewest changes.

    A take goes on as long as it has pictures; then the take that began first goes on.
    """
    chosen: list[Use] = []
    position, take = 0, -1
    while position < frames:
        there = [each for each in placed if each.first_frame <= position < each.stop_frame]
        if there:
            best = min(there, key=lambda each: (each.take != take, each.take, each.first_frame))
            chosen.append(Use(best, position, min(best.stop_frame, frames)))
            position, take = chosen[-1].used_to, best.take
        else:
            position = min((each.first_frame for each in placed if each.first_frame > position), default=frames)
    return chosen


def holes(used: Sequence[Use], frames: int) -> list[tuple[int, int]]:
    """Return the stretches (first frame, frame after) of 0..frames that have no picture, in order."""
    edges = [0, *(edge for use in used for edge in (use.used_from, use.used_to)), frames]
    between = [(first, stop) for first, stop in zip(edges[::2], edges[1::2], strict=True) if first < stop]
    return sorted([*between, *(stretch for use in used for stretch in use.missing())])


def overlaps(placed: Sequence[Placed], frames: int) -> list[tuple[Placed, Placed, int]]:
    """Return the pairs of files (later, earlier, number of frames) that show more than a joint's worth both."""
    found = []
    for earlier, later in combinations(sorted(placed, key=lambda each: (each.first_frame, each.take)), 2):
        both = min(earlier.stop_frame, later.stop_frame, frames) - max(later.first_frame, 0)
        if both > JOINT_FRAMES:
            found.append((later, earlier, both))
    return found
