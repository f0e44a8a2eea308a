"""How a worker gets the next ticket: exact, in order, and only what its group may have (design D5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace

from tracker import filters, properties, queries, statemachine
from tracker.db import now
from tracker.errors import InvalidInput, NoSuchService
from tracker.models import Project, Ticket, Worker
from tracker.queries import Asked, Lot
from tracker.statemachine import ENCODER, ENCODING, STATIC, Table, workflow
from tracker.tickets import dispatch, journal, leases, moves, prospects
from tracker.tickets.actor import Actor

CUT = "Encoding.Cut"
ASSIGN = "RPC.assignNextUnassignedForState"
REPEAT_AFTER = timedelta(seconds=10)
MOST_BESIDE = 16
SHORT_CUT = 1000
"""A filter that no more tickets own a property for is looked up by it, not tried on one ticket after the other."""


@dataclass(frozen=True)
class Offer:
    """A worker offers to work: in a process state of a project, on talks that are as *asked* for."""

    project: Project
    state: str
    asked: Asked | None = None


def claim_next(
    project: Project, state: str, worker: Worker, lease_s: int | None = None, asked: Asked | None = None
) -> Ticket | None:
    """Give *worker* the next ticket of one project, as claim does."""
    return claim([Offer(project, state, asked)], worker, lease_s)


def claim(offers: Sequence[Offer], worker: Worker, lease_s: int | None = None) -> Ticket | None:
    """Give *worker* the next ticket of those it offers to work on, or None when there is truly none.

    What its group, its filters and the projects' policies withhold counts as none. A ticket that the worker got before
    and never named (its answer was lost) is handed out again. *lease_s* starts a lease: without a heartbeat for so many
    seconds the ticket returns by itself. Raises NoSuchService.
    """
    tables = [_table(offer) for offer in offers]
    asking = [(offer.project.id, offer.state) for offer in offers]
    before = now() - REPEAT_AFTER
    desk = queries.desk(asking, worker.id, worker.group_id, before)
    for project_id, state in desk.unnoted:
        queries.note_poll(project_id, state)
    # Whoever holds tickets waits for none: somebody may be waiting for these.
    may_wait = not desk.silent or leases.return_silent() == 0
    if desk.unnamed and (repeated := queries.lock_unnamed(asking, worker.id, before)) is not None:
        moves.lease(repeated, lease_s)
        return repeated
    lots = list(_lots(offers, tables, worker, desk)) if _has_room(worker) else []
    found = queries.lock_next_free(lots, worker.id, wait=may_wait)
    return None if found is None else _assign(found, worker, lease_s)


def claim_beside(
    ticket_id: int, project: Project, worker: Worker, most: int, lease_s: int | None = None, *, spare: bool = False
) -> list[Ticket]:
    """Give *worker* up to *most* further tickets of the talk whose ticket it holds, for the same work, each by itself.

    What withholds a ticket from a claim withholds it here. What a worker fell silent with is worked on alone the next
    time: whichever of them kills workers, the others are not lost with it again and again. With *spare* there is none
    while no ticket of another talk waits for a worker: whoever is idle would do them at the same time. Raises NotFound,
    NotAssigned, NoService, and InvalidInput for more than 16.
    """
    if not 0 <= most <= MOST_BESIDE:
        raise InvalidInput(f"most is {most:g}; it may be 0 to {MOST_BESIDE} tickets.", "most")
    ticket = dispatch.held(ticket_id, project, worker)
    if ticket.parent_id is None or ticket.losses:
        return []
    offer = Offer(project, ticket.state)
    desk = queries.desk([(project.id, ticket.state)], worker.id, worker.group_id, now() - REPEAT_AFTER)
    lots = list(_lots([offer], [_table(offer)], worker, desk))
    if spare and not queries.others_wait(lots, ticket.parent_id):
        return []
    siblings = [replace(lot, owners=(ticket.parent_id,), unlost=True) for lot in lots]
    taken: list[Ticket] = []
    while siblings and len(taken) < most and _has_room(worker):
        found = queries.lock_next_free(siblings, worker.id, wait=False)
        if found is None:
            break
        taken.append(_assign(found, worker, lease_s, f"beside ticket {ticket_id} of the same talk"))
    return taken


def _table(offer: Offer) -> Table:
    flow = workflow(offer.project.workflow)
    if offer.state not in flow.services:
        known = ", ".join(flow.services)
        raise NoSuchService(f"No script works in state {offer.state!r}; there is work for: {known}.")
    return flow.tables[flow.services[offer.state][0]]


def source(table: Table, state: str, disabled: Collection[str]) -> str | None:
    """Return the static state whose successor is *state*: from there a script takes tickets into it; None if none."""
    names = (row.name for row in table.states if row.name not in disabled and row.kind == STATIC)
    return next((name for name in names if table.successor(name, disabled) == state), None)


def _lots(offers: Sequence[Offer], tables: Sequence[Table], worker: Worker, desk: queries.Desk) -> Iterator[Lot]:
    for offer, table in zip(offers, tables, strict=True):
        project, group = offer.project, worker.group
        start = source(table, offer.state, project.disabled_states.get(table.type, ()))
        if start is None or worker.held or prospects.withheld(project, offer.state):
            continue
        if prospects.refused(group, project, offer.state, listed=project.id in desk.filters):
            continue
        data = desk.filters.get(project.id)
        rule = None if data is None else filters.read(data)
        owners = None if rule is None else queries.owners_of(rule, project.id, SHORT_CUT)
        yield Lot(project.id, table.type, start, rule, None if owners is None else tuple(owners), offer.asked)


def _has_room(worker: Worker) -> bool:
    """Tell whether the worker's group may have one more ticket; until the end of the transaction nobody else asks."""
    most = worker.group.max_tickets
    return most is None or queries.count_held_locked(worker.group_id) < most


def _assign(ticket: Ticket, worker: Worker, lease_s: int | None, told: str = "") -> Ticket:
    """Hand a locked ticket out, by one statement where nothing else follows from it; *told* is for its log."""
    target = ticket.table.successor(ticket.state, ticket.disabled)
    assert target is not None
    encoder = ticket.table.by_name[target].script == ENCODER
    if ticket.type == ENCODING and not ticket.exposed and not moves.exposes(target):
        _at_once(ticket, target, worker, lease_s, (CUT, moves.CUT) if encoder else None, told)
        return ticket
    ticket.attempt += 1
    moves.move(ticket, target, Actor.of(worker), ASSIGN, told, holder=worker, lease_s=lease_s)
    if encoder:
        properties.write(ticket, {CUT: moves.cut_of(ticket)})
    return ticket


def _at_once(
    ticket: Ticket,
    target: str,
    worker: Worker,
    lease_s: int | None,
    cut: tuple[str, tuple[str, ...]] | None,
    told: str,
) -> None:
    """Do what a move does for a claim of an encoding ticket whose files were never public; store its *cut*."""
    at = now()
    old, new = statemachine.fire(ticket.table, SimpleNamespace(state=ticket.state), target)
    granted_s = min(lease_s, moves.MAX_LEASE_S) if lease_s else None
    values = {
        "state": new,
        "state_since": at,
        "modified": at,
        "version": ticket.version + 1,
        "worker_id": worker.id,
        "attempt": ticket.attempt + 1,
        "lease_s": granted_s,
        "lease_until": at + timedelta(seconds=granted_s) if granted_s else None,
        "named": False,
        "percent": 0.0,
        "waiting": "",
        "not_before": None,
    }
    log = journal.row(ticket.id, Actor.of(worker), ASSIGN, told, old, new, {"worker_id": worker.id})
    queries.write_through(ticket, values, log, cut)
