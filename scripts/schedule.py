"""When a talk takes place: the clock times that scripts A and B work by, from the properties of its ticket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scripts.worker.folders import remedy

DEFAULT_PADDING_S = {"Record.StartPadding": 300, "Record.EndPadding": 900}
"""As the scripts of 2013 assume when nothing is stored."""
LONGEST_PADDING_S = 24 * 3600
_DURATION = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?")


class NoPlan(Exception):
    """The properties do not tell when the talk is; the sentence names the one at fault and the remedy."""


@dataclass(frozen=True)
class Plan:
    """Begin and end by the schedule (aware, in the project's zone), and the padding before and after."""

    begins: datetime
    ends: datetime
    start_padding: timedelta
    end_padding: timedelta
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """Return the padded start: frame 0 of the virtual recording."""
        return self.begins - self.start_padding

    @property
    def stop(self) -> datetime:
        """Return the padded end."""
        return self.ends + self.end_padding


def plan_of(properties: Mapping[str, str]) -> Plan:
    """Read begin, duration and paddings. Raise NoPlan when something is missing or garbled.

    Fahrplan.DateTime counts; without it Fahrplan.Date and Fahrplan.Start in Project.TimeZone.
    """
    zone = time_zone(properties)
    begins = _begin(properties, zone).astimezone(zone)
    ends = (begins.astimezone(UTC) + _duration(properties)).astimezone(zone)
    return Plan(
        begins, ends, _padding(properties, "Record.StartPadding"), _padding(properties, "Record.EndPadding"), zone
    )


def stamp(moment: datetime, zone: ZoneInfo) -> str:
    """Return the local time as Record.Starttime has it, ``YYYY-MM-DD-hh-mm-ss`` (seed 003)."""
    return moment.astimezone(zone).strftime("%Y-%m-%d-%H-%M-%S")


def _garbled(name: str, value: str, wanted: str) -> NoPlan:
    if not value:
        return NoPlan(f"The property {name} is missing: {remedy(name)}.")
    return NoPlan(f"{name} is {value[:80]!r}, which is no {wanted}: {remedy(name)}.")


def time_zone(properties: Mapping[str, str]) -> ZoneInfo:
    """Return the project's time zone. Raise NoPlan when it is missing or unknown."""
    name = properties.get("Project.TimeZone", "").strip()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise _garbled("Project.TimeZone", name, "time zone like Europe/Berlin") from None


def _begin(properties: Mapping[str, str], zone: ZoneInfo) -> datetime:
    exact = properties.get("Fahrplan.DateTime", "").strip()
    if exact:
        try:
            moment = datetime.fromisoformat(exact)
        except ValueError:
            raise _garbled("Fahrplan.DateTime", exact, "time like 2027-12-27T11:30:00+01:00") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return datetime.combine(_date(properties), _start(properties), zone)


def _date(properties: Mapping[str, str]) -> date:
    text = properties.get("Fahrplan.Date", "").strip()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _garbled("Fahrplan.Date", text, "date like 2027-12-27") from None


def _start(properties: Mapping[str, str]) -> time:
    text = properties.get("Fahrplan.Start", "").strip()
    try:
        hours, minutes = (int(part) for part in text.split(":")[:2])
        return time(hours, minutes)
    except ValueError:
        raise _garbled("Fahrplan.Start", text, "time like 11:30") from None


def _duration(properties: Mapping[str, str]) -> timedelta:
    text = properties.get("Fahrplan.Duration", "").strip()
    found = _DURATION.fullmatch(text)
    length = timedelta() if not found else _length(*found.groups(default="0"))
    if not length:
        raise _garbled("Fahrplan.Duration", text, "duration like 00:45")
    return length


def _length(hours: str, minutes: str, seconds: str) -> timedelta:
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))


def _padding(properties: Mapping[str, str], name: str) -> timedelta:
    text = properties.get(name, "").strip() or str(DEFAULT_PADDING_S[name])
    if not _NUMBER.fullmatch(text) or float(text) > LONGEST_PADDING_S:
        raise NoPlan(f"{name} is {text[:80]!r}, which is no number of seconds: set it on the project or the ticket.")
    return timedelta(seconds=float(text))
