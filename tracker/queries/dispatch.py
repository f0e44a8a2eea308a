"""Named SELECTs: which ticket a worker gets, and whose lease ran out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from tracker.db import db, now
from tracker.models import (
    LogEntry,
    Ticket,
)
from tracker.queries.asked import Asked, fitting

FAILED_EVENT = "RPC.setTicketFailed"


def _free(project_id: int, states: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Say when a ticket may be handed out; matches the partial index ix_ticket_free."""
    return (
        Ticket.project_id == project_id,
        Ticket.state.in_(states),
        Ticket.user_id.is_(None),
        Ticket.worker_id.is_(None),
        Ticket.failed.is_(False),
        Ticket.blocked == "",
        Ticket.withdraw.is_(False),
        Ticket.priority > 0,
        or_(Ticket.not_before.is_(None), Ticket.not_before <= func.now()),
    )


def lock_next_free(
    project_id: int,
    kind: str,
    states: Collection[str],
    worker_id: int,
    *,
    parents: Collection[str] = (),
    asked: Asked | None = None,
    wait: bool = True,
) -> Ticket | None:
    """Lock the next ticket to hand out: never failed by this worker first, then priority, then waiting time.

    With *parents* the recording has to be in one of these states, with *asked* the talk as the script wants it. Tickets that others have locked are stepped over.
    When there are only such, *wait* for them: a ticket into whose log somebody just writes is not taken, and "nothing"
    has to be true (design D5). All who wait do so in the order of the ids, because a row that turned out to be taken
    stays locked: in the order of each one's own choice two could wait for each other.
    """
    failed_by_me = exists().where(
        LogEntry.ticket_id == Ticket.id, LogEntry.worker_id == worker_id, LogEntry.event == FAILED_EVENT
    )
    parent = aliased(Ticket)
    unfit = or_(parent.failed, parent.state.not_in(parents)) if parents else parent.failed
    free = (*_free(project_id, states), Ticket.type == kind, ~exists().where(parent.id == Ticket.parent_id, unfit))
    if asked is not None:
        free = (*free, fitting(asked))
    first = select(Ticket).limit(1).execution_options(populate_existing=True)
    chosen = first.order_by(Ticket.priority.desc(), Ticket.state_since, Ticket.id)
    for choice in (~failed_by_me, failed_by_me):
        found = db.session.scalar(
            chosen.where(*free, choice).with_for_update(of=Ticket, skip_locked=True, key_share=True)
        )
        if found is not None:
            return found
        if not db.session.scalar(select(exists().where(*free))):
            return None
    if not wait:
        return None
    return db.session.scalar(first.where(*free).order_by(Ticket.id).with_for_update(of=Ticket, key_share=True))


def lock_unnamed(project_id: int, state: str, worker_id: int, before: datetime) -> Ticket | None:
    """Lock the ticket that this worker got for *state* before a moment and has not named since (design D5)."""
    return db.session.scalar(
        select(Ticket)
        .where(
            Ticket.project_id == project_id,
            Ticket.worker_id == worker_id,
            Ticket.state == state,
            Ticket.named.is_(False),
            Ticket.state_since <= before,
        )
        .order_by(Ticket.state_since)
        .limit(1)
        .with_for_update(of=Ticket, skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )


def lock_expired_leases(limit: int = 50) -> Sequence[Ticket]:
    """Lock tickets whose worker went silent longer than its lease, their recordings first.

    What others have locked is left for the next time; nobody is waited for.
    """
    expired = (Ticket.lease_until < func.now(),)
    found = db.session.execute(
        select(Ticket.id, Ticket.parent_id).where(*expired).order_by(Ticket.lease_until).limit(limit)
    ).all()
    if not found:
        return []
    parents = {row.id for row in _lock_unlocked(Ticket.id.in_([parent for _, parent in found if parent]))}
    mine = [number for number, parent in found if parent is None or parent in parents]
    return _lock_unlocked(Ticket.id.in_(mine), *expired)


def _lock_unlocked(*conditions: ColumnElement[bool]) -> Sequence[Ticket]:
    """Lock those of some tickets that nobody else has locked."""
    return db.session.scalars(
        select(Ticket)
        .where(*conditions)
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def renew_leases() -> int:
    """Let every lease begin anew; return how many. After a stop of the tracker no worker could say that it lives."""
    found = db.session.scalars(select(Ticket).where(Ticket.lease_until.is_not(None)).with_for_update(of=Ticket)).all()
    for ticket in found:
        ticket.lease_until = now() + timedelta(seconds=ticket.lease_s or 0)
    return len(found)


def unassigned_in_state(project_id: int, state: str) -> Sequence[Ticket]:
    """List the tickets in *state* that nobody holds and that did not fail, oldest start first."""
    return db.session.scalars(
        select(Ticket)
        .where(*_free(project_id, [state]))
        .order_by(Ticket.start.asc().nulls_last(), Ticket.id)
        .options(selectinload(Ticket.parent))
    ).all()


def withdrawals(project_id: int) -> Sequence[Ticket]:
    """List tickets that left `released` and whose public files still have to go."""
    return db.session.scalars(
        select(Ticket).where(Ticket.project_id == project_id, Ticket.withdraw).order_by(Ticket.id)
    ).all()


def last_service_event(ticket_id: int, worker_id: int) -> str | None:
    """Return the last assign, done, failed or lost event of this worker on this ticket."""
    return db.session.scalar(
        select(LogEntry.event)
        .where(
            LogEntry.ticket_id == ticket_id,
            LogEntry.worker_id == worker_id,
            LogEntry.event.in_(
                ("RPC.assignNextUnassignedForState", "RPC.setTicketDone", FAILED_EVENT, "Lease.lost", "RPC.giveBack")
            ),
        )
        .order_by(LogEntry.id.desc())
        .limit(1)
    )
