"""``fahrwerk serve``."""

from __future__ import annotations

import click

from tracker.cli.settings import settings
from tracker.serve import serve


@click.command()
def command() -> None:
    """Run the tracker until it is told to stop (SIGTERM, Ctrl-C).

    Without FAHRWERK_DATABASE_URL it brings its own database. All settings: docs/configuration.md.
    """
    serve(settings())
