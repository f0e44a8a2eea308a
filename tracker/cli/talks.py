"""``fahrwerk talk``: recordings that no Fahrplan knows, and cuts that were made in an editor."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from tracker import projects, properties, tickets
from tracker.cli.settings import application
from tracker.cli.tickets import AS, NUMBER, acting, told
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.tickets import TRACKER


@click.group()
def command() -> None:
    """Make recordings by hand, take over cuts from an editor."""


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


@command.command()
@NUMBER
@click.argument("project_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--language", required=True, help="Of the project's codes, several joined by '-'.")
@click.option("--av-delay", "delay_ms", type=int, default=0, show_default=True, help="Milliseconds; positive: late.")
@AS
def cut(number: int, project_file: Path, language: str, delay_ms: int, name: str | None) -> None:
    """Cut the recording TICKET as PROJECT_FILE does, which Shotcut or Kdenlive saved (docs/timeline.md)."""
    from scripts.media.edited import NoMarks, read_marks  # loaded when used: the help needs no media libraries
    from scripts.media.timeline import Timeline, TimelineError

    with acting(name) as user:
        ticket = tickets.start_cut(number, user)
        values = properties.merged(ticket)
        place = Path(values.get("Processing.Path.Tmp", ""), ticket.project.slug, values.get("Fahrplan.ID", ""))
        try:
            timeline = Timeline.from_json((place / "timeline.json").read_text(encoding="utf-8"))
            edit = read_marks(project_file, timeline)
        except (OSError, NoMarks, TimelineError) as error:
            raise InvalidInput(str(error)) from None
        more = tickets.More(leave_out=edit.left_out)
        done = tickets.finish_cut(number, user, edit.cut_in, edit.cut_out, language, delay_ms, more)
        said = f"{told(done)} Frames {edit.cut_in} to {edit.cut_out}, {len(edit.left_out)} parts left out."
    click.echo(said)


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
