"""The command ``fahrwerk``. Groups live in modules beside this one and are loaded when used.

A worker's host has neither Flask nor SQLAlchemy: nothing here may import them, and the help comes from the table.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Any

import click

from tracker.errors import TrackerError

log = logging.getLogger(__name__)

COMMANDS = {
    "serve": ("tracker.cli.serve", "Run the tracker."),
    "db": ("tracker.cli.db", "Upgrade, look at, export or import the database."),
    "user": ("tracker.cli.users", "Make, list and switch off accounts."),
    "project": ("tracker.cli.projects", "Make and change projects."),
    "profile": ("tracker.cli.profiles", "Make, change and try encoding profiles."),
    "ticket": ("tracker.cli.tickets", "Look at tickets and change them by hand."),
    "talk": ("tracker.cli.talks", "Make recordings by hand."),
    "room": ("tracker.cli.rooms", "Rename rooms, and say which recorders stand in them."),
    "coverage": ("tracker.cli.coverage", "Tell what the rooms recorded, and what is missing of which talk."),
    "fahrplan": ("tracker.cli.fahrplan", "Import and watch schedules, decide about their changes."),
    "group": ("tracker.cli.groups", "Make and change worker groups."),
    "workers": ("tracker.cli.workers", "See, hold and end the workers of the tracker."),
    "worker": ("tracker.cli.worker", "Run one of the scripts that do the work."),
    "doctor": ("tracker.cli.doctor", "Check what this machine has and lacks."),
    "demo": ("tracker.cli.demo", "Run an invented conference through the whole pipeline."),
}
"""Name -> module that holds ``command``, line of help."""

OURS = ("tracker", "scripts", "demo", "migrations")


class Lazy(click.Group):
    """A group that loads a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command. Raises ClickException when packages that it needs are not installed."""
        if cmd_name not in COMMANDS:
            return None
        try:
            command = import_module(COMMANDS[cmd_name][0]).command
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] in OURS:
                raise
            extra = "demo" if cmd_name == "demo" else "server"
            raise click.ClickException(
                f"`fahrwerk {cmd_name}` needs the package {error.name}: pip install 'fahrwerk[{extra}]'"
            ) from error
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fahrwerk", message="%(prog)s %(version)s")
def cli() -> None:
    """Fahrwerk carries a conference talk from the Fahrplan to a released video."""


def main(args: list[str] | None = None) -> Any:
    """Run the command; what is refused is a sentence on standard error and exit code 1."""
    try:
        return cli(args, prog_name="fahrwerk")
    except TrackerError as error:
        click.echo(f"fahrwerk: {error}", err=True)
    except Exception:  # the boundary: a bug leaves a traceback in the log and a sentence for the person
        log.exception("unexpected")
        click.echo("fahrwerk: this should not happen; please report the lines above.", err=True)
    sys.exit(1)
