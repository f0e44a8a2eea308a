"""Place the files of a recorder on the frames of the wall clock: takes, what is used, what is missing or there twice.

The rules (which clock counts where, what a take is, who wins in an overlap) are in docs/timeline.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations, groupby, pairwise

import numpy as np

from scripts.media.demux import JOINABLE, Media, Stamps
from scripts.media.segments import Found, signed
from scripts.media.timeline import PTS_CLOCK

JOINT_FRAMES = 2
"""Time stamps that go on within so many frames go on."""
NAME_ERROR_S = 1
"""File names have whole seconds: two of them cannot tell a shorter hole or overlap from none."""
DATE_ERROR_S = Fraction(1, 10)
"""The same for times that a recorder's playlist gives."""
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

    def runs(self, rate: Fraction) -> Iterator[tuple[int, int]]:
        """Yield the stretches (first frame, frame after) without a loss that another recorder could fill."""
        numbers = self.present + self.first_frame
        breaks = np.flatnonzero(np.diff(numbers) > NAME_ERROR_S * rate)
        firsts, lasts = numbers[[0, *(breaks + 1)]], numbers[[*breaks, -1]]
        yield from zip(firsts.tolist(), (lasts + 1).tolist(), strict=True)

    def frame_of(self, stamp: int, rate: Fraction) -> int:
        """Return the frame of a stamp as in `Media.stamps`."""
        left_out = signed(self.first_pts - self.media.first_pts)
        return self.first_frame + round((stamp - left_out) * rate / PTS_CLOCK)

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
        earlier, new_take = _continued(placed, found, media, rate), max((each.take for each in placed), default=-1) + 1
        if earlier:
            placed.append(_follow(earlier, found, media, rate, new_take))
        else:
            placed.append(_anchor(placed, found, media, rate, start, new_take))
    return placed


def _continued(placed: Sequence[Placed], found: Found, media: Media, rate: Fraction) -> Placed | None:
    """Return the file whose recorder run `media` goes on with: the last one of some take, the newest take first."""
    last_of_take = {each.take: each for each in placed if each.found.recorder == found.recorder}
    for earlier in reversed(last_of_take.values()):
        ahead = signed(media.first_pts - earlier.end_pts(rate))
        if abs(ahead) <= JOINT_FRAMES * PTS_CLOCK / rate:
            return earlier
        passed = (found.begins - earlier.found.begins).total_seconds()
        if ahead > 0 and abs(signed(media.first_pts - earlier.media.first_pts) / PTS_CLOCK - passed) <= SAME_RUN_S:
            return earlier
    return None


def _follow(earlier: Placed, found: Found, media: Media, rate: Fraction, new_take: int) -> Placed:
    """Place a file by its time stamps behind another one of the same run.

    Files that cannot be read as one stream are takes of their own all the same.
    """
    ahead = signed(media.first_pts - earlier.end_pts(rate))
    pts = earlier.end_pts(rate) + ahead
    frame = earlier.first_frame + round((pts - earlier.first_pts) * rate / PTS_CLOCK)
    needs_key = ahead > JOINT_FRAMES * PTS_CLOCK / rate
    joinable = earlier.media.format == media.format == JOINABLE
    return _placed(found, media, earlier.take if joinable else new_take, frame, pts, rate, needs_key or not joinable)


def _anchor(placed: Sequence[Placed], found: Found, media: Media, rate: Fraction, start: datetime, take: int) -> Placed:
    """Begin a take at the time in the file's name, or at the end of the file before if the two mean the same."""
    frame = round(Fraction((found.begins - start.astimezone(UTC)) / timedelta(seconds=1)) * rate)
    if placed:
        error = DATE_ERROR_S if found.exact and placed[-1].found.exact else NAME_ERROR_S
        frame = placed[-1].stop_frame if abs(frame - placed[-1].stop_frame) <= error * rate else frame
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


def uses(placed: Sequence[Placed], frames: int, rate: Fraction = Fraction(25)) -> list[Use]:
    """Decide for the frames 0..frames (exclusive) which file each one is taken from, with the fewest changes.

    A take goes on as long as it has pictures, losses of up to a second aside; then the one that lost the fewest
    seconds goes on, of equals the one that began first, of copies of one file the longest.
    """
    runs = [(each, first, stop) for each in placed for first, stop in each.runs(rate)]
    lost = {take: sum(map(_lost, files)) // rate for take, files in groupby(sorted(placed, key=_take), key=_take)}
    chosen: list[Use] = []
    position, take = 0, -1
    while position < frames:
        there = [run for run in runs if run[1] <= position < run[2]]
        if there:
            best, _, stop = min(
                there, key=lambda run: (run[0].take != take, lost[run[0].take], run[0].take, run[1], -run[2])
            )
            position, take = _use(chosen, best, position, min(stop, frames)), best.take
        else:
            position = min((first for _, first, _ in runs if first > position), default=frames)
    return chosen


def _use(chosen: list[Use], placed: Placed, position: int, stop: int) -> int:
    """Take frames from a file; a loss that nothing fills does not divide its use."""
    if chosen and chosen[-1].placed is placed:
        position = chosen.pop().used_from
    chosen.append(Use(placed, position, stop))
    return stop


def _take(placed: Placed) -> int:
    return placed.take


def _lost(placed: Placed) -> int:
    return placed.frames - len(placed.present)


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
