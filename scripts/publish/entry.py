"""The note of a public file: whose it is, which release, and what the page says about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

VERSION = 1


@dataclass(frozen=True)
class Entry:
    """A public file; *released* is local time like Release.Datetime, *bytes* its size."""

    name: str
    project: str
    ticket: int
    release: int
    released: str
    sha256: str
    bytes: int
    fahrplan_id: str = ""
    title: str = ""
    subtitle: str = ""
    persons: str = ""
    language: str = ""
    date: str = ""
    start: str = ""
    room: str = ""
    profile: str = ""
    license: str = ""
    album: str = ""

    def to_json(self) -> str:
        """Return the text of the note."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Entry:
        """Read a note. Raise ValueError when it is none."""
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError("no object")
        values: dict[str, Any] = {field.name: data.get(field.name) for field in fields(cls)}
        wrong = [name for name, value in values.items() if not isinstance(value, _KINDS[name])]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} missing or of another kind")
        return cls(**values)


_KINDS = {field.name: int if field.type == "int" else str for field in fields(Entry)}


def facts(properties: Mapping[str, str]) -> dict[str, str]:
    """Return what a page says about a talk, from the merged properties of its encoding ticket."""
    names = {
        "fahrplan_id": ("Fahrplan.ID",),
        "title": ("Fahrplan.Title",),
        "subtitle": ("Fahrplan.Subtitle",),
        "persons": ("Fahrplan.Person_list",),
        "language": ("Record.Language", "Fahrplan.Language"),
        "date": ("Fahrplan.Date",),
        "start": ("Fahrplan.Start",),
        "room": ("Fahrplan.Room",),
        "profile": ("EncodingProfile.Slug",),
        "license": ("Fahrplan.Recording.License", "Meta.License"),
        "album": ("Meta.Album",),
    }
    return {fact: next(filter(None, map(properties.get, given)), "") for fact, given in names.items()}
