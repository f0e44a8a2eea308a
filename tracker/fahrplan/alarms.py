"""What cannot wait: talks that are public although their speakers opted out."""

from __future__ import annotations

from tracker import queries
from tracker.fahrplan import policy as rules
from tracker.fahrplan.diff import LOCK, OPTED_OUT
from tracker.models import Project, Ticket


def public_opt_outs(project: Project) -> list[Ticket]:
    """List the recordings of talks whose speakers opted out while a file of theirs may be public.

    That is over once a withdrawal is queued, or a person unlocked the talk knowing of the opt-out.
    """
    exposed = queries.exposed_talks(project.id)
    if not exposed:
        return []
    locks = queries.values_of([row.id for row in exposed], LOCK)
    asked = {
        change.ticket_id
        for change in queries.open_fahrplan_changes(project.id)
        if any(part["kind"] == rules.OPTED_OUT for part in change.parts)
    }
    return [row for row in exposed if row.id in asked or (row.state == "locked" and locks.get(row.id) == OPTED_OUT)]
