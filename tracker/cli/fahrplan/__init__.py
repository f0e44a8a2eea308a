"""``fahrwerk fahrplan``: schedules into projects, watched, reviewed, taken back."""

from __future__ import annotations

import click

from tracker.cli.fahrplan import decisions, imports, policies, watch


@click.group()
def command() -> None:
    """Import schedules, watch them, decide about their changes."""


for _each in (
    imports.import_,
    watch.watch,
    decisions.review,
    decisions.apply,
    decisions.undo,
    decisions.history,
    decisions.withdraw,
    policies.policy,
    policies.source,
    policies.tell,
):
    command.add_command(_each)
