"""``fahrwerk talk``: recordings that no Fahrplan knows."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from tracker import projects, tickets
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.tickets import TRACKER


@click.group()
def command() -> None:
    """Make recordings by hand."""


@command.command()
@click.argument("project")
@click.option("--title", required=True)
@click.option("--room", required=True, help="Name of the room; its key begins the names of its segments.")
@click.option("--start", required=True, metavar="'YYYY-MM-DD HH:MM'", help="In the time zone of the project.")
@click.option("--end", required=True, metavar="'YYYY-MM-DD HH:MM'", help="In the time zone of the project.")
@click.option("--id", "fahrplan_id", type=int, help="Fahrplan.ID; without it the next free one.")
def add(project: str, title: str, room: str, start: str, end: str, fahrplan_id: int | None) -> None:
    """Make a recording ticket in PROJECT, with its encoding tickets."""
    with application(), transaction():
        row = projects.get(project)
        zone = ZoneInfo(row.time_zone)
        ticket = tickets.create_recording(
            row,
            TRACKER,
            title=title,
            room=room,
            start=moment(start, zone, "start"),
            end=moment(end, zone, "end"),
            fahrplan_id=fahrplan_id,
        )
        told = f"Ticket {ticket.id}: talk {ticket.fahrplan_id}, {len(ticket.children)} encodings."
    click.echo(told)


def moment(text: str, zone: ZoneInfo, field: str) -> datetime:
    """Read a local date and time. Raises InvalidInput, naming *field*, also for one that the change of clocks skips."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{field} {text!r}: write it like '2026-05-01 10:00'.", field) from None
    if local.tzinfo is not None:
        return local
    found = local.replace(tzinfo=zone)
    if found.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise InvalidInput(f"{field} {text!r} does not exist in {zone.key}: clocks are put forward there.", field)
    return found
