"""``fahrwerk project slides``: look at the slides of all talks before the event."""

from __future__ import annotations

import re
from pathlib import Path

import click

from tracker import projects, queries, slides
from tracker.cli.settings import application
from tracker.errors import InvalidInput

_SIZE = re.compile(r"([1-9]\d{1,3})x([1-9]\d{1,3})")


@click.command("slides")
@click.argument("project")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default="slides", help="Where to put them.")
@click.option("--talk", "number", type=int, metavar="ID", help="Only those of one talk.")
@click.option("--size", default="1280x720", show_default=True, metavar="WIDTHxHEIGHT", help="Pixels of the pictures.")
def command(project: str, folder: Path, number: int | None, size: str) -> None:
    """Draw intro, apology and outro of the talks of PROJECT as PNG, as the encoder will."""
    found = _SIZE.fullmatch(size)
    if found is None:
        raise InvalidInput(f"{size!r} is no size like 1280x720.")
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with application() as app:
        roots = app.config["SETTINGS"].media_roots
        row = projects.get(project)
        talks = [each for each in queries.talks(row.id) if number is None or each.fahrplan_id == number]
        for talk in talks:
            for kind, png in slides.drawn(talk, roots, (int(found[1]), int(found[2]))):
                (folder / f"{talk.fahrplan_id}-{kind}.png").write_bytes(png)
                count += 1
    click.echo(f"{count} slides of {len(talks)} talks are in {folder}.")
    if talks and not count:
        click.echo(
            "No talk has slides: set Processing.File.Intro or Processing.File.Outro to shipped, or to an SVG file."
        )
