"""``fahrwerk user``: accounts. The first admin is made here; there is no default password."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tracker import projects, queries, users
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import InvalidInput

PASSWORD_FILE = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read the password from the first line of a file; otherwise it is asked for, or read from standard input.",
)


@click.group()
def command() -> None:
    """Make, list and switch off accounts."""


@command.command()
@click.argument("name")
@click.option("--role", type=click.Choice(users.ROLES), default="user", show_default=True, help="What the user may do.")
@click.option("--project", "slugs", multiple=True, metavar="SLUG", help="Restrict to this project; may be repeated.")
@PASSWORD_FILE
def add(name: str, role: str, slugs: tuple[str, ...], password_file: Path | None) -> None:
    """Make the account NAME."""
    password = read_password(password_file)
    with application(), transaction():
        users.create(name, password, role, [projects.get(slug) for slug in slugs])
    click.echo(f"User {name} is there, with the role {role}.")


@command.command()
@click.argument("name")
@PASSWORD_FILE
def password(name: str, password_file: Path | None) -> None:
    """Give NAME a new password; open sessions end."""
    text = read_password(password_file)
    with application(), transaction():
        users.set_password(users.get(name), text)
    click.echo(f"User {name} has a new password.")


@command.command("list")
def list_() -> None:
    """List all accounts: name, role, whether it may be used, the projects it is restricted to."""
    with application():
        for user in queries.all_users():
            restricted = ", ".join(project.slug for project in user.projects) or "all projects"
            click.echo(f"{user.name:<20} {user.role:<10} {'active' if user.active else 'off':<7} {restricted}")


@command.command()
@click.argument("name")
def disable(name: str) -> None:
    """Switch the account NAME off; open sessions end."""
    with application(), transaction():
        users.set_active(users.get(name), False)
    click.echo(f"User {name} is switched off.")


@command.command()
@click.argument("name")
def enable(name: str) -> None:
    """Switch the account NAME on again."""
    with application(), transaction():
        users.set_active(users.get(name), True)
    click.echo(f"User {name} is switched on.")


def read_password(file: Path | None) -> str:
    """Read a password: from *file*, from standard input, or, at a terminal, asked for twice without echo."""
    if file is not None:
        try:
            return _first_line(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"The password cannot be read from {file}: {error}", "password") from error
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return _first_line(sys.stdin.readline())


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0].rstrip("\r")
