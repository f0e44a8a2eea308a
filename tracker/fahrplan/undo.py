"""Taking an import back, as long as nothing was done with its tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tracker import properties, queries, tickets
from tracker.db import db, now
from tracker.errors import Conflict, NotFound, ProjectReadOnly
from tracker.fahrplan import sources, words
from tracker.fahrplan.report import Report
from tracker.models import FahrplanChange, FahrplanImport, Project, ScheduleEvent, Ticket
from tracker.tickets import Actor, moves

NAMED = 5
"""So many talks are named in a refusal."""


def get(project: Project, import_id: int | None = None) -> FahrplanImport:
    """Return an import of a project, without a number the last one that was not undone. Raises NotFound."""
    if import_id is None:
        found = queries.last_import(project.id, undone=False)
    else:
        found = queries.fahrplan_import(project.id, import_id) if 0 < import_id < 2**31 else None
    if found is None:
        raise NotFound(f"Project {project.slug} has no import{f' {import_id}' if import_id else ' to undo'}.")
    return found


def undo(project: Project, run: FahrplanImport, actor: Actor) -> Report:
    """Bring every talk that an import changed back to what it was; talks that it made are removed.

    From then on all changes wait for the crew, until nothing waits any more: the next version would only bring back
    what was undone. Raises Conflict, naming the talks, when something was done with a ticket since; then nothing is
    changed.
    """
    if project.read_only:
        raise ProjectReadOnly(f"Project {project.slug} is archived; nothing in it can be changed.")
    queries.lock_project(project.id)
    db.session.flush()
    db.session.expire_all()  # who waited for the lock sees what the one before did
    if run.undone is not None:
        raise Conflict(f"Import {run.id} was undone already, by {run.undone_by}.")
    changes = queries.fahrplan_changes(run.id, ("applied", "declined"))
    queries.lock_talks([change.ticket_id for change in changes if change.ticket_id is not None])
    _untouched(run, changes)
    report = Report(import_id=run.id)
    made = [change for change in changes if change.before is None and change.ticket_id is not None]
    _remove(project, made, report)  # first: other talks may get their keys back
    _restore(project, [change for change in changes if change.before is not None], actor, report)
    for change in changes:
        change.status = "undone"
    run.undone, run.undone_by = now(), actor.name
    source = sources.of(project)
    source.hold = f"{actor.name} undid import {run.id}."
    sources.look_again(project)
    return report


def _untouched(run: FahrplanImport, changes: Sequence[FahrplanChange]) -> None:
    """Raise Conflict unless the last thing in the log of each talk is what the import wrote there."""
    last = queries.last_log_rows([change.ticket_id for change in changes if change.ticket_id is not None])
    busy = [change for change in changes if change.wanted is None and last.get(change.ticket_id or 0) != change.log_id]
    if not busy:
        return
    names = ", ".join(f"'{words.short(change.title, 60)}'" for change in busy[:NAMED])
    more = f" and {len(busy) - NAMED} more" if len(busy) > NAMED else ""
    raise Conflict(f"Import {run.id} cannot be undone: something was done since with {names}{more}.")


def _restore(project: Project, changes: Sequence[FahrplanChange], actor: Actor, report: Report) -> None:
    """Give the talks back what they had; keys that were exchanged step out of each other's way first."""
    rows = {event.recording_id: event for event, _ in queries.scheduled_talks(project.id)}
    rekeyed = []
    for change in changes:
        before, row = change.before or {}, rows[change.ticket_id or 0]
        _restore_talk(tickets.get(row.recording_id), row, before, change.status == "applied", actor, report)
        if [row.guid, row.source_id, row.occurrence] != before["keys"]:
            rekeyed.append((row, before["keys"]))
            row.occurrence = -row.recording_id
    db.session.flush()
    for row, keys in rekeyed:
        row.guid, row.source_id, row.occurrence = keys
    db.session.flush()


def _restore_talk(
    ticket: Ticket, row: ScheduleEvent, before: Mapping[str, Any], applied: bool, actor: Actor, report: Report
) -> None:
    values = {name: text for name, text in before["properties"].items() if applied or name == "Fahrplan.Lock"}
    properties.write(ticket, values)
    ticket.title = before["title"]
    tickets.retime(ticket, before["room"], _moment(before["start"]), _moment(before["end"]))
    said = {**(row.said or {}), **before["said"]}
    row.said = {name: text for name, text in said.items() if text}
    row.gone = before["gone"]
    moves.touch(ticket)
    if ticket.state != before["state"]:
        moves.move(ticket, before["state"], actor, "Fahrplan.undone")
    else:
        moves.log(ticket, actor, "Fahrplan.undone", "", ticket.state, ticket.state)
    report.changed.append(f"{ticket.fahrplan_id} '{ticket.title[:60]}'")


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _remove(project: Project, made: Sequence[FahrplanChange], report: Report) -> None:
    """Delete the talks that an import made and nobody touched, with what hangs on them and what waits about them."""
    numbers = [change.ticket_id for change in made if change.ticket_id is not None]
    found = [tickets.get(number) for number in numbers]
    report.gone += [f"{ticket.fahrplan_id} '{ticket.title[:60]}'" for ticket in found]
    for change in queries.open_fahrplan_changes(project.id):
        if change.ticket_id in numbers:  # without its ticket it would look like a talk that is new
            change.status = "undone"
    db.session.flush()
    rooms = {ticket.room_id for ticket in found if ticket.room_id is not None}
    queries.delete_tickets(numbers)
    queries.delete_unused_rooms(rooms)
    db.session.expire_all()
