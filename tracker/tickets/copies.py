"""A talk once more: a recording ticket with the properties of another one and a number of its own."""

from __future__ import annotations

from collections.abc import Mapping

from tracker import properties
from tracker.errors import InvalidInput, NotPermitted
from tracker.models import Ticket, User
from tracker.statemachine import RECORDING
from tracker.tickets import moves
from tracker.tickets.actor import Actor
from tracker.tickets.create import create_recording

GIVEN = ("Record.StartPadding", "Record.EndPadding", "Record.SourceReplacement")
"""What people gave a recording; the other Record.* are measured by scripts or belong to the cut."""
TOLD = ("Record.Chapters", "Record.Audio", "Record.Apology")
"""What a cutter says besides the cut itself."""
OWN = ("Fahrplan.ID", "Fahrplan.GUID", "Fahrplan.Lock")
"""What ties a talk to the Fahrplan: a duplicate is in none."""


def duplicate(ticket_id: int, user: User, *, fahrplan_id: int | None = None, with_cut: bool = False) -> Ticket:
    """Make a recording ticket like another one, with its properties and encoding tickets; return it.

    It gets *fahrplan_id* or the next free one, begins where new tickets do, and is in no Fahrplan. *with_cut* copies
    what the cutter said, which the cut page then proposes. Raises InvalidInput for another type of
    ticket or a number already used, NotPermitted in an archived project.
    """
    original = moves.get(ticket_id)
    if original.project.read_only:
        raise NotPermitted(f"Project {original.project.slug} is archived; nothing in it can be changed.")
    if original.type != RECORDING:
        raise InvalidInput(f"Ticket {original.id} is a {original.type} ticket; only recordings are duplicated.")
    return create_recording(
        original.project,
        Actor.of(user),
        title=f"Duplicate of {original.title}",
        room=original.room.name if original.room else "",
        start=original.start,
        end=original.end,
        fahrplan_id=fahrplan_id,
        values=_copied(properties.own(original), with_cut),
        event="Created.duplicate",
        note=f"of ticket {original.id}",
    )


def _copied(values: Mapping[str, str], with_cut: bool) -> dict[str, str]:
    kept = (*GIVEN, *((*moves.CUT, *TOLD) if with_cut else ()))
    return {n: v for n, v in values.items() if n in kept or (not n.startswith("Record.") and n not in OWN)}
