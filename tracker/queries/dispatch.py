"""Named SELECTs: which ticket a worker gets, and whose lease ran out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Label,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import joinedload, lazyload, load_only, selectinload

from tracker.db import db, now
from tracker.filters import Filter
from tracker.models import LogEntry, Poll, Ticket, Worker, WorkerGroup, WorkerGroupProject
from tracker.queries.asked import Asked, fitting
from tracker.queries.filters import passing
from tracker.queries.ready import Ready

FAILED_EVENT = "RPC.setTicketFailed"


@dataclass(frozen=True)
class Lot:
    """Tickets of a project that may be handed out: of a type, in the state before the work, that pass a filter.

    With *owners* only these tickets, and tickets of these recordings, can pass it; with *unlost* only such as were not
    lost by a silent worker the last time.
    """

    project_id: int
    kind: str
    source: str
    rule: Filter | None = None
    owners: tuple[int, ...] | None = None
    asked: Asked | None = None
    unlost: bool = False


@dataclass(frozen=True)
class Desk:
    """What there is to know before tickets are looked at, all in one question."""

    unnoted: list[tuple[int, str]]
    """(project, state) of which it was not written down in the last 30 seconds that somebody asked."""
    silent: bool
    """A worker fell silent."""
    unnamed: bool
    """The worker has a ticket that it never named."""
    filters: dict[int, dict[str, Any] | None]
    """Of the projects the worker's group is listed for."""


def desk(asking: Sequence[tuple[int, str]], worker_id: int, group_id: int, before: datetime) -> Desk:
    """Look at what a claim for (project, state) has to know before it looks at tickets."""
    values = _asking(asking) | {"worker_id": worker_id, "group_id": group_id, "before": before}
    noted, silent, unnamed, filters = _DESK.run(values).one()
    unnoted = sorted(pair for pair in set(asking) if f"{pair[0]}/{pair[1]}" not in noted)
    return Desk(unnoted, silent, unnamed, {int(number): rule for number, rule in (filters or {}).items()})


def _asking(asking: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """Return the values of projects and states asked for; a pair that was not asked for is no harm."""
    return {"projects": [project_id for project_id, _ in asking], "states": [state for _, state in asking]}


def _pairs(project_id: SQLColumnExpression[int], state: SQLColumnExpression[str]) -> tuple[ColumnElement[bool], ...]:
    projects, states = bindparam("projects", type_=ARRAY(Integer)), bindparam("states", type_=ARRAY(Text))
    return project_id == func.any(projects), state == func.any(states)


_UNNAMED = (
    Ticket.worker_id == bindparam("worker_id"),
    *_pairs(Ticket.project_id, Ticket.state),
    Ticket.named.is_(False),
    Ticket.state_since <= bindparam("before"),
)
_NOTED = select(func.concat(Poll.project_id, literal_column("'/'"), Poll.state)).where(
    *_pairs(Poll.project_id, Poll.state), Poll.asked > func.now() - literal_column("interval '30 seconds'")
)
_FILTERS = select(func.jsonb_object_agg(WorkerGroupProject.project_id, WorkerGroupProject.filter)).where(
    WorkerGroupProject.group_id == bindparam("group_id"),
    WorkerGroupProject.project_id == func.any(bindparam("projects", type_=ARRAY(Integer))),
)
# Built once, as all that a claim asks: to put a statement together takes longer than to run it.
_DESK = Ready(
    select(
        func.array(_NOTED.scalar_subquery()),
        exists().where(Ticket.lease_until < func.now()),
        exists().where(*_UNNAMED),
        _FILTERS.scalar_subquery(),
    )
)


# --- free tickets ------------------------------------------------------------------------------------------------


def _free(project_id: Any, state: Any) -> tuple[ColumnElement[bool], ...]:
    """Say when a ticket may be handed out. The constants stand in the text, as in the condition of ix_ticket_free."""
    return (
        Ticket.project_id == project_id,
        Ticket.state == state,
        Ticket.user_id.is_(None),
        Ticket.worker_id.is_(None),
        ~Ticket.failed,
        Ticket.blocked == literal_column("''"),
        Ticket.priority > literal_column("0"),
        ~Ticket.withdraw,
        or_(Ticket.not_before.is_(None), Ticket.not_before <= func.now()),
    )


def _in_lot(lot: Lot) -> tuple[ColumnElement[bool], ...]:
    """Say when a ticket may be handed out of a lot."""
    return _in_any_lot(lot.project_id, lot.source, lot.kind, _narrower(lot))


def _in_any_lot(
    project_id: Any, source: Any, kind: Any, narrower: Sequence[ColumnElement[bool]]
) -> tuple[ColumnElement[bool], ...]:
    return (*_free(project_id, source), Ticket.type == kind, *narrower)


def _narrower(lot: Lot) -> Sequence[ColumnElement[bool]]:
    """Say what filters and what is asked for demand."""
    conditions: list[ColumnElement[bool]] = []
    if lot.owners is not None:
        owners = list(lot.owners)
        conditions.append(or_(Ticket.id == func.any(owners), Ticket.parent_id == func.any(owners)))
    if lot.rule is not None:
        conditions.append(passing(lot.rule))
    if lot.asked is not None:
        conditions.append(fitting(lot.asked))
    if lot.unlost:
        conditions.append(Ticket.losses == 0)
    return conditions


_TURN = (Ticket.priority.desc(), Ticket.state_since, Ticket.id)
"""Whose turn it is: priority first, then who waits longest."""


def lock_next_free(lots: Sequence[Lot], worker_id: int, *, wait: bool = True) -> Ticket | None:
    """Lock the next ticket to hand out: never failed by this worker first, then priority, then waiting time.

    Tickets that others have locked are stepped over. When there are only such, *wait* for them: a ticket into whose log
    somebody just writes is not taken, and "nothing" has to be true (design D5). All who wait do so in the order of the
    ids, because a row that turned out to be taken stays locked: in the order of each one's own choice two could wait
    for each other.
    """
    lots = _by_turn(lots)
    for lot in lots:
        if (found := _lock_first(lot, worker_id, again=False)) is not None:
            return found
    if not lots or not db.session.scalar(select(or_(*(exists().where(*_in_lot(lot)) for lot in lots)))):
        return None
    for lot in lots:
        if (found := _lock_first(lot, worker_id, again=True)) is not None:
            return found
    return _wait_for(lots) if wait else None


def _by_turn(lots: Sequence[Lot]) -> Sequence[Lot]:
    """Order several lots by the turn of the first ticket in each."""
    if len(lots) < 2:
        return lots
    heads: list[Select[Any]] = []
    for place, lot in enumerate(lots):
        number: Label[Any] = literal_column(str(place)).label("place")
        columns = select(number, Ticket.priority, Ticket.state_since, Ticket.id)
        first = columns.where(*_in_lot(lot)).order_by(*_TURN).limit(1).subquery()
        heads.append(select(first))
    every = union_all(*heads).subquery()
    order = select(every.c.place).order_by(every.c.priority.desc(), every.c.state_since, every.c.id)
    return [lots[place] for place in db.session.scalars(order)]


_FAILED_BY_ME = (
    select(literal(1))
    .where(
        LogEntry.ticket_id == Ticket.id,
        LogEntry.worker_id == bindparam("me"),
        LogEntry.event == FAILED_EVENT,
    )
    .limit(literal_column("1"))
    .correlate(Ticket)
    .scalar_subquery()
)
"""Whether a worker failed a ticket before; not as EXISTS, which would be joined with the whole log."""


def _lock_first(lot: Lot, worker_id: int, *, again: bool) -> Ticket | None:
    """Lock the ticket whose turn it is, of those the worker failed before (*again*), or never did."""
    if narrower := _narrower(lot):
        statement = _first(_in_any_lot(lot.project_id, lot.source, lot.kind, narrower), again)
        return db.session.scalar(statement, {"me": worker_id})
    values = {"lot_project": lot.project_id, "lot_source": lot.source, "lot_kind": lot.kind, "me": worker_id}
    return db.session.scalar(_FIRST_AGAIN if again else _FIRST, values)


def _first(conditions: Sequence[ColumnElement[bool]], again: bool) -> Select[Ticket]:
    failed = _FAILED_BY_ME.is_not(None) if again else _FAILED_BY_ME.is_(None)
    return (
        _with_recording(*conditions, failed)
        .order_by(*_TURN)
        .with_for_update(of=Ticket, skip_locked=True, key_share=True)
    )


def _with_recording(*conditions: ColumnElement[bool]) -> Select[Ticket]:
    """Ask for a ticket with its recording; what is seldom looked at after a claim is not loaded."""
    return (
        select(Ticket)
        .where(*conditions)
        .limit(literal_column("1"))  # as a parameter the planner would have to guess it
        .options(lazyload("*"), joinedload(Ticket.parent).options(lazyload("*"), load_only(*_OF_TALK)))
        .execution_options(populate_existing=True)
    )


_OF_TALK = (Ticket.type, Ticket.title, Ticket.fahrplan_id, Ticket.start, Ticket.end, Ticket.room_id, Ticket.project_id)
"""What the answer to a claim tells of the recording."""
_ANY_LOT = _in_any_lot(bindparam("lot_project"), bindparam("lot_source"), bindparam("lot_kind"), ())
_FIRST, _FIRST_AGAIN = (_first(_ANY_LOT, again) for again in (False, True))


def _wait_for(lots: Sequence[Lot]) -> Ticket | None:
    for lot in sorted(lots, key=lambda lot: lot.project_id):
        statement = _with_recording(*_in_lot(lot)).order_by(Ticket.id)
        found = db.session.scalar(statement.with_for_update(of=Ticket, key_share=True))
        if found is not None:
            return found
    return None


def others_wait(lots: Sequence[Lot], recording_id: int) -> bool:
    """Tell whether a ticket of another recording than this one may be handed out of the lots."""
    found = [exists().where(*_in_lot(lot), Ticket.parent_id != recording_id) for lot in lots]
    return bool(found) and bool(db.session.scalar(select(or_(*found))))


def lock_unnamed(asking: Sequence[tuple[int, str]], worker_id: int, before: datetime) -> Ticket | None:
    """Lock the ticket that this worker got for one of (project, state) a while ago and has not named since."""
    return db.session.scalar(
        select(Ticket)
        .where(*_UNNAMED)
        .order_by(Ticket.state_since)
        .limit(1)
        .with_for_update(of=Ticket, skip_locked=True, key_share=True)
        .execution_options(populate_existing=True),
        _asking(asking) | {"worker_id": worker_id, "before": before},
    )


def unassigned_in_state(project_id: int, state: str, rule: Filter | None = None) -> Sequence[Ticket]:
    """List the tickets in *state* that nobody holds, that did not fail and pass a filter, oldest start first."""
    conditions = _free(project_id, state) if rule is None else (*_free(project_id, state), passing(rule))
    return db.session.scalars(
        select(Ticket)
        .where(*conditions)
        .order_by(Ticket.start.asc().nulls_last(), Ticket.id)
        .options(selectinload(Ticket.parent))
    ).all()


# --- leases ------------------------------------------------------------------------------------------------------


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


# --- what groups have ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """What a group has: *tickets* in the hands of its workers, workers heard of lately, and how many of those held."""

    tickets: int
    active: int
    held: int


def group_tallies(within: timedelta = timedelta(minutes=10)) -> dict[int, Tally]:
    """Count what each worker group has, by its id; groups without workers are left out."""
    lately = Worker.last_seen > func.now() - within
    tickets = select(func.count()).where(Ticket.worker_id == Worker.id).correlate(Worker).scalar_subquery()
    rows = db.session.execute(
        select(
            Worker.group_id,
            func.sum(tickets),
            func.count().filter(lately),
            func.count().filter(lately, Worker.held),
        ).group_by(Worker.group_id)
    )
    return {group_id: Tally(int(tickets), active, held) for group_id, tickets, active, held in rows}


def filters_in(project_id: int) -> dict[int, dict[str, Any] | None]:
    """Return the filters of the groups listed for a project, by group id."""
    rows = db.session.execute(
        select(WorkerGroupProject.group_id, WorkerGroupProject.filter).where(
            WorkerGroupProject.project_id == project_id
        )
    )
    return {group_id: rule for group_id, rule in rows}


def count_held_locked(group_id: int) -> int:
    """Lock a worker group and count the tickets its workers hold: nobody else counts before this is saved."""
    db.session.execute(select(WorkerGroup.id).where(WorkerGroup.id == group_id).with_for_update(key_share=True))
    held = select(func.count()).select_from(Ticket).join(Worker, Worker.id == Ticket.worker_id)
    return db.session.scalar(held.where(Worker.group_id == group_id)) or 0


# --- afterwards ----------------------------------------------------------------------------------------------------


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
