"""What several tables are made with."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import DateTime

Moment = DateTime(timezone=True)


def quoted(names: Iterable[str]) -> str:
    """Write names as a list of SQL strings, for a CHECK."""
    return ", ".join(f"'{name}'" for name in names)
