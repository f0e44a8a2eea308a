"""The talks the tracker has, as values for the comparison."""

from __future__ import annotations

from collections.abc import Collection

from tracker import queries
from tracker.fahrplan.policy import GONE
from tracker.fahrplan.schedule import Known
from tracker.fahrplan.wanted import Wanted
from tracker.models import FahrplanChange, Project


def known_talks(project: Project, only: Collection[int] | None = None) -> list[Known]:
    """Return the scheduled talks of a project, or those of some tickets; and the talks that wait or were declined."""
    stored = queries.fahrplan_properties(project.id, only)
    begun = queries.begun_recordings(project.id)
    open_changes = queries.open_fahrplan_changes(project.id)
    waiting = {change.ticket_id: change for change in open_changes}
    known = []
    for event, row in queries.scheduled_talks(project.id, only):
        change = waiting.get(row.id)
        known.append(
            Known(
                row.id,
                row.fahrplan_id or 0,
                event.guid,
                event.source_id,
                event.occurrence,
                row.title,
                stored.get(row.id, {}),
                row.state,
                event.said,
                event.gone,
                _misses(change),
                row.id in begun,
                Wanted.read(change.wanted).properties if change is not None and change.wanted else None,
                row.room.key if row.room else "",
            )
        )
    if only is None:
        known += [_without_ticket(change) for change in open_changes if change.ticket_id is None]
    return known


def _misses(change: FahrplanChange | None) -> bool:
    """Tell whether the crew was asked about the absence of a talk, and not only told of an outage."""
    return change is not None and not change.reason and any(part["name"] == GONE for part in change.parts)


def _without_ticket(change: FahrplanChange) -> Known:
    wanted = Wanted.read(change.wanted or {})
    return Known(
        -change.id,
        0,
        wanted.guid,
        wanted.source_id,
        wanted.occurrence,
        wanted.title,
        wanted.properties,
        change.status,
    )
