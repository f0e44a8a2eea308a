"""``fahrwerk fahrplan policy|source|tell``: what is done about changes, how the source is asked, who is told."""

from __future__ import annotations

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from tracker import projects, properties, queries, rooms
from tracker.cli.settings import application
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.fahrplan import access, sources, watching
from tracker.fahrplan.policy import ACTIONS, CLASSES
from tracker.fetch import shown_address
from tracker.models import FahrplanSource, Project
from tracker.names import room_key
from tracker.settings import Settings

SECRET_FILE = click.option(
    "--secret-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read the secret from the first line of a file; otherwise from standard input.",
)


@click.command()
@click.argument("project")
@click.option(
    "--set",
    "rules",
    multiple=True,
    metavar="CLASS=ACTION[,ACTION]",
    help=f"Before a talk is recorded, and from then on; repeatable. Actions: {', '.join(ACTIONS)}.",
)
@click.option("--loss-share", type=float, help="Share of the talks that vanishes at once only in an outage.")
@click.option("--loss-count", type=int, help="Least number of talks that do.")
@click.option("--resume", is_flag=True, help="Let policies decide again after an undo.")
def policy(
    project: str, rules: tuple[str, ...], loss_share: float | None, loss_count: int | None, resume: bool
) -> None:
    """Show or change what is done about each class of change of the Fahrplan of PROJECT."""
    with application(), transaction():
        row = projects.get(project)
        source = sources.configure(
            row,
            actions=dict(map(_rule, rules)) if rules else None,
            loss_share=loss_share,
            loss_count=loss_count,
            hold="" if resume else None,
        )
        for kind, (before, after) in sources.policy_of(source).rules.items():
            click.echo(f"{kind:<18} {before:<7} once recording has begun: {after}")
        click.echo(f"outage: {source.loss_count} talks and {source.loss_share:.0%} of them missing at once")
        if source.hold:
            click.echo(f"everything waits: {source.hold}")


def _rule(word: str) -> tuple[str, tuple[str, str]]:
    kind, _, actions = word.partition("=")
    before, _, after = actions.partition(",")
    if kind.strip() not in CLASSES or not before:
        raise InvalidInput(
            f"{word!r}: write CLASS=ACTION or CLASS=ACTION,ACTION; classes: {', '.join(CLASSES)}.", "set"
        )
    return kind.strip(), (before.strip(), after.strip() or before.strip())


@click.command()
@click.argument("project")
@click.option("--every", type=int, metavar="SECONDS", help="Ask so often.")
@click.option("--pause/--resume", "paused", default=None, help="Do not watch it for now, or again.")
@click.option("--allow-private/--public-only", default=None, help="Ask also addresses in the own network, or not.")
@click.option("--auth", type=click.Choice(access.KINDS), help="How to log in; the secret is read.")
@click.option("--login", default="", help="User (basic), name of the header (header) or scheme (token).")
@click.option("--room", "names", multiple=True, metavar="NAME", help="Record only this room; repeatable; 'all'.")
@SECRET_FILE
def source(
    project: str,
    every: int | None,
    paused: bool | None,
    allow_private: bool | None,
    auth: str | None,
    login: str,
    names: tuple[str, ...],
    secret_file: Path | None,
) -> None:
    """Show or change how the Fahrplan of PROJECT is watched, and which rooms of it are recorded."""
    with application() as app, transaction():
        settings: Settings = app.config["SETTINGS"]
        row = projects.get(project)
        watching.configure(row, every_s=every, paused=paused, allow_private=allow_private)
        if auth is not None:
            secret = read_secret(secret_file) if auth != "none" else ""
            access.set_login(row, auth, login, secret, settings.secret_key)
        if names:
            sources.select_rooms(row, [] if "all" in names else [_key(row, name) for name in names])
        for line in described(row, settings):
            click.echo(line)


def _key(project: Project, name: str) -> str:
    """Return the key of a room that is to be recorded; of one the project does not have yet, the key it will get."""
    found = rooms.find(project, name)
    key = found.key if found is not None else room_key(name)
    if not key:
        raise InvalidInput(f"Room {name!r} has no letter or digit that a file name could carry.", "room")
    return key


def described(project: Project, settings: Settings) -> list[str]:
    """Return how a Fahrplan is watched and what came of it, a line per fact; no secret is in it."""
    row = sources.of(project)
    address = properties.own(project).get("Fahrplan.XML", "")
    facts = {
        "address": shown_address(address) if "://" in address else address or "none; set Fahrplan.XML",
        "login": access.login_kind(row, settings.secret_key),
        "every": f"{row.every_s} s{' (paused)' if row.paused else ''}",
        "network": "private addresses, too" if row.allow_private else "public addresses only",
        "rooms": ", ".join(row.rooms) or "all",
        "last success": _clock(project, row, "last_success"),
        "last failure": _clock(project, row, "last_failure") + (f": {row.failure}" if row.failure else ""),
        "next try": _clock(project, row, "next_try"),
    }
    return [f"{name:<13} {text}" for name, text in facts.items()]


def _clock(project: Project, row: FahrplanSource, name: str) -> str:
    moment = getattr(row, name)
    return f"{moment.astimezone(ZoneInfo(project.time_zone)):%Y-%m-%d %H:%M:%S}" if moment else "none"


@click.command()
@click.argument("project")
@click.option("--webhook", metavar="URL", help="POST every change set there as JSON; '-' reads it, 'none' ends it.")
@click.option("--signed", is_flag=True, help="Sign what is posted with a secret that is read.")
@click.option("--mail", "mail", multiple=True, metavar="ADDRESS", help="Send mail there; repeatable; 'none'.")
@SECRET_FILE
def tell(project: str, webhook: str | None, signed: bool, mail: tuple[str, ...], secret_file: Path | None) -> None:
    """Show or change who is told of changes of the Fahrplan of PROJECT."""
    with application() as app, transaction():
        settings: Settings = app.config["SETTINGS"]
        row = projects.get(project)
        if webhook is not None:
            url = "" if webhook == "none" else _line() if webhook == "-" else webhook
            access.set_webhook(row, url, read_secret(secret_file) if signed else "", settings.secret_key)
        if mail:
            watching.configure(row, mail_to=[address for address in mail if address != "none"])
        for line in _told(row, settings):
            click.echo(line)


def _told(project: Project, settings: Settings) -> list[str]:
    """Return who is told, and what could not be delivered."""
    source = sources.of(project)
    unset = "" if settings.smtp_url else " (FAHRWERK_SMTP_URL is not set)"
    lines = [
        f"webhook  {access.shown_webhook(source, settings.secret_key) or 'none'}",
        f"mail     {', '.join(source.mail_to) or 'nobody'}{unset}",
    ]
    for message in queries.unsent_messages(project.id):
        state = "given up" if message.given_up else f"next try {message.next_try:%Y-%m-%d %H:%M} UTC"
        why = message.error or "not tried yet"
        lines.append(f"not delivered: {message.subject} ({message.channel}, {state}): {why}")
    return lines


def read_secret(file: Path | None) -> str:
    """Read a secret: from *file*, from standard input, or, at a terminal, asked for without echo."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"The secret cannot be read from {file}: {error}", "secret") from None
    if sys.stdin.isatty():
        return str(click.prompt("Secret", hide_input=True))
    return _line()


def _line() -> str:
    return sys.stdin.readline().rstrip("\r\n")
