"""Named SELECTs: tickets, their claims and their lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from tracker.db import db, now
from tracker.models import (
    Comment,
    LogEntry,
    Room,
    Ticket,
)

FAILED_EVENT = "RPC.setTicketFailed"


def ticket(ticket_id: int) -> Ticket | None:
    """Return a ticket."""
    return db.session.get(Ticket, ticket_id)


def lock_ticket(ticket_id: int) -> Ticket | None:
    """Return a ticket with its row locked and its values read anew."""
    return db.session.scalar(
        select(Ticket)
        .where(Ticket.id == ticket_id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    )


def lock_children(recording_id: int) -> Sequence[Ticket]:
    """Return the encoding tickets of a recording, locked in id order."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.parent_id == recording_id, Ticket.type == "encoding")
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def _free(project_id: int, states: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Say when a ticket may be handed out; matches the partial index ix_ticket_free."""
    return (
        Ticket.project_id == project_id,
        Ticket.state.in_(states),
        Ticket.user_id.is_(None),
        Ticket.worker_id.is_(None),
        Ticket.failed.is_(False),
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
    wait: bool = True,
) -> Ticket | None:
    """Lock the next ticket to hand out: never failed by this worker first, then priority, then waiting time.

    With *parents* the recording has to be in one of these states. Tickets that others have locked are stepped over.
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
    """Lock tickets whose worker went silent longer than its lease."""
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.lease_until < func.now())
        .order_by(Ticket.lease_until)
        .limit(limit)
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


def recording_by_fahrplan_id(project_id: int, fahrplan_id: int) -> Ticket | None:
    """Return the recording ticket of a project with this Fahrplan.ID."""
    return db.session.scalar(
        select(Ticket).where(
            Ticket.project_id == project_id, Ticket.type == "recording", Ticket.fahrplan_id == fahrplan_id
        )
    )


def fahrplan_ids(project_id: int) -> set[int]:
    """Return every Fahrplan.ID a project uses."""
    statement = select(Ticket.fahrplan_id).where(Ticket.project_id == project_id, Ticket.type == "recording")
    return {value for value in db.session.scalars(statement) if value is not None}


def basename_taken(project_id: int, basename: str, but: int) -> bool:
    """Tell whether another ticket of the project already froze this name."""
    found = db.session.scalar(
        select(Ticket.id).where(Ticket.project_id == project_id, Ticket.basename == basename, Ticket.id != but).limit(1)
    )
    return found is not None


def talks(
    project_id: int,
    *,
    text: str = "",
    room_id: int | None = None,
    state: str = "",
    failed: bool = False,
    public: bool = False,
    first: datetime | None = None,
    last: datetime | None = None,
) -> Sequence[Ticket]:
    """List recording tickets with their children by start and room; filters match the ticket or a child.

    *public* keeps the talks that have a file which is still public although its release was reverted.
    """
    child = aliased(Ticket)
    conditions: list[ColumnElement[bool]] = [Ticket.project_id == project_id, Ticket.type == "recording"]
    if text:
        number = Ticket.fahrplan_id == int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        match = Ticket.title.icontains(text, autoescape=True)
        conditions.append(match if number is None else or_(match, number))
    if room_id:
        conditions.append(Ticket.room_id == room_id)
    if first and last:
        conditions.append(and_(Ticket.start >= first, Ticket.start < last))
    if state:
        in_child = exists().where(child.parent_id == Ticket.id, child.state == state)
        conditions.append(or_(Ticket.state == state, in_child))
    if failed:
        in_child = exists().where(child.parent_id == Ticket.id, child.failed)
        conditions.append(or_(Ticket.failed, in_child))
    if public:
        conditions.append(exists().where(child.parent_id == Ticket.id, child.withdraw))
    children = selectinload(Ticket.children)
    return db.session.scalars(
        select(Ticket)
        .where(*conditions)
        .order_by(Ticket.start.asc().nulls_last(), Ticket.room_id, Ticket.id)
        .options(children, children.selectinload(Ticket.user), selectinload(Ticket.user), selectinload(Ticket.worker))
    ).all()


def tickets_in_state(project_id: int, kind: str, states: Collection[str]) -> Sequence[Ticket]:
    """List tickets of a type in some states, by talk start; with parent, assignee and children at hand."""
    parent = aliased(Ticket)
    return db.session.scalars(
        select(Ticket)
        .outerjoin(parent, Ticket.parent_id == parent.id)
        .where(Ticket.project_id == project_id, Ticket.type == kind, Ticket.state.in_(states))
        .order_by(func.coalesce(Ticket.start, parent.start).asc().nulls_last(), Ticket.id)
        .options(selectinload(Ticket.parent), selectinload(Ticket.user), selectinload(Ticket.children))
    ).all()


def misc_tickets(project_id: int) -> Sequence[Ticket]:
    """List the miscellaneous tickets of a project, newest first."""
    return db.session.scalars(
        select(Ticket).where(Ticket.project_id == project_id, Ticket.type == "misc").order_by(Ticket.id.desc())
    ).all()


def state_counts(project_id: int) -> Sequence[tuple[str, str, bool, int]]:
    """Count tickets per (type, state, failed)."""
    rows = db.session.execute(
        select(Ticket.type, Ticket.state, Ticket.failed, func.count())
        .where(Ticket.project_id == project_id)
        .group_by(Ticket.type, Ticket.state, Ticket.failed)
    )
    return [(kind, state, failed, count) for kind, state, failed, count in rows]


def project_stamp(project_id: int) -> tuple[object, ...]:
    """Return numbers that change whenever a ticket of the project does: what live pages compare."""
    row = db.session.execute(
        select(func.count(), func.max(Ticket.modified), func.sum(Ticket.version), func.sum(Ticket.percent)).where(
            Ticket.project_id == project_id
        )
    ).one()
    return tuple(row)


def talk_parts(project_ids: Collection[int]) -> Sequence[tuple[int, int, str, str, bool, bool, bool]]:
    """List (project, talk, type, state, failed, withdraw, talk is locked) of all recording and encoding tickets."""
    parent = aliased(Ticket)
    rows = db.session.execute(
        select(
            Ticket.project_id,
            func.coalesce(Ticket.parent_id, Ticket.id),
            Ticket.type,
            Ticket.state,
            Ticket.failed,
            Ticket.withdraw,
            func.coalesce(parent.state, Ticket.state) == "locked",
        )
        .outerjoin(parent, Ticket.parent_id == parent.id)
        .where(Ticket.project_id.in_(project_ids), Ticket.type.in_(("recording", "encoding")))
    )
    return [(p, talk, kind, state, failed, public, off) for p, talk, kind, state, failed, public, off in rows]


def talk_states(project_id: int) -> Sequence[tuple[int, str, str]]:
    """List (talk id, type, state) of the recording and encoding tickets of talks that are not locked."""
    parent = aliased(Ticket)
    rows = db.session.execute(
        select(func.coalesce(Ticket.parent_id, Ticket.id), Ticket.type, Ticket.state)
        .outerjoin(parent, Ticket.parent_id == parent.id)
        .where(
            Ticket.project_id == project_id,
            Ticket.type.in_(("recording", "encoding")),
            func.coalesce(parent.state, Ticket.state) != "locked",
        )
    )
    return [(talk, kind, state) for talk, kind, state in rows]


def rooms(project_id: int) -> Sequence[Room]:
    """List the rooms of a project by name."""
    return db.session.scalars(select(Room).where(Room.project_id == project_id).order_by(Room.name)).all()


def room_by_key(project_id: int, key: str) -> Room | None:
    """Return the room of a project with this key."""
    return db.session.scalar(select(Room).where(Room.project_id == project_id, Room.key == key))


def history(ticket_ids: Collection[int], limit: int = 500) -> Sequence[LogEntry]:
    """List the log of some tickets, newest first."""
    return db.session.scalars(
        select(LogEntry).where(LogEntry.ticket_id.in_(ticket_ids)).order_by(LogEntry.id.desc()).limit(limit)
    ).all()


def recent_log(project_id: int, limit: int = 30) -> Sequence[tuple[LogEntry, Ticket]]:
    """List the newest log entries of a project with their tickets."""
    rows = db.session.execute(
        select(LogEntry, Ticket)
        .join(Ticket, Ticket.id == LogEntry.ticket_id)
        .where(Ticket.project_id == project_id)
        .order_by(LogEntry.id.desc())
        .limit(limit)
    )
    return [(entry, row) for entry, row in rows]


def comments(ticket_ids: Collection[int]) -> Sequence[Comment]:
    """List the comments on some tickets, newest first."""
    return db.session.scalars(
        select(Comment).where(Comment.ticket_id.in_(ticket_ids)).order_by(Comment.id.desc())
    ).all()
