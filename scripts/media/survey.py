"""Survey what a recorder left of a talk, and decide whether to wait for more (rules: docs/timeline.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from scripts.media.demux import Media
from scripts.media.placement import NAME_ERROR_S, Placed, Use, holes, overlaps, place, uses
from scripts.media.segments import STILL_S, Found, complete, find, quiet_s
from scripts.media.timeline import TimelineError, Video

GRACE_S = 600
"""How long after the padded end segments may still come, in seconds."""
_RETRY_S = 30
_LONGEST_RETRY_S = 600
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, eq=False)
class Survey:
    """What is there of a room from the padded `start` to the padded `stop` (aware; UTC).

    `frames` is the length of the range at `rate`; both are 0 when no file has a picture. `problems` are sentences;
    so are `changes` of what the recorder delivered, each with the frame from which on it holds.
    """

    folder: Path
    room_key: str
    zone: tzinfo
    start: datetime
    stop: datetime
    still_s: float
    found: tuple[Found, ...]
    rate: Fraction
    frames: int
    used: tuple[Use, ...]
    holes: tuple[tuple[int, int], ...]
    overlaps: tuple[tuple[Placed, Placed, int], ...]
    problems: tuple[str, ...]
    changes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Ready:
    """All is there that will ever come; build the recording."""


@dataclass(frozen=True)
class Waiting:
    """More may come: what is missing, and the seconds after which it pays to look again."""

    sentence: str
    retry_after_s: int


@dataclass(frozen=True)
class Lost:
    """There is no picture at all and none will come."""

    sentence: str


def survey(
    raw_folder: Path,
    room_key: str,
    start: datetime,
    stop: datetime,
    zone: tzinfo,
    still_s: float = STILL_S,
    ahead_s: Mapping[str, float] | None = None,
) -> Survey:
    """Look what the recorder of a room left between the padded `start` and `stop` (aware).

    A file counts as complete when it has a successor or has not grown for `still_s` seconds. *ahead_s* tells by how
    many seconds the clocks of recorders are ahead. Raises NoFolder; TimelineError for a room key that is none or when
    `stop` is not after `start`.
    """
    found = find(raw_folder, room_key, start, stop, zone, ahead_s)
    return assess(found, raw_folder, room_key, start, stop, zone, still_s)


def assess(
    found: Sequence[Found],
    raw_folder: Path,
    room_key: str,
    start: datetime,
    stop: datetime,
    zone: tzinfo,
    still_s: float = STILL_S,
) -> Survey:
    """Survey files that `find` listed, without a look at the disk. Raises TimelineError as `survey` does."""
    start, stop = start.astimezone(UTC), stop.astimezone(UTC)
    if stop <= start:
        raise TimelineError("A recording must end after it begins; check Fahrplan.Duration and the paddings.")
    files, misfits = _of_one_format([each for each in found if _reaches(each, start)])
    rate = files[0][1].rate if files else None
    frames = round(Fraction((stop - start) // _MICROSECOND, 1_000_000) * rate) if rate else 0
    placed = [each for each in place(files, rate, start) if each.stop_frame > 0] if rate else []
    used = uses(placed, frames, rate) if rate else []
    changes = sorted({*_changes(used, rate), *_misplaced(misfits, start, rate)}) if rate else []
    problems = [*(problem for each in found for problem in each.problems), *misfits.values()]
    return Survey(
        folder=raw_folder,
        room_key=room_key,
        zone=zone,
        start=start,
        stop=stop,
        still_s=still_s,
        found=tuple(found),
        rate=rate or Fraction(0),
        frames=frames,
        used=tuple(used),
        holes=tuple(holes(used, frames)),
        overlaps=tuple(overlaps(placed, frames)),
        problems=(*problems, *(said for _, said in changes if said not in problems)),
        changes=tuple((min(max(frame, 0), frames), said) for frame, said in changes),
    )


def _changes(used: Sequence[Use], rate: Fraction) -> Iterator[tuple[int, str]]:
    """Say what changes in the middle of a recording, inside of its files and between them."""
    for use in used:
        for stamp, text in use.placed.media.changes:
            yield use.placed.frame_of(stamp, rate), f"{use.placed.found.name} {text}."
    for before, after in pairwise(used):
        was, now = before.placed.media, after.placed.media
        name = after.placed.found.name
        if was.tracks != now.tracks:
            yield after.used_from, f"From {name} on, there is {_sound(now)}; before, {_sound(was)}."
        if was.interlaced != now.interlaced:
            yield after.used_from, f"From {name} on, pictures are {_scan(now)}; before, {_scan(was)}."


def _misplaced(misfits: Mapping[Found, str], start: datetime, rate: Fraction) -> Iterator[tuple[int, str]]:
    for each, said in misfits.items():
        yield round(Fraction((each.begins - start) // _MICROSECOND, 1_000_000) * rate), said


def _sound(media: Media) -> str:
    """Say what sound there is, like "2 channels at 48000 Hz and 1 channel at 48000 Hz"."""
    tracks = [f"{each.channels} channel{'s' * (each.channels > 1)} at {each.rate} Hz" for each in media.tracks]
    return " and ".join(tracks) or "no sound"


def _scan(media: Media) -> str:
    return "interlaced" if media.interlaced else "progressive"


def _reaches(found: Found, start: datetime) -> bool:
    """Tell whether a file lasts beyond the padded start; one that cannot be read may have."""
    return found.media is None or found.begins + timedelta(seconds=found.media.playing_s) > start


def _of_one_format(found: Iterable[Found]) -> tuple[list[tuple[Found, Media]], dict[Found, str]]:
    """Keep the files of the format that plays longest, each with the rate of it; name the others."""
    files = [(each, each.media) for each in found if each.media is not None]
    lengths: Counter[tuple[Video, Fraction]] = Counter()
    for _, media in files:
        if media.rate is not None:
            lengths[media.video, media.rate] += len(media.stamps)
    if not lengths:
        return [], {}
    video, rate = lengths.most_common(1)[0][0]
    kept: list[tuple[Found, Media]] = []
    misfits: dict[Found, str] = {}
    for each, media in files:
        if media.video == video and media.rate == rate:
            kept.append((each, media))
        else:
            misfits[each] = (
                f"{each.name} has {_format(media.video, media.rate)}, the rest of the recording "
                f"{_format(video, rate)}; it is not used. Check the settings of the recorder."
            )
    return kept, misfits


def _format(video: Video, rate: Fraction | None) -> str:
    speed = f"{float(rate):.5g} frames per second" if rate else "no known frame rate"
    return f"{video.codec} {video.width}x{video.height} at {speed}"


# --- wait or go on ----------------------------------------------------------------------------------------------------


def outcome(surveyed: Survey, now: datetime, grace_s: float = GRACE_S) -> Ready | Waiting | Lost:
    """Decide whether to build now: wait while the end may still come, never for what a later file leaves behind.

    Waits for a file that grows; for an end that no file covers yet until `grace_s` seconds after the padded stop. A
    hole with a later file behind it is there for good. Without any picture after that time, the recording is lost.
    """
    growing = [each for each in surveyed.found if not complete(each, now, surveyed.still_s)]
    if growing:
        return _growing(growing[-1], now, surveyed.still_s)
    may_come = now < surveyed.stop + timedelta(seconds=grace_s)
    if not surveyed.used:
        return _nothing_yet(surveyed, now, grace_s) if may_come else Lost(nothing(surveyed) + _remedy(surveyed))
    return _tail_missing(surveyed, now, grace_s) if may_come and _tail_open(surveyed) else Ready()


def _tail_open(surveyed: Survey) -> bool:
    """Tell whether the end is missing by more than names can tell and no later file says that it is lost."""
    missing = surveyed.frames - surveyed.used[-1].used_to
    return missing > NAME_ERROR_S * surveyed.rate and not surveyed.found[-1].followed


def _growing(found: Found, now: datetime, still_s: float) -> Waiting:
    return Waiting(
        f"{found.name} is still growing; it counts as complete when it has not grown for {still_s:g} seconds.",
        max(5, round(still_s - quiet_s(found, now)) + 1),
    )


def _nothing_yet(surveyed: Survey, now: datetime, grace_s: float) -> Waiting:
    return Waiting(f"{nothing(surveyed)} {_patience(surveyed, grace_s)}", _retry(surveyed, now))


def _tail_missing(surveyed: Survey, now: datetime, grace_s: float) -> Waiting:
    end = surveyed.start + timedelta(seconds=float(surveyed.used[-1].used_to / surveyed.rate))
    return Waiting(
        f"The recording of {surveyed.room_key} reaches {_clock(end, surveyed.zone)}, "
        f"needed is {_clock(surveyed.stop, surveyed.zone)}. {_patience(surveyed, grace_s)}",
        _retry(surveyed, now),
    )


def _patience(surveyed: Survey, grace_s: float) -> str:
    return f"Waiting for more until {_clock(surveyed.stop + timedelta(seconds=grace_s), surveyed.zone)}."


def _retry(surveyed: Survey, now: datetime) -> int:
    """Return when to look again: soon after the end, else every half minute; not later than ten minutes from now."""
    return round(min(max((surveyed.stop - now).total_seconds(), 0) + _RETRY_S, _LONGEST_RETRY_S))


def nothing(surveyed: Survey) -> str:
    """Say that there is no usable recording, where it was looked for, and what was wrong with what was found."""
    span = f"{_day_clock(surveyed.start, surveyed.zone)} to {_clock(surveyed.stop, surveyed.zone)}"
    known = " ".join(["", *surveyed.problems])
    return f"There is no usable recording of {surveyed.room_key} from {span} in {surveyed.folder}.{known}"


def _remedy(surveyed: Survey) -> str:
    return (
        f" Check the recorders of the room ({surveyed.room_key}), the time zone ({surveyed.zone}) and "
        "Processing.Path.Raw, bring the files there and clear the failed flag."
    )


def _clock(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M:%S")


def _day_clock(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
