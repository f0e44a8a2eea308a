"""``fahrwerk fahrplan``: schedules into projects."""

from __future__ import annotations

from contextlib import suppress

import click

from tracker import projects, properties
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import FahrplanError
from tracker.fahrplan import Report, import_fahrplan
from tracker.fetch import fetch, shown_address
from tracker.models import Project
from tracker.tickets import Actor

IMPORTER = Actor("importer")
DOUBTS_SHOWN = 20


class _Undone(Exception):
    """Ends a trial, so that its transaction is rolled back."""


@click.group()
def command() -> None:
    """Import schedules."""


@command.command("import")
@click.argument("project")
@click.argument("source", metavar="[FILE|URL]", required=False)
@click.option("--dry-run", is_flag=True, help="Only tell what would happen.")
def import_(project: str, source: str | None, dry_run: bool) -> None:
    """Bring the tickets of PROJECT to what a Fahrplan says; by default that of its property Fahrplan.XML.

    Exit code 1 if the Fahrplan cannot be had or is refused; then nothing was changed.
    """
    with application():
        row = projects.get(project)
        source = source or source_of(row)
        xml = fetch(source, allow_private=True)
        shown = shown_address(source) if "://" in source else source
        report = Report()
        with suppress(_Undone), transaction():
            report = import_fahrplan(row, xml, IMPORTER, source=shown)
            if dry_run:
                raise _Undone
        for line in lines(report):
            click.echo(line)
        click.echo(f"{project}: {_counts(report)}{' (nothing was changed: dry run)' if dry_run else ''}")


def source_of(project: Project) -> str:
    """Return where the Fahrplan of a project is. Raises FahrplanError if nobody said so."""
    source = properties.own(project).get("Fahrplan.XML", "")
    if not source:
        raise FahrplanError(
            f"Project {project.slug} has no property Fahrplan.XML; set it, or name a file or an address."
        )
    return source


def lines(report: Report) -> list[str]:
    """Return what is worth a line, the most important last."""
    lines = [f"note: {note}" for note in report.notes]
    lines += [f"doubt: {doubt}" for doubt in report.doubts[:DOUBTS_SHOWN]]
    if len(report.doubts) > DOUBTS_SHOWN:
        lines.append(f"doubt: ... and {len(report.doubts) - DOUBTS_SHOWN} more")
    for name in ("created", "rekeyed", "changed", "unlocked", "locked", "gone"):
        lines += [f"{name}: {text}" for text in getattr(report, name)]
    lines += [f"skipped: {event.where}: {event.reason}" for event in report.skipped]
    lines += [f"to be decided: {text}" for text in report.pending]
    return [*lines, f"held back: {report.loss}"] if report.loss else lines


def _counts(report: Report) -> str:
    words = {"created": "new", "doubts": "doubtful", "pending": "to be decided"}
    counted = [f"{count} {words.get(name, name)}" for name, count in report.counts.items() if count]
    return ", ".join(counted) or "no events"
