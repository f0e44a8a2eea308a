"""Rooms of a project: found by name, renamed, and tied to the recorders that stand in them (design D12).

The key of a room stays what it was when the room came into being, so that recordings are found again; its name follows
the Fahrplan. Nobody else's recordings may begin with the key or a recorder's name of a room.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracker import queries
from tracker.db import db
from tracker.errors import InvalidInput, NotFound
from tracker.models import Project, Room
from tracker.names import room_key

PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}\Z")
"""What a recorder may put before `-YYYY-MM-DD_HH-MM-SS.ts`."""


def find(project: Project, text: str) -> Room | None:
    """Return the room that is called *text* (case does not count), else the one with that key."""
    found = queries.rooms(project.id)
    named = (room for room in found if room.name.casefold() == text.strip().casefold())
    return next(named, None) or next((room for room in found if room.key == room_key(text)), None)


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
    key = room_key(name)
    if not key:
        raise InvalidInput(f"Room {name!r} has no letter or digit that a file name could carry.", "room")
    found = find(project, name)
    if found is not None and found.name.casefold() != name.strip().casefold():
        raise InvalidInput(
            f"Rooms {found.name!r} and {name!r} would both record to files called {key!r}-...; rename one of them.",
            "room",
        )
    if found is None:
        _is_free(project, key, None)
        found = Room(project_id=project.id, key=key, name=name.strip())
        db.session.add(found)
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
    for prefix in prefixes:
        if not PREFIX.match(prefix):
            raise InvalidInput(
                f"{prefix[:80]!r} is no name of a recorder: lower-case letters, digits, - and _, at most 80.",
                "recorder",
            )
        _is_free(project, prefix, room)
    room.recorders = list(dict.fromkeys(prefixes))
    db.session.flush()


def _is_free(project: Project, prefix: str, but: Room | None) -> None:
    for room in queries.rooms(project.id):
        if room is not but and prefix in (room.key, *room.recorders):
            raise InvalidInput(f"The recordings of room {room.name!r} begin with {prefix!r}-... already.", "recorder")


def recorders(room: Room) -> list[str]:
    """Return what the names of a room's segments begin with, one for each recorder."""
    return room.recorders or [room.key]
