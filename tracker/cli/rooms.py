"""``fahrwerk room``: the rooms of a project and their recorders."""

from __future__ import annotations

import click

from tracker import projects, queries, rooms
from tracker.cli.settings import application
from tracker.db import transaction


@click.group()
def command() -> None:
    """Rename rooms, and say which recorders stand in them."""


@command.command("list")
@click.argument("project")
def list_(project: str) -> None:
    """List the rooms of PROJECT: key, recorders, name, and the guid that the Fahrplan gives."""
    with application():
        for room in queries.rooms(projects.get(project).id):
            guid = f" [{room.guid}]" if room.guid else ""
            click.echo(f"{room.key:<20} {', '.join(rooms.recorders(room)):<30} {room.name}{guid}")


@command.command()
@click.argument("project")
@click.argument("name")
def add(project: str, name: str) -> None:
    """Make the room NAME of PROJECT; a Fahrplan then no longer asks whether another room was renamed to it."""
    with application(), transaction():
        made = rooms.of(projects.get(project), name)
        key = made.key
    click.echo(f"Room {name} is there; its recordings begin with {key}-.")


@command.command("set")
@click.argument("project")
@click.argument("room")
@click.option("--name", help="What the Fahrplan calls it now; its key and its recordings stay.")
@click.option(
    "--recorder",
    "recorders",
    multiple=True,
    metavar="PREFIX",
    help="What the names of its segments begin with, one for each recorder; repeatable; 'none' for the key.",
)
def set_(project: str, room: str, name: str | None, recorders: tuple[str, ...]) -> None:
    """Change what is named of the ROOM (its name or key) of PROJECT, and leave the rest."""
    with application(), transaction():
        row = projects.get(project)
        found = rooms.get(row, room)
        if name is not None:
            rooms.rename(row, found, name)
        if recorders:
            rooms.set_recorders(row, found, [prefix for prefix in recorders if prefix != "none"])
        told = f"Room {found.name} is recorded as {', '.join(rooms.recorders(found))}."
    click.echo(told)
