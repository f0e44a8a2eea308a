"""The statement by which most tickets are handed out: the ticket, its log row and its cut in one go.

A claim is what a tracker does most. The general way (`tickets.moves.move`) has the session find out what changed, which
costs several times as much; a test holds the two against each other, column by column.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, Integer, Table, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm.attributes import set_committed_value

from tracker.models import LogEntry, Property, Ticket
from tracker.queries.ready import Ready

RANGES = "Record.Ranges"
TOLD = ("Record.Audio", "Record.Apology", "Record.Chapters")
"""Of the names of a cut those left out where there are none; of the latter, the beginning of their MD5 is taken."""
LOGGED = ("actor", "worker_id", "event", "from_state", "to_state", "comment", "changes")


def write_through(
    ticket: Ticket,
    values: Mapping[str, Any],
    log: Mapping[str, Any],
    joined: tuple[str, tuple[str, ...]] | None = None,
) -> None:
    """Write some columns of a locked ticket and its log row at once, past the session; the object has them, too.

    *joined*: a property to store on it, and the names of others; its value are theirs in force, joined by '-'.
    """
    given = {f"new_{name}": value for name, value in values.items()} | {name: log[name] for name in LOGGED}
    given |= {"ticket": ticket.id, "changes": json.dumps(log["changes"])}
    name, names = joined or ("", ())
    if joined:
        given |= {"profile": ticket.profile_id, "talk": ticket.parent_id, "project": ticket.project_id}
    _writing(tuple(values), name, names).run(given)
    for column, value in values.items():
        set_committed_value(ticket, column, value)


@lru_cache
def _writing(columns: tuple[str, ...], name: str, names: tuple[str, ...]) -> Ready:
    """Build the statement once: to put it together takes longer than to run it."""
    table = Ticket.__table__
    assert isinstance(table, Table)
    changed = {column: bindparam(f"new_{column}", type_=table.c[column].type) for column in columns}
    statement = update(table).where(table.c.id == bindparam("ticket")).values(changed).add_cte(_logging())
    return Ready(statement.add_cte(_storing(name, names)) if name else statement)


def _logging() -> CTE:
    row = {name: bindparam(name) for name in LOGGED} | {"changes": bindparam("changes", type_=JSONB)}
    return insert(LogEntry).values(ticket_id=bindparam("ticket"), **row).returning(LogEntry.id).cte("logged")


def _part(name: str) -> Any:
    """Return what a property adds to the name of a cut, NULL for nothing; as tickets.moves.cut_of does it."""
    if name in TOLD:
        return func.left(func.md5(_in_force(name)), 8)
    return _in_force(name) if name == RANGES else func.coalesce(_in_force(name), "0")


def _storing(name: str, names: Sequence[str]) -> CTE:
    values = [_part(each) for each in names]
    statement = insert(Property).values(ticket_id=bindparam("ticket"), name=name, value=func.concat_ws("-", *values))
    return (
        statement.on_conflict_do_update(
            index_elements=[Property.ticket_id, Property.name],
            index_where=Property.ticket_id.is_not(None),
            set_={"value": statement.excluded.value},
        )
        .returning(Property.id)
        .cte("stored")
    )


def _in_force(name: str) -> Any:
    """Return a property of the ticket by its precedence: own, profile, recording, project (design D7)."""
    owners = (
        Property.ticket_id == bindparam("ticket"),
        Property.profile_id == bindparam("profile", type_=Integer),
        Property.ticket_id == bindparam("talk", type_=Integer),
        Property.project_id == bindparam("project"),
    )
    rank = case(*((owner, place) for place, owner in enumerate(owners)))
    found = select(Property.value).where(Property.name == name, or_(*owners)).order_by(rank).limit(1)
    return found.scalar_subquery()
