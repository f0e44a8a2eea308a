"""``fahrwerk workers``: the scripts that called, what they hold, and what people tell them."""

from __future__ import annotations

from datetime import timedelta

import click

from tracker import queries
from tracker.cli.settings import application
from tracker.db import now, transaction
from tracker.models import Ticket, Worker
from tracker.workers import fleet

SHOWN_FOR = timedelta(days=2)
NAME = click.argument("name", metavar="NAME|GROUP/NAME")


@click.group()
def command() -> None:
    """See the workers, hold, command, end and forget them. (`fahrwerk worker` runs one.)"""


@command.command("list")
def list_() -> None:
    """List the workers of the last two days: group and name, last sign of life, what they do."""
    with application():
        for worker, ticket in queries.all_workers(now() - SHOWN_FOR):
            click.echo(f"{worker.group.name + '/' + worker.name:<44} {ago(worker):>8}  {state(worker, ticket)}")


@command.command()
@NAME
def hold(name: str) -> None:
    """Give a worker no new work; what it has it may finish."""
    with application(), transaction():
        fleet.hold(fleet.get(name))
    click.echo(f"{name} is held.")


@command.command()
@NAME
def release(name: str) -> None:
    """Give a held worker work again."""
    with application(), transaction():
        fleet.release(fleet.get(name))
    click.echo(f"{name} gets work.")


@command.command("command")
@NAME
@click.argument("text")
def command_(name: str, text: str) -> None:
    """Queue a command: the worker's next ping gets it instead of OK. '' takes one back."""
    with application(), transaction():
        fleet.command(fleet.get(name), text)
    click.echo(f"{name} will get it with its next ping." if text.strip() else f"Nothing waits for {name}.")


@command.command()
@NAME
@click.option("--now", "at_once", is_flag=True, help="Give the ticket back instead of finishing it.")
def terminate(name: str, at_once: bool) -> None:
    """Tell a script of ours to end: after its job, or now."""
    with application(), transaction():
        fleet.terminate(fleet.get(name), at_once=at_once)
    click.echo(f"{name} will end {'at once' if at_once else 'after its job'}.")


@command.command()
@NAME
def forget(name: str) -> None:
    """Delete a worker that is silent; tickets it holds return, its name stays in the log."""
    with application(), transaction():
        returned = fleet.forget(fleet.get(name))
    click.echo(f"{name} is gone; {returned} tickets returned.")


def ago(worker: Worker) -> str:
    """Say how long ago a worker was heard of."""
    seconds = max(0, int((now() - worker.last_seen).total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def state(worker: Worker, ticket: Ticket | None) -> str:
    """Say what a worker does, and what about it is unusual."""
    words = [f"ticket {ticket.id} {ticket.state} {ticket.percent:.0f} % {worker.speed}".strip()] if ticket else ["idle"]
    if ticket is not None and fleet.is_lost(worker, ticket):
        words.append("LOST: silent for longer than the project allows")
    if worker.held:
        words.append("held")
    if worker.command:
        words.append(f"command waits: {worker.command}")
    return ", ".join(words)
