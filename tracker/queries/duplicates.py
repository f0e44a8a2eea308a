"""Named statements: the rows of a project that another one begins with."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import insert, literal, select

from tracker.db import db
from tracker.models import FahrplanSource, ProjectProfile, Room, WorkerGroupProject

POLICY = frozenset(("policy", "loss_share", "loss_count", "rooms", "every_s", "mail_to"))
"""Columns of the Fahrplan's source that say what the crew wants, and nothing of where the file comes from."""


def copy_rows(source_id: int, target_id: int) -> None:
    """Give a new project the rooms, formats, worker groups with their filters and Fahrplan policy of another."""
    for model in (Room, ProjectProfile, WorkerGroupProject):
        _copy(model, source_id, target_id, {each.name for each in model.__table__.columns} - {"id", "project_id"})
    _copy(FahrplanSource, source_id, target_id, POLICY)


def _copy(
    model: type[Room | ProjectProfile | WorkerGroupProject | FahrplanSource],
    source_id: int,
    target_id: int,
    names: Collection[str],
) -> None:
    columns = [each for each in model.__table__.columns if each.name in names]
    rows = select(literal(target_id), *columns).where(model.project_id == source_id)
    db.session.execute(insert(model).from_select(["project_id", *(each.name for each in columns)], rows))
