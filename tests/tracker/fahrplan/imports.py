"""A small conference, imported again and again."""

from __future__ import annotations

from typing import Any

from tests.tracker.fahrplan.samples import event, schedule
from tracker import properties, queries, tickets
from tracker.fahrplan import Report, import_fahrplan
from tracker.models import Project, Ticket
from tracker.tickets import TRACKER, moves

SEVEN = [event(n) for n in range(1, 8)]


def but(number: int, **fields: Any) -> list[str]:
    """Return the seven talks with one that says something else."""
    return [event(n, **fields) if n == number else each for n, each in enumerate(SEVEN, 1)]


def run(project: Project, *events: str, **more: Any) -> Report:
    """Import these events."""
    return import_fahrplan(project, schedule(*events, **more), TRACKER, source="test.xml")


def talk(project: Project, number: int) -> Ticket:
    """Return the recording ticket with this Fahrplan.ID."""
    found = queries.recording_by_fahrplan_id(project.id, number)
    assert found is not None
    return found


def state(project: Project, number: int) -> str:
    """Return the state of a talk."""
    return talk(project, number).state


def stored(project: Project, number: int) -> dict[str, str]:
    """Return the properties of a talk."""
    return properties.own(talk(project, number))


def put(project: Project, number: int, target: str, *, by_hand: bool = False) -> None:
    """Move a talk to a state."""
    moves.move(tickets.lock(talk(project, number).id), target, TRACKER, "test", by_hand=by_hand)


def put_file(project: Project, number: int, target: str) -> Ticket:
    """Move the file of a talk in the format hd to a state."""
    child = next(c for c in talk(project, number).children if c.profile_version.profile.slug == "hd")
    moves.move(tickets.lock(child.id), target, TRACKER, "test")
    return child


def everything(project: Project) -> list[tuple[Any, ...]]:
    """Return all that an import may change of the talks of a project."""
    return [
        (row.title, row.state, row.start, row.end, row.room_id, event.guid, event.source_id, properties.own(row))
        for event, row in queries.scheduled_talks(project.id)
    ]
