"""Signs of life: they keep a lease, tell percent, output and speed, and bring commands (design D5)."""

from __future__ import annotations

import re

from tracker import queries, wire
from tracker.models import Ticket, Worker
from tracker.tickets import moves

LOG_TAIL = 8_000
"""Characters of a worker's output that are kept for its page."""

SPEED = re.compile(r"speed=\s*([0-9]{1,6}(?:\.[0-9]{1,3})?)x")
"""As ffmpeg writes it: how many seconds of the talk it does in a second."""


def heartbeat(
    worker: Worker,
    ticket_id: int | None = None,
    delta: str = "",
    percent: float | None = None,
    lease_s: int | None = None,
) -> str:
    """Note that a worker lives; renew its lease; return OK, a queued command (once), or `Ticket lost`.

    The worker's row is locked before the ticket, as by everybody who needs both.
    """
    text = delta.replace("\x00", "")
    if text:
        queries.note_output(worker.id, text, LOG_TAIL, _speed(text))
    elif worker.command:
        queries.lock_worker(worker.id)
    if ticket_id is not None and not _keep(worker, ticket_id, percent, lease_s):
        return wire.TICKET_LOST
    return (worker.command and queries.take_command(worker.id)) or wire.OK


def _speed(text: str) -> str | None:
    found = SPEED.findall(text)
    return f"{found[-1]}x" if found else None


def _keep(worker: Worker, ticket_id: int, percent: float | None, lease_s: int | None) -> bool:
    """Renew the lease of a ticket; False when the worker no longer has it, or works for its project no longer."""
    ticket = queries.lock_ticket(ticket_id) if 0 < ticket_id < 2**31 else None
    if ticket is None or ticket.worker_id != worker.id or not _works_for(worker, ticket):
        return False
    ticket.named = True
    moves.lease(ticket, lease_s)
    if percent is not None:
        ticket.percent = min(100.0, max(0.0, percent))
    return True


def _works_for(worker: Worker, ticket: Ticket) -> bool:
    return worker.group.all_projects or queries.has_project(worker.group_id, ticket.project_id)
