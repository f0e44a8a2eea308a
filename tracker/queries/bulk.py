"""Many rows at once: one statement for all rows of a table, however many there are.

The rows travel as one JSON text, which costs a tenth of what a parameter for each value does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnClause,
    FromClause,
    Integer,
    Table,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from tracker.db import Base, db
from tracker.models import FahrplanChange, LogEntry, Property, ScheduleEvent, Ticket

ROWS = 20_000
"""So many rows go into one statement: enough to make its own cost vanish, little enough to keep in memory."""


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(rows), ROWS):
        yield rows[at : at + ROWS]


def _recordset(
    table: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]], *more: ColumnClause[Any]
) -> FromClause:
    """Return rows of values as something to select from, with the types of the table's columns, and *more* columns."""
    text = json.dumps(rows, ensure_ascii=False, default=_printed)
    columns = [*(column(name, table.c[name].type) for name in names), *more]
    return func.json_to_recordset(text).table_valued(*columns).render_derived(name="given", with_types=True)


def _numbers(values: Sequence[int]) -> FromClause:
    """Return integers as something to select from."""
    return func.unnest(literal(list(values), ARRAY(Integer))).table_valued("number").render_derived()


def _printed(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be a value of a column here")


def _insert(model: type[Base], names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    table = _table(model)
    for part in _parts(rows):
        given = _recordset(table, names, part)
        db.session.execute(insert(table).from_select(list(names), select(*given.c)))


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def insert_recordings(rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Insert recording tickets of one project; return their ids by Fahrplan.ID."""
    names = (*("project_id", "type", "state", "title", "fahrplan_id", "room_id"), *("start", "end"))
    found: dict[int, int] = {}
    for part in _parts(rows):
        given = _recordset(_table(Ticket), names, part)
        statement = insert(Ticket).from_select(list(names), select(*given.c))
        made = db.session.execute(statement.returning(Ticket.fahrplan_id, Ticket.id))
        found |= {number: ticket_id for number, ticket_id in made if number is not None}
    return found


def insert_encodings(recording_ids: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert for each recording one encoding ticket of each of *rows*, which have all columns but the parent."""
    names = ("project_id", "type", "state", "profile_id", "profile_version_id", "own_priority", "priority")
    for part in _parts(recording_ids):
        given, recording = _recordset(_table(Ticket), names, rows), _numbers(part)
        every = select(*given.c, recording.c.number).select_from(given.join(recording, true()))
        ordered = every.order_by(recording.c.number, given.c.profile_id)
        db.session.execute(insert(Ticket).from_select([*names, "parent_id"], ordered))


def insert_log_of_new(
    entries: Sequence[Mapping[str, Any]], children: Sequence[Mapping[str, Any]], actor: Mapping[str, Any]
) -> None:
    """Insert the first log rows of new recordings and of the encoding tickets they have, talk by talk.

    *entries* have ticket_id, event, comment and to_state of the recordings, *children* profile_id, event, comment and
    changes of their encoding tickets; *actor* has what is the same in all rows.
    """
    table, names = _table(LogEntry), ("ticket_id", "event", "comment", "to_state", "changes")
    for part in _parts(entries):
        talk = _recordset(table, names[:-1], part)
        nothing = cast(literal("{}"), LogEntry.changes.type).label("changes")
        own = select(talk.c.ticket_id.label("talk"), *talk.c, nothing)
        born = _recordset(table, ("event", "comment", "changes"), children, column("profile_id", Integer))
        theirs = (
            select(Ticket.parent_id, Ticket.id, born.c.event, born.c.comment, Ticket.state, born.c.changes)
            .join(born, born.c.profile_id == Ticket.profile_id)
            .where(Ticket.parent_id.in_(select(_numbers([row["ticket_id"] for row in part]).c.number)))
        )
        both = union_all(own, theirs).subquery()
        same = (literal(value, table.c[name].type) for name, value in actor.items())
        rows = select(*(both.c[name] for name in names), *same).order_by(both.c.talk, both.c.ticket_id)
        db.session.execute(insert(table).from_select([*names, *actor], rows))


def insert_properties(rows: Sequence[tuple[int, str, str]]) -> None:
    """Insert properties (ticket, name, value) of new tickets."""
    named = [{"ticket_id": ticket_id, "name": name, "value": value} for ticket_id, name, value in rows]
    _insert(Property, ("ticket_id", "name", "value"), named)


def upsert_ticket_properties(rows: Sequence[tuple[int, str, str]]) -> None:
    """Write properties (ticket, name, value) of any tickets, in one order, so that two writers cannot deadlock."""
    names = ("ticket_id", "name", "value")
    for part in _parts(sorted(rows)):
        named = [dict(zip(names, row, strict=True)) for row in part]
        given = _recordset(_table(Property), names, named)
        statement = upsert(_table(Property)).from_select(list(names), select(*given.c))
        db.session.execute(
            statement.on_conflict_do_update(
                index_elements=[Property.ticket_id, Property.name],
                index_where=Property.ticket_id.is_not(None),
                set_={"value": statement.excluded.value},
            )
        )


def delete_ticket_properties(rows: Sequence[tuple[int, str]]) -> None:
    """Delete properties (ticket, name) of any tickets."""
    for part in _parts(sorted(rows)):
        given = _recordset(_table(Property), ("ticket_id", "name"), [{"ticket_id": t, "name": n} for t, n in part])
        db.session.execute(
            delete(Property)
            .where(Property.ticket_id == given.c.ticket_id, Property.name == given.c.name)
            .execution_options(synchronize_session=False)
        )


def insert_schedule_events(rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert what identifies scheduled talks."""
    _insert(ScheduleEvent, ("recording_id", "project_id", "guid", "source_id", "occurrence", "said"), rows)


def insert_fahrplan_changes(changes: Sequence[FahrplanChange]) -> None:
    """Insert what an import did to talks; the objects given are not those of the rows."""
    names = ("project_id", "import_id", "ticket_id", "status", "title", "parts", "before", "log_id")
    _insert(FahrplanChange, names, [{name: getattr(change, name) for name in names} for change in changes])
