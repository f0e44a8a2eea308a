"""When a talk is: the clocks, dates and durations that schedules print, and the rule that settles contradictions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1970, 2199
MAX_DURATION = timedelta(days=31)
DAY_CHANGE = time(4)
"""Where a schedule day ends if the file does not say: a talk at 00:30 of day 1 is in the night after it."""

_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?\s*([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})?")
_HOURS = re.compile(r"([0-9]{1,4}):([0-9]{2})")
_MINUTES = re.compile(r"[0-9]{1,5}")
_THREE = re.compile(r"([0-9]{1,3}):([0-9]{2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a ``date`` element says: a day, perhaps a clock, perhaps an offset from UTC."""

    day: date
    clock: time | None
    offset: timezone | None


@dataclass(frozen=True, slots=True)
class Day:
    """What the surrounding ``day`` element and the conference say; *change* is when one schedule day ends."""

    date: date | None = None
    change: time | None = None


@lru_cache(maxsize=4096)
def read_clock(text: str) -> time:
    """Read `H:MM`, `HH:MM` or `HH:MM:SS`. Raise ValueError."""
    found = _CLOCK.fullmatch(text)
    if not found or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        raise ValueError(f"{text[:40]!r} is no time of day")
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def _same_minute(one: time, other: time) -> bool:
    """Tell whether two clocks agree; `start` mostly has no seconds where `date` has."""
    return (one.hour, one.minute) == (other.hour, other.minute)


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    found = _OFFSET.fullmatch(text)
    if not found:
        return UTC
    distance = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(distance if found[1] == "+" else -distance)


@lru_cache(maxsize=4096)
def read_stamp(text: str) -> Stamp:
    """Read `YYYY-MM-DD`, with `T` or a blank and a clock, with `Z`, `+HH`, `+HHMM` or `+HH:MM`. Raise ValueError."""
    found = _DATE.fullmatch(text)
    try:
        if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
            raise ValueError
        day = date(int(found[1]), int(found[2]), int(found[3]))
        return Stamp(day, read_clock(found[4]) if found[4] else None, _offset(found[5]))
    except ValueError:
        raise ValueError(f"the date {text[:40]!r} cannot be read") from None


def has_three_fields(text: str) -> bool:
    """Tell whether a duration is written with two colons."""
    return _THREE.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def read_duration(text: str, *, seconds: bool = False) -> tuple[timedelta, str]:
    """Read a duration; return it with a doubt ('' mostly). Nothing and `:` are zero. Raise ValueError.

    `H:MM`, `HH:MM`, `55:23` and `100:00` are hours and minutes, a bare number is minutes. Of three fields, `HH:MM:SS`
    and `0:MM:SS` are a clock; `D:HH:MM` is days where the file writes its shorter talks with two fields (*seconds*
    false), else hours, minutes and seconds.
    """
    if text in ("", ":"):
        return timedelta(0), ""
    doubt = ""
    if found := _HOURS.fullmatch(text):
        fields = (0, int(found[1]), int(found[2]), 0)
    elif _MINUTES.fullmatch(text):
        fields = (0, 0, int(text), 0)
    elif found := _THREE.fullmatch(text):
        fields, doubt = _three(text, found[1], int(found[2]), int(found[3]), seconds)
    else:
        raise ValueError(f"the duration {text[:40]!r} cannot be read")
    days, hours, minutes, rest = fields
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=rest)
    if (":" in text and (minutes > 59 or rest > 59)) or length > MAX_DURATION:
        raise ValueError(f"the duration {text[:40]!r} is impossible")
    return length, doubt


def _three(text: str, first: str, second: int, third: int, seconds: bool) -> tuple[tuple[int, int, int, int], str]:
    clock = (0, int(first), second, third)
    if len(first) > 1 or first == "0" or second > 23:
        return clock, ""
    if seconds:
        return clock, f"the duration '{text}' is taken as hours, minutes and seconds"
    return (int(first), second, third, 0), f"the duration '{text}' is taken as days, hours and minutes"


def length_until(text: str, start: datetime, zone: ZoneInfo) -> tuple[timedelta, str]:
    """Return how long it is from *start* to an end that is given as a moment, with a doubt; zero if it is none."""
    try:
        stamp = read_stamp(text)
    except ValueError:
        return timedelta(0), ""
    if stamp.clock is None:
        return timedelta(0), ""
    end = datetime.combine(stamp.day, stamp.clock, stamp.offset or zone)
    length = end.astimezone(UTC) - start.astimezone(UTC)
    if timedelta(0) <= length <= MAX_DURATION:
        return length, ""
    return timedelta(0), f"its end {text[:40]} cannot be that of a talk that starts at {start:%Y-%m-%d %H:%M}"


@lru_cache(maxsize=4096)
def print_duration(length: timedelta) -> str:
    """Print a duration as `HH:MM` (hours go beyond 23), with `:SS` where there are seconds."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")


def _local(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, tuple[str, ...]]:
    """Place a wall clock in its zone; a clock that summer time leaves out moves on, a doubled one is the first."""
    wall = datetime.combine(day, clock)
    moment = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    if moment.replace(tzinfo=None) != wall:
        return moment, (f"{wall:%Y-%m-%d %H:%M} does not exist in {zone.key}; taken as {moment:%H:%M}",)
    if moment.utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset():
        return moment, (f"{wall:%Y-%m-%d %H:%M} happens twice in {zone.key}; taken as the first",)
    return moment, ()


def _without_date(clock: time | None, day: Day, zone: ZoneInfo) -> tuple[datetime, tuple[str, ...]]:
    if clock is None:
        raise ValueError("it has neither a date nor a start")
    if day.date is None:
        raise ValueError("it has no date, and stands in no day that has one")
    change = DAY_CHANGE if day.change is None else day.change
    moment, doubts = _local(day.date + timedelta(days=clock < change), clock, zone)
    if day.change is None and clock < change:
        doubts += (f"it has no date; {clock:%H:%M} is taken as the night after {day.date}",)
    return moment, doubts


def _with_offset(stamp: Stamp, given: time, clock: time | None, zone: ZoneInfo) -> tuple[datetime, tuple[str, ...]]:
    """Convert to the zone; where only the unconverted clock equals `start`, the offset is wrong and `start` right."""
    moment = datetime.combine(stamp.day, given, stamp.offset).astimezone(zone)
    if clock is None or _same_minute(moment.time(), clock):
        return moment, ()
    if _same_minute(given, clock):
        moment, doubts = _local(stamp.day, given, zone)
        return moment, (f"the offset of its date is not that of {zone.key}; its start {clock:%H:%M} is used", *doubts)
    return moment, (f"its date says {moment:%H:%M}, its start {clock:%H:%M}; the date is used",)


def find_start(date_text: str, start_text: str, day: Day, zone: ZoneInfo) -> tuple[datetime, tuple[str, ...]]:
    """Return when a talk starts, aware and in *zone*, with the doubts about it. Raise ValueError with the reason.

    `date` is what counts: converted to *zone* if it has an offset, local otherwise. Without it the day's date and
    `start` are taken, a day later when `start` lies before the day change.
    """
    doubts: tuple[str, ...] = ()
    clock: time | None = None
    try:
        clock = read_clock(start_text) if start_text else None
    except ValueError as error:
        if not date_text:
            raise
        doubts = (f"its start {error}; the date is used",)
    if not date_text:
        return _without_date(clock, day, zone)
    stamp = read_stamp(date_text)
    given = stamp.clock or clock
    if given is None:
        raise ValueError("its date has no time, and there is no start")
    if stamp.offset is not None:
        moment, more = _with_offset(stamp, given, clock, zone)
        return moment, doubts + more
    moment, more = _local(stamp.day, given, zone)
    if clock is not None and not _same_minute(clock, given):
        more += (f"its date says {given:%H:%M}, its start {clock:%H:%M}; the date is used",)
    return moment, doubts + more
