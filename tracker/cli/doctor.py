"""``fahrwerk doctor``."""

from __future__ import annotations

import os
import sys

import click

from tracker.doctor import examine


@click.command()
def command() -> None:
    """Check what this machine has and lacks for the server: one line each, exit code 1 when something is wrong."""
    bad = 0
    for finding in examine(os.environ):
        bad += not finding.good
        click.echo(f"{'ok  ' if finding.good else 'FAIL'}  {finding.subject:<9} {finding.text}")
    sys.exit(1 if bad else 0)
