"""A recording that no recorder made: a file that somebody brought."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tracker import properties
from tracker.db import now
from tracker.models import Project, Ticket
from tracker.tickets import create, guards, moves
from tracker.tickets.actor import Actor
from tracker.tickets.repair import SOURCE, check_path

ROOM = "Upload"
"""Files have no room; this one stands for it in lists and names."""


def create_from_file(
    project: Project, actor: Actor, *, title: str, source: Path, seconds: float, note: str = ""
) -> Ticket:
    """Make a recording without a schedule entry out of the file *source*, which is *seconds* long: `recorded`.

    Script B takes it from there by Record.SourceReplacement. The talk begins now, by the schedule, and has no padding:
    all of the file is offered to the cutter. Raises InvalidInput for a path that no property can hold.
    """
    start = now().replace(microsecond=0)
    path = check_path(str(source))
    ticket = create.create_recording(
        project,
        actor,
        title=title,
        room=ROOM,
        start=start,
        end=start + timedelta(seconds=max(1, round(seconds))),
        event="Created.upload",
        note=note,
    )
    properties.write(ticket, {SOURCE: path, "Record.StartPadding": "0", "Record.EndPadding": "0"})
    moves.move(ticket, guards.source_of(ticket, "merging"), actor, "Upload", f"{SOURCE}={path}")
    return ticket
