"""``fahrwerk db``: the database as a whole."""

from __future__ import annotations

from pathlib import Path

import click

from tracker import database
from tracker.cli.settings import settings

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def command() -> None:
    """Upgrade, look at, export or import the database."""


@command.command()
def upgrade() -> None:
    """Bring the tables to the revision of this version."""
    with database.connected(settings()) as ready:
        database.upgrade(ready.database_url)
        click.echo(f"The database is at revision {database.head()}.")


@command.command()
def status() -> None:
    """Show where the database is, its revision, version and size; exit code 1 when it needs an upgrade."""
    found = settings()
    with database.connected(found) as ready:
        seen = database.status(ready.database_url)
        place = f"embedded, in {found.data_dir}" if found.embedded else database.shown(ready.database_url)
        click.echo(f"database   {place}")
        click.echo(f"server     PostgreSQL {seen.server}")
        click.echo(f"size       {seen.size / 1e6:.1f} MB")
        click.echo(f"revision   {seen.revision or 'none'}; this Fahrwerk needs {seen.head}")
        database.check(ready.database_url)


@command.command("export")
@click.argument("file", type=FILE)
def export_(file: Path) -> None:
    """Write the whole database to the new FILE, in the custom format of pg_dump."""
    with database.connected(settings()) as ready:
        database.export(ready.database_url, file)
        click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


@command.command("import")
@click.argument("file", type=FILE)
def import_(file: Path) -> None:
    """Read a FILE that `fahrwerk db export` wrote into an empty database, all or nothing."""
    with database.connected(settings()) as ready:
        database.restore(ready.database_url, file)
        seen = database.status(ready.database_url)
        click.echo(f"Imported; the database is at revision {seen.revision}.")
        database.check(ready.database_url)
