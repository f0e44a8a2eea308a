"""Statements made ready once: compiled to text when they are loaded, for those that every call asks.

To put a statement together, or only to look it up among those compiled before, takes longer than to run it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement, CursorResult
from sqlalchemy.dialects.postgresql import psycopg2

from tracker.db import db

_DIALECT = psycopg2.dialect()  # type: ignore[no-untyped-call]


class Ready:
    """A statement as text. Values go to the driver as they are: JSON has to be given as text."""

    def __init__(self, statement: ClauseElement) -> None:
        """Compile the *statement*; what it compares with is fixed, what is bound by name is given to run."""
        compiled = statement.compile(dialect=_DIALECT)
        self._text = str(compiled)
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def run(self, values: Mapping[str, Any]) -> CursorResult[*tuple[Any, ...]]:
        """Run it in the session's transaction."""
        return db.session.connection().exec_driver_sql(self._text, self._fixed | dict(values))
