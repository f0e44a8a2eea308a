"""What a day of a conference recorded, room by room: which talks are whole, have holes, or are not there yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from tracker import queries
from tracker.db import now
from tracker.models import Project, Ticket

VERDICTS = ("whole", "with holes", "failed", "not merged yet", "being recorded", "to come", "not recorded")
HOLES = "Record.Holes"
DAY_BEGINS = time(6)
"""Local time: talks after midnight belong to the evening before."""
MOST, LEAST = 2000, 5
"""Talks of a day that are drawn, and how wide the shortest is, in thousandths."""


@dataclass(frozen=True)
class Block:
    """A talk in its room: where it stands on the day, in thousandths of what is drawn, and what is known of it."""

    ticket: Ticket
    verdict: str
    holes: str
    """The sentence that script B wrote about them."""
    left: int
    width: int


@dataclass(frozen=True)
class Day:
    """A day: from the first talk's begin to the last one's end, in UTC."""

    begin: datetime
    end: datetime
    rooms: Sequence[tuple[str, Sequence[Block]]]
    hours: Sequence[int]
    """Where full hours stand, in thousandths."""

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Return how many talks there are of each verdict that occurs."""
        found = Counter(block.verdict for _, blocks in self.rooms for block in blocks)
        return [(verdict, found[verdict]) for verdict in VERDICTS if found[verdict]]

    @property
    def wrong(self) -> list[Block]:
        """Return the talks that somebody has to look at."""
        return [block for _, blocks in self.rooms for block in blocks if block.verdict in ("with holes", "failed")]


def day_of(project: Project, moment: datetime | None = None) -> Day | None:
    """Return the conference day at *moment* (now), else the last one before it, else the first; None without talks."""
    at = moment or now()
    near = queries.talk_near(project.id, at)
    if near is None:
        return None
    zone = ZoneInfo(project.time_zone)
    local = near.astimezone(zone)
    first = local.date() if local.time() >= DAY_BEGINS else local.date() - timedelta(days=1)
    begins, ends = (datetime.combine(day, DAY_BEGINS, zone).astimezone(UTC) for day in (first, first + timedelta(1)))
    return _drawn(queries.day_talks(project.id, begins, ends, HOLES, MOST), at)


def _drawn(rows: Sequence[tuple[Ticket, str, str]], at: datetime) -> Day:
    """Place talks: (ticket, room, what script B said of holes), all with begin and end."""
    begin = min(ticket.start for ticket, _, _ in rows if ticket.start)
    end = max(ticket.end for ticket, _, _ in rows if ticket.end)
    length = max((end - begin).total_seconds(), 1.0)

    def place(moment: datetime) -> int:
        return round(1000 * (moment - begin).total_seconds() / length)

    rooms: dict[str, list[Block]] = {}
    for ticket, room, holes in rows:
        assert ticket.start is not None and ticket.end is not None
        left = place(ticket.start)
        block = Block(ticket, _verdict(ticket, holes, at), holes, left, max(place(ticket.end) - left, LEAST))
        rooms.setdefault(room, []).append(block)
    full = begin.replace(minute=0, second=0, microsecond=0)
    marks = (full + timedelta(hours=number) for number in range(1, ceil(length / 3600) + 2))
    return Day(begin, end, sorted(rooms.items()), [place(mark) for mark in marks if mark < end])


def _verdict(ticket: Ticket, holes: str, at: datetime) -> str:
    table = ticket.table
    if ticket.state == "locked":
        return "not recorded"
    if table.position(table.reached(ticket.state, ticket.disabled)) >= table.position("merged"):
        return "with holes" if holes else "whole"
    if ticket.failed:
        return "failed"
    assert ticket.start is not None and ticket.end is not None
    return "to come" if at < ticket.start else "being recorded" if at < ticket.end else "not merged yet"
