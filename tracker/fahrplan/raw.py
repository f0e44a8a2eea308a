"""What a file says, as written: events with their texts, before anything is interpreted.

The readers of XML and JSON fill these; ``parse`` makes talks of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracker.errors import FahrplanError
from tracker.fahrplan.text import clean_line

MAX_EVENTS = 300_000
ONCE = frozenset(("title", "room", "date", "start", "duration"))
"""Fields of which a second, different one is worth telling about."""


@dataclass(frozen=True, slots=True)
class RawDay:
    """A day of the schedule: its number, its date and the end of its window, as written."""

    index: str = ""
    date: str = ""
    end: str = ""


@dataclass(slots=True)
class RawEvent:
    """One event as written. *fields* maps a tag to its text; of a repeated one, to the first that is not blank.

    *flaw* says why it is no event that could be used; *room_name* and *room_guid* are of the room around it, None for
    none; *optouts* is all that is said about recording it.
    """

    number: int
    guid: str = ""
    id: str = ""
    code: str = ""
    room_name: str | None = None
    room_guid: str = ""
    day: RawDay | None = None
    flaw: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    persons: list[str] = field(default_factory=list)
    license: str = ""
    optouts: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def add(self, tag: str, text: str) -> None:
        """Take in a field; a second text of one that can only be said once is a doubt."""
        if not text or text.isspace():
            return
        before = self.fields.setdefault(tag, text)
        if before is not text and tag in ONCE and clean_line(before) != clean_line(text):
            self.doubt(f"it has more than one {tag}; the first is used")

    def doubt(self, text: str) -> None:
        """Remember something that was decided for the event, once."""
        if text not in self.doubts:
            self.doubts.append(text)


@dataclass(slots=True)
class RawSchedule:
    """The events of a file in order, what its head says, and *notes* about the file as a whole."""

    version: str = ""
    conference: dict[str, str] = field(default_factory=dict)
    events: list[RawEvent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def next_number(self) -> int:
        """Return the number of the next event, from 1. Raises FahrplanError when there are too many."""
        if len(self.events) >= MAX_EVENTS:
            raise FahrplanError(f"The Fahrplan has more than {MAX_EVENTS} events; that is too many.")
        return len(self.events) + 1
