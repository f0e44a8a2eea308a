"""``fahrwerk serve``."""

from __future__ import annotations

import click

from tracker.cli.settings import settings
from tracker.serve import serve


@click.command()
def command() -> None:
    """Run the tracker until it is told to stop (SIGTERM, Ctrl-C).

    Without FAHRWERK_DATABASE_URL it brings its own database. What the crew is to be told of the Fahrplan is delivered
    from here, too. All settings: docs/configuration.md.
    """
    from tracker.cli.fahrplan.watch import deliver

    serve(settings(), deliver)
