"""Rooms of a project: found by name, renamed, and tied to the recorders that stand in them (design D12).

The key of a room stays what it was when the room came into being, so that recordings are found again; its name follows
the Fahrplan. Nobody else's recordings may begin with the key or a recorder's name of a room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tracker import queries
from tracker.db import db
from tracker.errors import InvalidInput, NotFound
from tracker.models import Project, Room
from tracker.names import room_key

PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}\Z")
"""What a recorder may put before `-YYYY-MM-DD_HH-MM-SS.ts`."""


class _Known:
    """The rooms of a project, found by name (case does not count), key, or name of a recorder."""

    def __init__(self, project: Project) -> None:
        """Read them."""
        self.project = project
        self.by_name: dict[str, Room] = {}
        self.by_key: dict[str, Room] = {}
        self.by_prefix: dict[str, Room] = {}
        for room in queries.rooms(project.id):
            self.add(room)

    def add(self, room: Room) -> None:
        """Take in a room."""
        self.by_name[room.name.casefold()] = self.by_key[room.key] = room
        self.by_prefix |= dict.fromkeys((room.key, *room.recorders), room)

    def find(self, text: str) -> Room | None:
        """Return the room that is called *text*, else the one with that key."""
        return self.by_name.get(text.strip().casefold()) or self.by_key.get(room_key(text))

    def make(self, name: str) -> Room:
        """Make a new room. Raises InvalidInput when its recordings could not be told from others."""
        key = room_key(name)
        if not key:
            raise InvalidInput(f"Room {name!r} has no letter or digit that a file name could carry.", "room")
        self.leave_alone(key, None)
        made = Room(project_id=self.project.id, key=key, name=name.strip(), guid="", recorders=[])
        db.session.add(made)
        self.add(made)
        return made

    def leave_alone(self, prefix: str, but: Room | None) -> None:
        """Raise InvalidInput when the recordings of a room other than *but* begin with *prefix*."""
        room = self.by_prefix.get(prefix)
        if room is not None and room is not but:
            raise InvalidInput(f"The recordings of room {room.name!r} begin with {prefix!r}-... already.", "recorder")


def find(project: Project, text: str) -> Room | None:
    """Return the room that is called *text* (case does not count), else the one with that key."""
    return _Known(project).find(text)


def get(project: Project, text: str) -> Room:
    """Return a room by its name or key; raise NotFound."""
    found = find(project, text)
    if found is None:
        known = ", ".join(room.name for room in queries.rooms(project.id)) or "none"
        raise NotFound(f"Project {project.slug} has no room {text!r}; there are: {known}.")
    return found


def of(project: Project, name: str) -> Room:
    """Return the project's room called *name*, made if it is new.

    Raises InvalidInput when another room of the project has the same key: recordings could not be told apart.
    """
    return several(project, [name])[name]


def several(project: Project, names: Iterable[str]) -> dict[str, Room]:
    """Return the project's rooms of these names, as `of` does for one."""
    known, found = _Known(project), {}
    for name in names:
        found[name] = room = known.find(name) or known.make(name)
        if room.name.casefold() != name.strip().casefold():
            raise InvalidInput(
                f"Rooms {room.name!r} and {name!r} would both record to files called {room.key!r}-...; rename one.",
                "room",
            )
    db.session.flush()
    return found


def rename(project: Project, room: Room, name: str) -> None:
    """Call a room as the Fahrplan calls it now; its key and its recordings stay. Raises InvalidInput."""
    queries.lock_project(project.id)
    if not room_key(name):
        raise InvalidInput(f"Room {name!r} has no letter or digit that a file name could carry.", "room")
    other = find(project, name)
    if other is not None and other is not room:
        raise InvalidInput(f"Room {name!r} would be mistaken for {other.name!r}, whose key is {other.key!r}.", "room")
    room.name = name.strip()
    db.session.flush()


def set_recorders(project: Project, room: Room, prefixes: Sequence[str]) -> None:
    """Say what the names of a room's segments begin with, one for each recorder; none: its key.

    Raises InvalidInput for a malformed name and for one that another room has.
    """
    queries.lock_project(project.id)
    known = _Known(project)
    for prefix in prefixes:
        if not PREFIX.match(prefix):
            raise InvalidInput(
                f"{prefix[:80]!r} is no name of a recorder: lower-case letters, digits, - and _, at most 80.",
                "recorder",
            )
        known.leave_alone(prefix, room)
    room.recorders = list(dict.fromkeys(prefixes))
    db.session.flush()


def recorders(room: Room) -> list[str]:
    """Return what the names of a room's segments begin with, one for each recorder."""
    return room.recorders or [room.key]
