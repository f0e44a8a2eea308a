"""What people do with single workers: hold, release, command, end, forget."""

from __future__ import annotations

from datetime import timedelta

from tracker import queries, wire
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound
from tracker.models import Ticket, Worker
from tracker.tickets import TRACKER, Actor
from tracker.workers.groups import take_back

SILENT_AFTER = timedelta(minutes=10)
"""A worker heard of since then is not forgotten."""
MAX_COMMAND = 200


def get(name: str) -> Worker:
    """Return a worker by its name, or by ``GROUP/NAME`` where several groups have one. Raises NotFound."""
    group, _, plain = name.rpartition("/")
    found = [worker for worker in queries.workers_named(plain) if group in ("", worker.group.name)]
    if not found:
        raise NotFound(f"There is no worker {name!r}.")
    if len(found) > 1:
        choices = ", ".join(f"{worker.group.name}/{worker.name}" for worker in found)
        raise NotFound(f"Several groups have a worker {name!r}; say which: {choices}.")
    return found[0]


def is_lost(worker: Worker, ticket: Ticket) -> bool:
    """Tell whether the holder of a ticket has been silent for longer than its project allows.

    A worker with a lease loses the ticket by itself; any other is never taken from, only told of.
    """
    return worker.last_seen < now() - timedelta(seconds=ticket.project.node_timeout_s)


def hold(worker: Worker) -> None:
    """Give a worker no new work; what it has it may finish."""
    worker.held = True


def release(worker: Worker) -> None:
    """Give a held worker work again."""
    worker.held = False


def command(worker: Worker, text: str) -> None:
    """Queue a command: the worker's next ping gets it instead of OK, once. Replaces one not yet fetched; '' removes it.

    Raises InvalidInput for more than one line and for what a ping answers anyway.
    """
    word = text.strip()
    if len(word) > MAX_COMMAND or not word.isprintable() or word in (wire.OK, wire.TICKET_LOST):
        raise InvalidInput(f"{text[:80]!r} is no command: one line of at most {MAX_COMMAND} characters.", "command")
    worker.command = word


def terminate(worker: Worker, *, at_once: bool = False) -> None:
    """Have a script of ours end: after its job, or *at_once*, giving the ticket back."""
    command(worker, wire.TERMINATE_NOW if at_once else wire.TERMINATE)


def forget(worker: Worker, actor: Actor = TRACKER) -> int:
    """Delete a silent worker; tickets it holds return. Return how many. Its name stays in the log.

    Raises InvalidInput while it is heard of.
    """
    queries.lock_worker(worker.id)
    if worker.last_seen > now() - SILENT_AFTER:
        minutes = SILENT_AFTER.seconds // 60
        raise InvalidInput(f"{worker.name} was heard of in the last {minutes} minutes: end it first.", "worker")
    returned = take_back([worker.id], None, actor, f"worker {worker.name} was deleted")
    db.session.delete(worker)
    db.session.flush()
    return returned
