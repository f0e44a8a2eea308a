"""Named SELECTs: properties, read and written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from tracker.db import db
from tracker.models import Property


def properties_of(
    *, project_id: int | None = None, profile_id: int | None = None, ticket_ids: Collection[int] = ()
) -> list[tuple[str, int, str, str]]:
    """Read properties of several owners at once: (owner kind, owner id, name, value)."""
    conditions: list[ColumnElement[bool]] = []
    if project_id is not None:
        conditions.append(Property.project_id == project_id)
    if profile_id is not None:
        conditions.append(Property.profile_id == profile_id)
    if ticket_ids:
        conditions.append(Property.ticket_id.in_(ticket_ids))
    rows = db.session.execute(
        select(Property.project_id, Property.profile_id, Property.ticket_id, Property.name, Property.value).where(
            or_(*conditions)
        )
    )
    return [(*_owner(p, f, t), name, value) for p, f, t, name, value in rows]


def _owner(project_id: int | None, profile_id: int | None, ticket_id: int | None) -> tuple[str, int]:
    for kind, number in (("ticket", ticket_id), ("profile", profile_id), ("project", project_id)):
        if number is not None:
            return kind, number
    raise AssertionError("a property has exactly one owner")


_OWNER = {"project": Property.project_id, "profile": Property.profile_id, "ticket": Property.ticket_id}


def values_of(ticket_ids: Collection[int], name: str) -> dict[int, str]:
    """Return one property of several tickets, by ticket id; those without it are left out."""
    rows = db.session.execute(
        select(Property.ticket_id, Property.value).where(Property.ticket_id.in_(ticket_ids), Property.name == name)
    )
    return {ticket_id: value for ticket_id, value in rows if ticket_id is not None}


def upsert_properties(kind: str, owner_id: int, values: Iterable[tuple[str, str]]) -> None:
    """Write properties of one owner in name order (so that two writers cannot deadlock); last write wins."""
    column = _OWNER[kind]
    rows: list[dict[str, Any]] = [{column.key: owner_id, "name": n, "value": v} for n, v in sorted(values)]
    if not rows:
        return
    statement = insert(Property).values(rows)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[column, Property.name],
            index_where=column.is_not(None),
            set_={"value": statement.excluded.value},
        )
    )


def named_values(
    names: Collection[str], *, ticket_ids: Collection[int] = (), profile_ids: Collection[int] = ()
) -> dict[tuple[str, int], dict[str, str]]:
    """Return some properties of several tickets and profiles: (owner kind, owner id) -> name -> value."""
    rows = db.session.execute(
        select(Property.project_id, Property.profile_id, Property.ticket_id, Property.name, Property.value).where(
            Property.name.in_(names), or_(Property.ticket_id.in_(ticket_ids), Property.profile_id.in_(profile_ids))
        )
    )
    found: dict[tuple[str, int], dict[str, str]] = {}
    for project_id, profile_id, ticket_id, name, value in rows:
        found.setdefault(_owner(project_id, profile_id, ticket_id), {})[name] = value
    return found


def delete_properties(kind: str, owner_id: int, names: Collection[str]) -> None:
    """Delete properties of one owner by name."""
    db.session.execute(delete(Property).where(_OWNER[kind] == owner_id, Property.name.in_(names)))
