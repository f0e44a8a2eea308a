"""``fahrwerk fahrplan import``: one file into one project."""

from __future__ import annotations

from contextlib import suppress

import click
from flask import current_app

from tracker import projects, queries
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import Conflict
from tracker.fahrplan import Report, import_fahrplan, watching
from tracker.fetch import ask, fetch, shown_address
from tracker.models import Project
from tracker.tickets import Actor

IMPORTER = Actor("importer")
DOUBTS_SHOWN = 20
WAIT_S = 120
"""So long an import waits for another run over the same Fahrplan."""


class _Undone(Exception):
    """Ends a trial, so that its transaction is rolled back."""


@click.command("import")
@click.argument("project")
@click.argument("source", metavar="[FILE|URL]", required=False)
@click.option("--dry-run", is_flag=True, help="Only tell what would happen.")
def import_(project: str, source: str | None, dry_run: bool) -> None:
    """Bring the tickets of PROJECT to what a Fahrplan says; by default that of its property Fahrplan.XML.

    What its policy does not let through waits for a review. Exit code 1 if the Fahrplan cannot be had or is refused;
    then nothing was changed.
    """
    with application(), queries.only_run(projects.get(project).id, WAIT_S) as mine:
        if not mine:
            raise Conflict(f"Another run over the Fahrplan of {project} has not ended for {WAIT_S} s; try again later.")
        file, shown = _file(projects.get(project), source)
        report = Report()
        with suppress(_Undone), transaction():
            report = import_fahrplan(projects.get(project), file, IMPORTER, source=shown)
            if dry_run:
                raise _Undone
        for line in lines(report):
            click.echo(line)
        click.echo(f"{project}: {counted(report)}{' (nothing was changed: dry run)' if dry_run else ''}")


def _file(project: Project, source: str | None) -> tuple[bytes, str]:
    """Return a file and what it is called: the one that was named, else the project's, with its login.

    Whoever types an address may name one in the own network; that of the project may have been set by page.
    """
    if source is not None:
        return fetch(source, allow_private=True), shown_address(source) if "://" in source else source
    with transaction():
        plan = watching.plan(project, current_app.config["SETTINGS"].secret_key)
    if "://" not in plan.address:
        return fetch(plan.address), plan.shown
    answer = ask(plan.address, headers=plan.headers, allow_private=plan.allow_private)
    return answer.body or b"", plan.shown


def lines(report: Report) -> list[str]:
    """Return what is worth a line, the most important last."""
    lines = [f"note: {note}" for note in report.notes]
    lines += [f"doubt: {doubt}" for doubt in report.doubts[:DOUBTS_SHOWN]]
    if len(report.doubts) > DOUBTS_SHOWN:
        lines.append(f"doubt: ... and {len(report.doubts) - DOUBTS_SHOWN} more")
    for name in ("created", "rekeyed", "changed", "unlocked", "locked", "gone"):
        lines += [f"{name}: {text}" for text in getattr(report, name)]
    lines += [f"skipped: {event.where}: {event.reason}" for event in report.skipped]
    lines += [f"held: {text}" for text in report.held]
    lines += [f"no longer to be decided: {text}" for text in report.overtaken]
    lines += [f"to be decided: {text}" for text in (*report.questions, *report.pending)]
    lines += [f"ALARM: {text} is public although its speakers opted out" for text in report.alarms]
    return [*lines, f"held back: {report.loss}"] if report.loss else lines


def counted(report: Report) -> str:
    """Return how many talks there were of each kind."""
    words = {"created": "new", "doubts": "doubtful", "pending": "to be decided", "overtaken": "no longer to be decided"}
    words["elsewhere"] = "in rooms that are not recorded"
    counts = [f"{count} {words.get(name, name)}" for name, count in report.counts.items() if count]
    return ", ".join(counts) or "no events"
