"""``fahrwerk fahrplan review|apply|undo|history|withdraw``: what people decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from tracker import projects, queries, tickets
from tracker.cli.fahrplan.imports import lines
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import InvalidInput, NotFound
from tracker.fahrplan import alarms, files, sources, verdicts, words
from tracker.fahrplan import undo as undoing
from tracker.fahrplan.verdicts import Choice, Item
from tracker.models import Project
from tracker.tickets import Actor

CREW = Actor("command line")
STAMP = 8
"""Characters that tell whether what waits is still what was shown."""
VALUE = 300
"""Characters of a value that a review shows."""


@click.command()
@click.argument("project")
def review(project: str) -> None:
    """Show what waits for a decision about the Fahrplan of PROJECT, with the number of each talk."""
    with application(), transaction():
        row = projects.get(project)
        for line in described(row):
            click.echo(line)


def described(project: Project) -> list[str]:
    """Return everything there is to decide, a line per fact."""
    source = sources.of(project)
    told = [
        f"ALARM: {words.talk(row.fahrplan_id, row.title)} is public although its speakers opted out; take it back with "
        f"`fahrwerk fahrplan withdraw {project.slug} {row.fahrplan_id}`"
        for row in alarms.public_opt_outs(project)
    ]
    told += [f"Held back: {source.outage}"] if source.outage else []
    told += [f"Everything waits: {source.hold}"] if source.hold else []
    items = verdicts.items(project)
    for item in items:
        told += _item_lines(item)
    return told + ([] if items else [f"Nothing waits in {project.slug}."])


def _item_lines(item: Item) -> list[str]:
    state = f" ({item.state})" if item.state else ""
    status = " [not wanted]" if item.status == "declined" else f" [{item.reason}]" if item.reason else ""
    head = f"#{item.id}.{item.stamp[:STAMP]} {words.talk(item.number, item.title)}{state}{status}: {item.says}"
    changes = [
        f"    {unit.name}: {words.short(unit.old, VALUE) or '(none)'} -> {words.short(unit.new, VALUE) or '(none)'}"
        f"{'  (chosen by hand here)' if unit.by_hand else ''}"
        for unit in item.units
        if unit.old or unit.new
    ]
    return [head, *changes]


@click.command()
@click.argument("project")
@click.argument("numbers", metavar="[NUMBER]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that waits, instead of numbers.")
@click.option("--field", "fields", multiple=True, metavar="NAME", help="Only this of each talk; repeatable.")
@click.option("--leave", is_flag=True, help="Leave it as it is here; the Fahrplan's word counts as heard.")
@click.option("--another", is_flag=True, help="The Fahrplan has another talk there: it gets a ticket of its own.")
def apply(
    project: str, numbers: tuple[str, ...], everything: bool, fields: tuple[str, ...], leave: bool, another: bool
) -> None:
    """Take over what waits in PROJECT, by the numbers that `review` shows; the rest goes on waiting.

    With a number as it is shown (263.4f2a81c0) nothing is done if something changed since; 263 takes what waits now.
    """
    with application(), transaction():
        row = projects.get(project)
        if everything == bool(numbers):
            raise InvalidInput("Name the numbers of what is to be decided, or --all.", "number")
        items = verdicts.items(row)
        chosen = {item.id: "" for item in items if item.status == "waiting"} if everything else _seen(items, numbers)
        wanted = fields or ("all",)
        choice = Choice(() if leave or another else wanted, wanted if leave else (), another)
        choices = {number: replace(choice, stamp=stamp) for number, stamp in sorted(chosen.items())}
        report = verdicts.decide(row, choices, CREW)
        for line in [*lines(report), *(f"left as it is: {text}" for text in report.declined)]:
            click.echo(line)
        click.echo(f"{project}: {len(chosen)} decided, {_waiting(row)} wait.")


def _seen(items: Sequence[Item], numbers: Sequence[str]) -> dict[int, str]:
    """Return the numbers that were typed with the stamp of what was seen, '' for a bare number."""
    stamps = {item.id: item.stamp for item in items}
    found = {}
    for text in numbers:
        number, _, seen = text.removeprefix("#").partition(".")
        if not (number.isascii() and number.isdigit()):
            raise InvalidInput(f"{text[:40]!r} is no number of something that waits.", "number")
        now = stamps.get(int(number), "")
        found[int(number)] = now if seen and now.startswith(seen) else seen
    return found


def _waiting(project: Project) -> int:
    return sum(item.status == "waiting" for item in verdicts.items(project))


@click.command()
@click.argument("project")
@click.argument("number", metavar="[IMPORT]", type=int, required=False)
def undo(project: str, number: int | None) -> None:
    """Take an import of PROJECT back (its number is in `history`; by default the last one).

    Only as long as nothing was done with its tickets. From then on everything waits for a review, until nothing does.
    """
    with application(), transaction():
        row = projects.get(project)
        run = undoing.get(row, number)
        report = undoing.undo(row, run, CREW)
        for line in [*(f"as before: {text}" for text in report.changed), *(f"removed: {text}" for text in report.gone)]:
            click.echo(line)
        click.echo(f"{project}: import {run.id} is undone.")


@click.command()
@click.argument("project")
@click.option("--limit", default=20, show_default=True, help="So many of the newest.")
@click.option("--save", nargs=2, metavar="IMPORT FILE", help="Write the file of an import as it was read.")
def history(project: str, limit: int, save: tuple[str, str] | None) -> None:
    """List the imports of PROJECT that changed or asked something, newest first."""
    with application():
        row = projects.get(project)
        if save is not None:
            _save(row, *save)
            return
        zone = ZoneInfo(row.time_zone)
        for run in queries.fahrplan_imports(row.id, limit):
            undone = f" (undone by {run.undone_by})" if run.undone else ""
            size = f", {run.file.size} bytes" if run.file else ""
            click.echo(
                f"{run.id} {run.created.astimezone(zone):%Y-%m-%d %H:%M} {run.kind} by {run.actor}: "
                f"{run.source} '{words.short(run.version, 40)}'{size}{undone}"
            )
            for text in words.counted(run.words, 10):
                click.echo(f"    {text}")


def _save(project: Project, number: str, file: str) -> None:
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise InvalidInput(f"{number!r} is no number of an import.", "save")
    path = Path(file)
    try:
        path.write_bytes(files.content(undoing.get(project, int(number))))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.", "save") from None
    click.echo(f"{path} is written.")


@click.command()
@click.argument("project")
@click.argument("talk", metavar="FAHRPLAN_ID", type=int)
@click.option("--reason", default="", help="For the log.")
def withdraw(project: str, talk: int, reason: str) -> None:
    """Take all public files of a talk of PROJECT back: script E removes them."""
    with application(), transaction():
        row = projects.get(project)
        found = queries.recording_by_fahrplan_id(row.id, talk)
        if found is None:
            raise NotFound(f"Project {project} has no talk {talk}.")
        count = tickets.withdraw_talk(found.id, CREW, reason)
        click.echo(f"{count} file{'s' if count != 1 else ''} of talk {talk} will be withdrawn by script E.")
