"""Schedules as JSON: what frab and pretalx print, schedule2 of the hub, and the list of talks that EMF publishes.

The shape tells which one it is; wafer publishes none. Numbers are kept as they are written, NaN is a text like any
other, and a name that stands twice in an object loses nothing: two lists are joined, else the first with a text counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from tracker.errors import FahrplanError
from tracker.fahrplan.raw import RawDay, RawEvent, RawSchedule

MAX_BYTES = 64 * 1024 * 1024
"""A tree of JSON takes about ten times the memory of its file."""

_FIELDS = ("title", "subtitle", "type", "language", "abstract", "description", "slug", "url", "video_download_url")
_PERSONS = ("persons", "participants", "speakers")
_NAMES = ("public_name", "full_public_name", "name")
_NO_EVENT = "it is no object with the fields of an event"

Json = Any
"""A value of JSON: an object, a list, a text, a boolean or None; numbers are texts."""


class _Twice(dict[str, Json]):
    """An object in which a name stood more than once; *names* are those with different values."""

    names: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    merged, differing = _Twice(), []
    for name, values in groupby(sorted(pairs, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
        said = [value for _, value in values]
        merged[name] = _joined(said)
        if any(value != said[0] for value in said):
            differing.append(name)
    merged.names = tuple(differing)
    return merged


def _joined(said: list[Json]) -> Json:
    """Return one value for a name that stands several times: all lists in one, else the first that says something."""
    lists = [value for value in said if isinstance(value, list)]
    if lists:
        return [item for each in lists for item in each]
    return next((value for value in said if isinstance(value, dict) or _text(value).strip()), said[0])


def _text(value: Json) -> str:
    """Return the text of a value: of an object its name or the text in one of its languages, of a list its texts."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        texts = {name: text for name, text in value.items() if isinstance(text, str) and text.strip()}
        order = ("name", "title", "en", "de", *texts)
        return next((texts[name] for name in order if name in texts), "")
    if isinstance(value, list):
        return ", ".join(item for item in value if isinstance(item, str) and item.strip())
    return ""


def _dict(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _first(item: Mapping[str, Json], *names: str) -> str:
    return next((text for name in names if (text := _text(item.get(name))).strip()), "")


def read_json(document: bytes, root: int) -> RawSchedule:
    """Read a schedule from JSON in UTF-8 that begins at *root*. Raise FahrplanError."""
    if len(document) > MAX_BYTES:
        raise FahrplanError(f"The Fahrplan has {len(document)} bytes; at most {MAX_BYTES} are read as JSON.")
    value = _load(document, root)
    if isinstance(value, list):
        return _emf(value)
    return _Frab(_dict(value)).read()


def _load(document: bytes, root: int) -> Json:
    """Parse; line breaks inside of texts are let through, as old versions of frab print them."""
    try:
        text = document[root:].decode("utf-8")
        return json.loads(
            text, strict=False, object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str
        )
    except RecursionError:
        raise FahrplanError("The Fahrplan nests JSON far deeper than any schedule does; nothing was read.") from None
    except UnicodeDecodeError:
        raise FahrplanError("The Fahrplan is JSON with bytes that are no UTF-8; it is damaged.") from None
    except json.JSONDecodeError as error:
        reason = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise FahrplanError(f"The Fahrplan is no complete, well-formed JSON ({reason}); nothing was read.") from None


# --- one event -------------------------------------------------------------------------------------------------


def _event(event: RawEvent, item: Json, tracks: Mapping[str, str]) -> RawEvent:
    """Fill in what an item says, whichever of the producers wrote it."""
    if not isinstance(item, dict):
        event.flaw = _NO_EVENT
        return event
    event.guid, event.id, event.code = (_text(item.get(name)) for name in ("guid", "id", "code"))
    for name in _FIELDS:
        event.add(name, _text(item.get(name)))
    event.add("track", _track(item.get("track"), tracks))
    event.add("url", _text(item.get("link")))
    for room in (item.get("room"), item.get("venue")):
        event.add("room", _text(room.get("name") if isinstance(room, dict) else room))
    event.room_guid = _text(_dict(item.get("room")).get("guid")) or event.room_guid
    _when(event, item)
    event.persons += [name for key in _PERSONS for name in _persons(item.get(key))]
    event.persons += [name for key in ("speaker", "names") if (name := _text(item.get(key)))]
    _recording(event, item)
    for name in item.names if isinstance(item, _Twice) else ():
        event.doubt(f"it says {name[:40]} twice; the first that says something is used")
    return event


def _track(value: Json, tracks: Mapping[str, str]) -> str:
    """Return the name of a track, which the hub gives by its slug."""
    if isinstance(value, dict) and not _text(value.get("name")):
        key = _first(value, "slug", "guid")
        return tracks.get(key, key)
    return _text(value)


def _when(event: RawEvent, item: Mapping[str, Json]) -> None:
    """Read start, end and length: `date` and a clock in `start`, or whole moments in `start` or `start_date`."""
    start = _text(item.get("start"))
    whole = start[4:5] == "-"
    event.add("date", _first(item, "date", "start_date") or (start if whole else ""))
    event.add("start", _text(item.get("start_time")) if whole or not start else start)
    event.add("end", _first(item, "end", "end_date"))
    event.add("duration", _text(item.get("duration")))


def _persons(value: Json) -> Iterator[str]:
    for person in _list(value) or [value]:
        yield _first(person, *_NAMES) if isinstance(person, dict) else _text(person)


def _recording(event: RawEvent, item: Mapping[str, Json]) -> None:
    recording = _dict(item.get("recording"))
    event.license = _first(item, "recording_license") or _text(recording.get("license"))
    event.optouts += [_text(item.get("do_not_record")), _text(recording.get("optout"))]
    may = _text(item.get("may_record"))
    event.optouts.append({"true": "false", "false": "true"}.get(may, may))
    privacy = _first(item, "video_privacy", "default_video_privacy")
    if privacy:
        event.optouts.append({"none": "true", "public": "false", "review": "false"}.get(privacy, privacy))
    if privacy == "review":
        event.doubt("its speakers want to see the recording before it is released")


# --- frab, pretalx, the hub ------------------------------------------------------------------------------------


class _Frab:
    """Reads `schedule.conference.days[].rooms{name: [event]}` and `schedule.events[]`."""

    def __init__(self, value: Mapping[str, Json]) -> None:
        """Find the parts of the document. Raises FahrplanError when it is something else."""
        self.schedule = RawSchedule()
        self.body = _dict(value.get("schedule")) or value
        self.conference = _dict(self.body.get("conference"))
        days, events = self.conference.get("days"), self.body.get("events")
        if not isinstance(days, list) and not isinstance(events, list):
            raise FahrplanError(
                "This JSON is no Fahrplan: it has neither schedule.conference.days nor schedule.events."
            )
        self.guids, self.names = self._rooms_listed()
        self.tracks = {
            _text(track.get(key)): _text(track.get("name"))
            for track in map(_dict, _list(self.conference.get("tracks")))
            for key in ("slug", "guid")
        }

    def _rooms_listed(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return guids by the names of rooms, and names by guids; a guid that several rooms share says nothing."""
        rooms = map(_dict, [*_list(self.conference.get("rooms")), *_list(self.body.get("rooms"))])
        pairs = {(_text(room.get("name")), _text(room.get("guid"))) for room in rooms}
        times = Counter(guid for _, guid in pairs)
        alone = [(name, guid) for name, guid in pairs if guid and times[guid] == 1]
        return dict(alone), {guid: name for name, guid in alone}

    def read(self) -> RawSchedule:
        """Return what the document says."""
        self.schedule.version = _text(self.body.get("version"))
        self.schedule.conference = {name: _text(value) for name, value in self.conference.items()}
        for day in _list(self.conference.get("days")):
            self._day(day)
        for item in _list(self.body.get("events")):
            self._add(item, self._room_of(item), None)
        return self.schedule

    def _room_of(self, item: Json) -> str:
        """Return the room of an event in the flat list; it may be told by its guid alone."""
        return self.names.get(_text(_dict(_dict(item).get("room")).get("guid")), "")

    def _day(self, item: Json) -> None:
        """Read the rooms of a day; what is no day, or no list of events, counts as one event that is none."""
        if not isinstance(item, dict):
            self._add(item, None, None)
            return
        day = RawDay(*(_first(item, *names) for names in (("index",), ("date",), ("day_end", "end"))))
        for event in _list(item.get("events")):
            self._add(event, None, day)
        for name, events in self._rooms(item.get("rooms")):
            for event in events if isinstance(events, list) else [None]:
                self._add(event, name, day)

    def _rooms(self, rooms: Json) -> Iterator[tuple[str, Json]]:
        if isinstance(rooms, dict):
            yield from rooms.items()
        for room in _list(rooms):
            found = _dict(room)
            yield _text(found.get("name")), found.get("events", found.get("talks"))

    def _add(self, item: Json, room: str | None, day: RawDay | None) -> None:
        event = RawEvent(self.schedule.next_number(), room_name=room, day=day)
        event.room_guid = self.guids.get(room or "", "")
        self.schedule.events.append(_event(event, item, self.tracks))


# --- EMF -------------------------------------------------------------------------------------------------------


def _emf(items: list[Json]) -> RawSchedule:
    """Read a list of talks, each with its time and venue or with several occurrences. Raises FahrplanError."""
    if not any("title" in _dict(item) for item in items):
        raise FahrplanError("This JSON is no Fahrplan: it is a list, but none of its items has a title.")
    schedule = RawSchedule()
    for item in items:
        for occurrence in _list(_dict(item).get("occurrences")) or [{}]:
            event = RawEvent(schedule.next_number(), room_name="")
            said = {**item, **occurrence} if isinstance(item, dict) and isinstance(occurrence, dict) else None
            schedule.events.append(_event(event, said, {}))
    return schedule
