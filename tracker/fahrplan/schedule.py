"""What a Fahrplan says, as values: a schedule, its talks, and the events that could not be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from tracker.fahrplan.times import print_duration
from tracker.names import room_key as _room_key

IMPORTED = frozenset(
    f"Fahrplan.{name}"
    for name in (
        *("GUID", "Date", "Start", "DateTime", "Day", "Duration", "Room", "Slug", "Title", "Subtitle", "Track", "Type"),
        *("Language", "Abstract", "Description", "Person_list", "URL", "VideoDownloadURL"),
        *("Recording.License", "Recording.Optout"),
    )
)
"""The properties an import sets, changes and deletes; all others are left alone. Fahrplan.ID is set once."""


room_key = lru_cache(maxsize=10_000)(_room_key)
"""A congress has a few hundred rooms and thousands of talks in them."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One scheduled talk. *start* is aware and in the project's zone; *optout* is None where nothing is said.

    *unclear* says why the talk cannot be recorded as it is; *doubts* what was decided for it; *where* finds it in
    the file. *occurrence* counts talks with the same guid and id. *key* is that of its room where it is not the one
    its name would have.
    """

    guid: str
    source_id: str
    occurrence: int
    title: str
    start: datetime
    duration: timedelta
    room: str
    where: str
    day: str = ""
    code: str = ""
    slug: str = ""
    subtitle: str = ""
    track: str = ""
    type: str = ""
    language: str = ""
    abstract: str = ""
    description: str = ""
    persons: tuple[str, ...] = ()
    url: str = ""
    video_download_url: str = ""
    license: str = ""
    optout: bool | None = None
    unclear: str = ""
    doubts: tuple[str, ...] = ()
    room_guid: str = ""
    key: str = ""
    _properties: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def end(self) -> datetime:
        """Return when the talk ends, without padding."""
        return self.start + self.duration

    @property
    def room_key(self) -> str:
        """Return how recorders call the room."""
        return self.key or room_key(self.room)

    @property
    def properties(self) -> Mapping[str, str]:
        """Return the Fahrplan.* properties (reference: mapping table of the original importer), without empty ones."""
        if not self._properties:
            self._properties.update({name: value for name, value in self._all_properties().items() if value})
        return self._properties

    def _all_properties(self) -> dict[str, str]:
        moment = self.start.isoformat(timespec="seconds")
        return {
            "Fahrplan.GUID": self.guid,
            "Fahrplan.Date": moment[:10],
            "Fahrplan.Start": moment[11:16],
            "Fahrplan.DateTime": moment,
            "Fahrplan.Day": self.day,
            "Fahrplan.Duration": print_duration(self.duration),
            "Fahrplan.Room": self.room,
            "Fahrplan.Slug": self.slug,
            "Fahrplan.Title": self.title,
            "Fahrplan.Subtitle": self.subtitle,
            "Fahrplan.Track": self.track,
            "Fahrplan.Type": self.type,
            "Fahrplan.Language": self.language,
            "Fahrplan.Abstract": self.abstract,
            "Fahrplan.Description": self.description,
            "Fahrplan.Person_list": ", ".join(self.persons),
            "Fahrplan.URL": self.url,
            "Fahrplan.VideoDownloadURL": self.video_download_url,
            "Fahrplan.Recording.License": self.license,
            "Fahrplan.Recording.Optout": "" if self.optout is None else str(int(self.optout)),
        }


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event that was not imported: the reason, where it is in the file, and what it would have been."""

    reason: str
    where: str
    guid: str = ""
    source_id: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class KnownRoom:
    """A room the tracker has: the key its recordings begin with, what the Fahrplan calls it, further recorders."""

    key: str
    name: str
    guid: str = ""
    recorders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomChange:
    """What the Fahrplan now calls a room that the tracker has, and what it did *before*."""

    key: str
    name: str
    guid: str
    before: str


@dataclass(frozen=True, slots=True)
class RoomQuestion:
    """The room *old* is gone and all its *talks* stand in the unknown room *new*: was it renamed?"""

    key: str
    old: str
    new: str
    new_key: str
    talks: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed Fahrplan: every event element is either a talk or skipped. *notes* are about the file as a whole.

    *rooms* is what known rooms are called now, *new_rooms* are the keys of rooms the tracker does not have.
    """

    version: str
    talks: tuple[Talk, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...] = ()
    rooms: tuple[RoomChange, ...] = ()
    new_rooms: frozenset[str] = frozenset()

    @property
    def events(self) -> int:
        """Return the number of event elements in the file."""
        return len(self.talks) + len(self.skipped)


@dataclass(frozen=True, slots=True)
class Known:
    """A talk the tracker has: its ticket, its identity, and the Fahrplan.* properties stored.

    *said* is what the Fahrplan said last (None: what is stored); *gone* that it no longer has the talk, which was dealt
    with; *missed* that its absence waits for the crew; *begun* that a locked talk was recorded before; *seen* what the
    Fahrplan says while that waits. A talk that waits or was declined as a whole has no ticket: *ticket_id* is the
    negative number of its change. Of a *light* one only the lock was read of the properties.
    """

    ticket_id: int
    fahrplan_id: int
    guid: str
    source_id: str
    occurrence: int
    title: str
    properties: Mapping[str, str]
    state: str
    said: Mapping[str, str] | None = None
    gone: bool = False
    missed: bool = False
    begun: bool = False
    seen: Mapping[str, str] | None = None
    room_key: str = ""
    light: bool = False

    @property
    def base(self) -> Mapping[str, str]:
        """Return what the Fahrplan said last; what is stored otherwise was written by hand."""
        return self.properties if self.said is None else self.said
