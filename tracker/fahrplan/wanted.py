"""What a Fahrplan says of one talk, in a form that can wait in the database until somebody decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.fahrplan.schedule import Talk
from tracker.fahrplan.times import read_duration

OPTOUT = "Fahrplan.Recording.Optout"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The keys and Fahrplan.* properties of a talk; *unclear* says why it cannot be recorded as it stands."""

    guid: str
    source_id: str
    occurrence: int
    properties: Mapping[str, str]
    unclear: str = ""

    @classmethod
    def of(cls, talk: Talk) -> Wanted:
        """Return what a talk of a schedule says."""
        return cls(talk.guid, talk.source_id, talk.occurrence, talk.properties, talk.unclear)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Wanted:
        """Return what was stored as `stored` made it."""
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        """Return what is kept in the database."""
        return {
            "guid": self.guid,
            "source_id": self.source_id,
            "occurrence": self.occurrence,
            "properties": dict(self.properties),
            "unclear": self.unclear,
        }

    @property
    def title(self) -> str:
        """Return the title."""
        return self.properties.get("Fahrplan.Title", "")


def place(properties: Mapping[str, str]) -> tuple[str, datetime | None, datetime | None]:
    """Return room, start and end that Fahrplan.* properties say; '' and None for what they do not."""
    room = properties.get("Fahrplan.Room", "")
    try:
        start = datetime.fromisoformat(properties.get("Fahrplan.DateTime", ""))
    except ValueError:
        return room, None, None
    if start.tzinfo is None:
        return room, None, None
    try:
        length, _ = read_duration(properties.get("Fahrplan.Duration", ""), seconds=True)
    except ValueError:
        return room, start, None
    return room, start, start + length if length else None
