"""``fahrwerk user``: accounts. The first admin is made here; there is no default password."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tracker import projects, queries, tokens, users
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.queries import keys

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


@command.group()
def token() -> None:
    """Make, list and revoke tokens with which programs read in the name of a user."""


@token.command("add")
@click.argument("name")
@click.argument("label")
@click.option("--days", type=int, help="Days after which it is good no more; without, it is good until revoked.")
def add_token(name: str, label: str, days: int | None) -> None:
    """Make a token for the account NAME, called LABEL, and print it; it cannot be shown again."""
    with application(), transaction():
        _made, text = tokens.create(users.get(name), label, days)
    click.echo(text)


@token.command("list")
@click.argument("name", required=False)
def list_tokens(name: str | None) -> None:
    """List the tokens of the account NAME, or all: id, account, label, last use, end."""
    with application():
        for found in keys.tokens(users.get(name).id if name else None):
            used = f"used {found.last_used:%Y-%m-%d %H:%M}" if found.last_used else "never used"
            end = f"until {found.expires:%Y-%m-%d}" if found.expires else "for ever"
            click.echo(f"{found.id:<5} {found.user.name:<20} {found.name:<30} {used:<21} {end}")


@token.command("revoke")
@click.argument("token_id", type=int)
def revoke_token(token_id: int) -> None:
    """Revoke the token TOKEN_ID: no program gets in with it any more."""
    with application(), transaction():
        gone = tokens.revoke(token_id)
        told = f"Token {token_id} ({gone.name}) of {gone.user.name} is revoked."
    click.echo(told)


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
