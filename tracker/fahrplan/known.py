"""The talks the tracker has, as values for the comparison."""

from __future__ import annotations

from collections.abc import Collection

from tracker import queries
from tracker.fahrplan.decide import OUTAGE
from tracker.fahrplan.diff import LOCK
from tracker.fahrplan.policy import GONE
from tracker.fahrplan.schedule import Known
from tracker.fahrplan.wanted import Wanted
from tracker.models import FahrplanChange, Project


def known_talks(project: Project, only: Collection[int] | None = None, *, light: bool = False) -> list[Known]:
    """Return the scheduled talks of a project, or those of some tickets; and the talks that wait or were declined.

    *light* ones come without most properties: in most versions of a Fahrplan hardly any talk says anything new.
    """
    rows = queries.known_rows(project.id, only)
    heavy = [row.recording_id for row in rows if row.said is None] if light else only
    stored = queries.fahrplan_properties(project.id, heavy)
    locks = queries.fahrplan_properties(project.id, only, LOCK) if light else {}
    begun = queries.begun_recordings(project.id)
    open_changes = queries.open_fahrplan_changes(project.id)
    waiting = {change.ticket_id: change for change in open_changes}
    known = []
    for row in rows:
        number, change = row.recording_id, waiting.get(row.recording_id)
        known.append(
            Known(
                number,
                row.fahrplan_id or 0,
                row.guid,
                row.source_id,
                row.occurrence,
                row.title,
                stored.get(number, locks.get(number, {})),
                row.state,
                row.said,
                row.gone,
                _misses(change),
                number in begun,
                Wanted.read(change.wanted).properties if change is not None and change.wanted else None,
                row.room_key or "",
                light and row.said is not None,
            )
        )
    if only is None:
        known += [_without_ticket(change) for change in open_changes if change.ticket_id is None]
    return known


def _misses(change: FahrplanChange | None) -> bool:
    """Tell whether the crew was asked about the absence of a talk, and not only told of an outage."""
    return change is not None and change.reason != OUTAGE and any(part["name"] == GONE for part in change.parts)


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
