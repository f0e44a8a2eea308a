"""``fahrwerk coverage``: what the rooms of a project recorded, and what is missing of which talk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracker import projects, properties, queries, rooms
from tracker.cli.settings import application
from tracker.errors import InvalidInput
from tracker.models import Project

if TYPE_CHECKING:
    from scripts.coverage import Room
    from scripts.schedule import Plan

RAW = "Processing.Path.Raw"
MOST_TALKS = 100_000


@click.command()
@click.argument("project")
@click.option("--room", default="", help="Only this room, by its name or key.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Only talks that begin on this day, local time.")
@click.option("--json", "as_json", is_flag=True, help="All of it, for programs.")
def command(project: str, room: str, day: datetime | None, as_json: bool) -> None:
    """Tell per room of PROJECT what is recorded, missing and doubtful, and the talks that it touches.

    To be run where the raw recordings are mounted; nothing is changed.
    """
    from scripts.coverage import coverage  # loaded when used: the help needs no media libraries
    from scripts.media.segments import NoFolder

    now = datetime.now(UTC)
    with application():
        row = projects.get(project)
        key = rooms.get(row, room).key if room else ""
        raw, talks = _raw(row), list(_talks(row))
        slug = row.slug
    try:
        found = coverage(raw, talks, now, lambda at, plan: _wanted(at, plan, key, day.date() if day else None))
    except NoFolder as error:
        raise InvalidInput(str(error)) from None
    if as_json:
        said: dict[str, Any] = {"project": slug, "at": now.isoformat(), "rooms": [each.as_dict() for each in found]}
        click.echo(json.dumps(said, ensure_ascii=False, indent=1))
    else:
        click.echo("\n\n".join("\n".join(_lines(each)) for each in found) or f"Project {slug} has no recordings.")


def _wanted(at: str, plan: Plan | None, key: str, day: date | None) -> bool:
    return key in ("", at) and (day is None or (plan is not None and plan.begins.date() == day))


def _raw(project: Project) -> Path:
    text = properties.own(project).get(RAW, "")
    if not text.startswith("/"):
        raise InvalidInput(f"{RAW} of project {project.slug} names no folder; set it on the project's page.")
    return Path(text)


def _talks(project: Project) -> Iterator[tuple[int, str, dict[str, str]]]:
    for ticket in queries.find_tickets(project.id, kind="recording", limit=MOST_TALKS):
        if ticket.state != "locked":
            yield ticket.id, ticket.title, properties.merged(ticket)


def _lines(room: Room) -> Iterator[str]:
    """Write a room: its talks, then what is missing and doubtful."""
    recorders = f" ({', '.join(room.recorders.split())})" if room.recorders not in ("", room.key) else ""
    yield f"{room.key or 'Talks whose place or time is not known'}{recorders}"
    for talk in room.talks:
        when = f"{talk.span[0]:%Y-%m-%d %H:%M:%S} - {talk.span[1]:%H:%M:%S}" if talk.span else " " * 30
        lost = sum((end - begin).total_seconds() for begin, end in talk.missing)
        more = f", {lost:.1f} s missing" if lost else ""
        yield f"  {when}  {talk.number:>6}  {talk.verdict}{more}  {talk.title[:60]}"
    for (begin, end), talks in room.missing():
        seconds = (end - begin).total_seconds()
        yield f"  missing  {begin:%Y-%m-%d %H:%M:%S} - {end:%H:%M:%S} ({seconds:.1f} s), talks {', '.join(talks)}"
    for said, talks in room.doubtful():
        yield f"  doubtful {said} Talks {', '.join(talks)}."
