"""What the clients saw, held against what the database says: commit times, states and the log."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import psycopg2

TAKEN = """
SELECT ticket_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM log_entry
WHERE event = 'RPC.assignNextUnassignedForState'
"""
STORIES = """
SELECT t.id, t.state, t.failed, t.worker_id, t.version,
    array_agg(l.event ORDER BY l.id), array_agg(l.from_state ORDER BY l.id), array_agg(l.to_state ORDER BY l.id)
FROM ticket t JOIN log_entry l ON l.ticket_id = t.id AND l.from_state IS NOT NULL
WHERE t.type = 'encoding' GROUP BY t.id
"""
STORY = ["material needed", "ready to encode", "encoding", "encoded"]


@dataclass
class Seen:
    """What the clients told, and when tickets became free (seconds since 1970, by ticket)."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    free_at: dict[int, float] = field(default_factory=dict)

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of one event."""
        return [line for line in self.lines if line["event"] == event]


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Ask the database."""
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()
    finally:
        connection.close()


class Free:
    """How many tickets were free at which time."""

    def __init__(self, since: Mapping[int, float], until: Mapping[int, float]) -> None:
        """Count them up when the commit that freed them had returned, down when the claim was committed.

        One that was claimed before the commit had returned counts for nothing.
        """
        spans = [(since[number], at) for number, at in until.items() if at > since[number]]
        changes = sorted(change for begin, end in spans for change in ((begin, 1), (end, -1)))
        self._times = [at for at, _ in changes]
        self._counts = [0, *accumulate(change for _, change in changes)]

    def least(self, begin: float, end: float) -> int:
        """Return the smallest number from *begin* to *end*."""
        return min(self._counts[bisect_right(self._times, begin) : bisect_right(self._times, end) + 1])


def false_nothings(url: str, seen: Seen) -> list[dict[str, Any]]:
    """List the answers 'nothing' to calls during all of which a ticket was free."""
    free = Free(seen.free_at, dict(rows(url, TAKEN)))
    return [line for line in seen.of("nothing") if free.least(line["from"], line["to"]) > 0]


def broken_stories(url: str) -> list[tuple[Any, ...]]:
    """List the tickets that did not go each step once, with one row of the log for each and nothing beside."""
    return [row for row in rows(url, STORIES) if not _whole(row)]


def _whole(row: Sequence[Any]) -> bool:
    _, state, failed, worker, _, events, before, after = row
    steps = [before[0], *after] == STORY and before == STORY[:-1]
    once = Counter(events)["RPC.assignNextUnassignedForState"] == Counter(events)["RPC.setTicketDone"] == 1
    return steps and once and (state, failed, worker) == (STORY[-1], False, None)
