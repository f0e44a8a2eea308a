"""Rooms: which are recorded, and what they are called."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from tracker import queries
from tracker.db import db
from tracker.fahrplan.schedule import Schedule, Talk
from tracker.models import Project


def select(schedule: Schedule, keys: Collection[str]) -> Schedule:
    """Return a schedule in which the talks outside of the rooms that are recorded cannot be recorded."""
    if not keys:
        return schedule
    talks = (
        talk if talk.unclear or talk.room_key in keys else replace(talk, unclear="its room is not recorded")
        for talk in schedule.talks
    )
    return replace(schedule, talks=tuple(talks))


def rename(project: Project, talks: Iterable[Talk]) -> None:
    """Give rooms the name the Fahrplan now has for their key, where it no longer has the old one."""
    names: dict[str, dict[str, str]] = {}
    for talk in talks:
        names.setdefault(talk.room_key, {}).setdefault(talk.room.casefold(), talk.room)
    for room in queries.rooms(project.id):
        spoken = names.get(room.key, {})
        if spoken and room.name.casefold() not in spoken:
            room.name = next(iter(spoken.values()))
    db.session.flush()
