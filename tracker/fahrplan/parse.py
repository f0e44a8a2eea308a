"""From raw events to talks: what every producer's variant means, and what cannot be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date as date_type
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.fahrplan.raw import RawDay, RawEvent, RawSchedule
from tracker.fahrplan.reader import read
from tracker.fahrplan.rooms import place
from tracker.fahrplan.schedule import KnownRoom, Schedule, Skipped, Talk, room_key
from tracker.fahrplan.text import MAX_LINE, MAX_TEXT, clean_line, clean_text
from tracker.fahrplan.times import (
    Day,
    find_start,
    has_three_fields,
    length_until,
    read_clock,
    read_duration,
    read_stamp,
)
from tracker.names import slugify

MAX_KEY = 200
"""Characters of a guid or id that are looked at."""

_YES = frozenset(("true", "1", "yes"))
_NO = frozenset(("false", "0", "no"))


def parse(data: bytes, zone: ZoneInfo | None = None, rooms: Iterable[KnownRoom] = ()) -> Schedule:
    """Read a Fahrplan, XML or JSON: every event becomes a talk or is reported as skipped, with the reason.

    *zone* is the project's time zone (UTC if none): starts are returned in it, and it holds for times without an
    offset where the file names no zone. *rooms* are those the project already has (see ``tracker.fahrplan.rooms``).
    Raises FahrplanError, with one sentence, for a file that is refused as a whole.
    """
    raw = read(data)
    project_zone = zone or ZoneInfo("UTC")
    file_zone, notes = _zone(raw, project_zone)
    notes = (*raw.notes, *notes)
    version = clean_line(raw.version or raw.conference.get("release", ""))
    talks, skipped = _Parser(raw, file_zone, project_zone).run()
    placed = place(talks, rooms)
    notes += _conversion(placed.talks, file_zone, project_zone)
    skipped += placed.refused
    return Schedule(version, _number(placed.talks), tuple(skipped), notes, placed.changes, placed.unknown)


def _zone(raw: RawSchedule, project_zone: ZoneInfo) -> tuple[ZoneInfo, tuple[str, ...]]:
    """Return the zone of the file's clocks: the one it names, else the project's."""
    name = clean_line(raw.conference.get("time_zone_name", ""))
    if not name:
        return project_zone, ()
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return project_zone, (f"The time zone '{name[:40]}' is unknown; {project_zone.key} is used.",)
    return zone, ()


def _conversion(talks: Iterable[Talk], file_zone: ZoneInfo, project_zone: ZoneInfo) -> tuple[str, ...]:
    """Tell when the clocks of the file and those of the project differ."""
    if file_zone is project_zone or all(
        talk.start.astimezone(file_zone).utcoffset() == talk.start.utcoffset() for talk in talks
    ):
        return ()
    return (f"The Fahrplan is in {file_zone.key}; starts are converted to the project's {project_zone.key}.",)


def _sentence(reason: str) -> str:
    return f"{reason[0].upper()}{reason[1:]}."


def _key(text: str) -> str:
    return clean_line(text)[:MAX_KEY]


def _skip(event: RawEvent, reason: str) -> Skipped:
    fields = _Fields(event)
    return Skipped(_sentence(reason), fields.where, fields.guid, fields.id, fields.title)


class _Fields:
    """The cleaned fields of one event."""

    __slots__ = ("doubts", "event", "guid", "id", "said", "title")

    def __init__(self, event: RawEvent) -> None:
        """Begin with what identifies the event, and with the doubts of the reader."""
        self.event = event
        self.said = event.fields
        self.doubts = event.doubts.copy()
        self.guid, self.id, self.title = _key(event.guid), _key(event.id), self.line("title")

    @property
    def where(self) -> str:
        """Say where an event is: its number in the file, its id, its title."""
        named = f", id {self.id[:40]}" if self.id else ""
        return f"event {self.event.number}{named}" + (f", '{self.title[:60]}'" if self.title else "")

    def line(self, tag: str) -> str:
        """Return a one-line field."""
        text = self.said.get(tag)
        if text is None:
            return ""
        if len(text) > MAX_LINE:
            self.doubts.append(f"its {tag} is longer than {MAX_LINE} characters and was cut")
        return clean_line(text)

    def text(self, tag: str) -> str:
        """Return a field of several lines."""
        text = self.said.get(tag)
        if text is None:
            return ""
        if len(text) > MAX_TEXT:
            self.doubts.append(f"its {tag} is longer than {MAX_TEXT} characters and was cut")
        return clean_text(text)

    def room(self) -> tuple[str, str]:
        """Return where the talk is, and the guid of the room: what the event says, else the room it stands in."""
        said, around = self.line("room"), clean_line(self.event.room_name or "")
        guid = _key(self.event.room_guid)
        if not said or not around or said == around:
            return said or around, guid
        if room_key(said) == room_key(around):
            return around, guid
        self.doubts.append(f"its room says '{said[:60]}', but it stands in '{around[:60]}'; the first is used")
        return said, ""

    def persons(self) -> tuple[str, ...]:
        """Return the names of the speakers, each once."""
        names = (clean_line(name) for name in self.event.persons)
        return tuple(dict.fromkeys(name for name in names if name.strip("-")))

    def optout(self) -> tuple[bool | None, str]:
        """Return whether the speakers opted out (None: nothing said), and what is unclear about it."""
        said = [text.strip().casefold() for text in self.event.optouts if text.strip()]
        if not _YES.isdisjoint(said):
            return True, ""
        odd = [text for text in said if text not in _NO]
        if odd:
            return None, f"its opt-out says '{clean_line(odd[0])[:40]}', which is neither yes nor no"
        return (False if said else None), ""


class _Parser:
    """Turns the raw events of one file into talks."""

    def __init__(self, raw: RawSchedule, file_zone: ZoneInfo, project_zone: ZoneInfo) -> None:
        """Look at the file as a whole: its day change, and how it writes durations."""
        self.raw = raw
        self.file_zone = file_zone
        self.project_zone = project_zone
        self.days: dict[RawDay, Day] = {}
        self.change = _clock_or_none(clean_line(raw.conference.get("day_change", "")))
        durations = {clean_line(event.fields.get("duration", "")) for event in raw.events}
        self.seconds = all(has_three_fields(text) for text in durations - {"", ":"})

    def run(self) -> tuple[list[Talk], list[Skipped]]:
        """Return the talks and the skipped events, both in the order of the file; the raw events are used up."""
        talks: list[Talk] = []
        skipped: list[Skipped] = []
        seen: dict[tuple[object, ...], str] = {}
        waiting = self.raw.events
        waiting.reverse()
        while waiting:
            event = waiting.pop()
            try:
                talk = self._talk(event)
            except ValueError as error:
                skipped.append(_skip(event, str(error)))
                continue
            first = seen.setdefault((talk.guid, talk.source_id, talk.title, talk.start, talk.room), talk.where)
            if first is talk.where:
                talks.append(talk)
            else:
                skipped.append(Skipped(f"It repeats {first}.", talk.where, title=talk.title))
        return talks, skipped

    def _talk(self, event: RawEvent) -> Talk:
        fields = _Fields(event)
        if event.flaw:
            raise ValueError(event.flaw)
        if not fields.title:
            raise ValueError("it has no title")
        if event.room_name is None:
            fields.doubts.append("it stands outside of a room")
        start, doubts = find_start(fields.line("date"), fields.line("start"), self._day(event.day), self.file_zone)
        length, doubt = self._length(fields, start)
        room, room_guid = fields.room()
        optout, odd = fields.optout()
        return Talk(
            guid=fields.guid,
            source_id=fields.id,
            occurrence=0,
            title=fields.title,
            start=start if self.file_zone is self.project_zone else start.astimezone(self.project_zone),
            duration=length,
            room=room,
            room_guid=room_guid,
            where=fields.where,
            day=clean_line(event.day.index)[:20] if event.day else "",
            code=clean_line(event.code) or fields.line("code"),
            slug=fields.line("slug") or fields.line("tag") or slugify(fields.title),
            subtitle=fields.line("subtitle"),
            track=fields.line("track"),
            type=fields.line("type"),
            language=fields.line("language"),
            abstract=fields.text("abstract"),
            description=fields.text("description"),
            persons=fields.persons(),
            url=fields.line("url"),
            video_download_url=fields.line("video_download_url"),
            license=clean_line(event.license),
            optout=optout,
            unclear=odd or _unclear(room, length),
            doubts=(*fields.doubts, *doubts, *([doubt] if doubt else [])),
        )

    def _length(self, fields: _Fields, start: datetime) -> tuple[timedelta, str]:
        """Return how long a talk is: its duration, else until its end where the file gives the moment of that."""
        length, doubt = read_duration(fields.line("duration"), seconds=self.seconds)
        if length or not fields.said.get("end"):
            return length, doubt
        return length_until(fields.line("end"), start, self.file_zone)

    def _day(self, day: RawDay | None) -> Day:
        """Return the day an event stands in; without a day change in the file its own end tells when it ends."""
        if day is None:
            return Day(None, self.change)
        found = self.days.get(day)
        if found is None:
            found = self.days[day] = _read_day(day, self.change)
        return found


def _read_day(day: RawDay, change: time | None) -> Day:
    try:
        date = read_stamp(clean_line(day.date)).day
    except ValueError:
        return Day(None, change)
    return Day(date, change or _window_end(date, clean_line(day.end)))


def _clock_or_none(text: str) -> time | None:
    try:
        return read_clock(text)
    except ValueError:
        return None


def _window_end(date: date_type, end: str) -> time | None:
    """Return the clock at which a day's window ends in the next night, midnight if it ends on the same day."""
    try:
        stamp = read_stamp(end)
    except ValueError:
        return None
    if stamp.clock is None or stamp.day < date:
        return None
    return stamp.clock if stamp.day > date else time(0)


def _unclear(room: str, length: timedelta) -> str:
    """Say why a talk cannot be recorded as it stands, '' if it can."""
    if not room:
        return "it has no room"
    if not room_key(room):
        return f"the name of its room '{room[:60]}' has no letter or digit that a recorder could use"
    return "" if length else "it has no duration"


def _number(talks: Iterable[Talk]) -> tuple[Talk, ...]:
    """Count the occurrences of each (guid, id), in the order of the file."""
    counts: Counter[tuple[str, str]] = Counter()
    numbered = []
    for talk in talks:
        key = (talk.guid, talk.source_id)
        numbered.append(replace(talk, occurrence=counts[key]) if counts[key] else talk)
        counts[key] += 1
    return tuple(numbered)
