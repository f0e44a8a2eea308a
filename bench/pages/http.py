"""Pages that list, find and show tickets, asked for one after the other; beside them the rows they show as bare SQL."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import connection as Connection

from bench.dispatch import Place
from bench.pages.visitor import Visitor, add_admin

TALKS_PER_PAGE, TICKETS_PER_PAGE = 200, 100
NEEDLE = 77
"""The number of the talk that is looked for."""

LIFE = (
    """UPDATE ticket SET start = now() - interval '30 days' + fahrplan_id * interval '10 minutes',
    "end" = now() - interval '30 days' + fahrplan_id * interval '10 minutes' + interval '30 minutes',
    state = CASE WHEN id % 50 = 0 THEN 'merged' ELSE state END WHERE type = 'recording'""",
    """UPDATE ticket SET state = (ARRAY['ready to encode', 'encoded', 'checked', 'released'])[1 + id % 4],
    failed = id % 500 = 0 WHERE type = 'encoding'""",
    """INSERT INTO log_entry (ticket_id, actor, event, from_state, to_state, created)
    SELECT id, 'bench', event, 'ready to encode', reached, now() - random() * interval '10 days' FROM ticket,
    (VALUES ('Encode.done', 'encoded'), ('Check.done', 'checked'), ('Release.done', 'released')) done (event, reached)
    WHERE type = 'encoding'""",
    """INSERT INTO property (ticket_id, name, value) SELECT id, name, md5(id::text) FROM ticket,
    unnest(ARRAY['Encoding.Basename', 'Encoding.Cut', 'Encoding.Seconds', 'Release.SHA256']) name
    WHERE type = 'encoding'""",
    "VACUUM ANALYZE",
)
"""Talks of many days whose files are in several states, with a log and properties as the scripts leave them."""

HEADS = "t.id, t.type, t.state, t.failed, t.title, t.start, t.room_id, t.user_id, t.worker_id, t.modified, t.parent_id"
ORDER = "coalesce(talk.start, t.start), coalesce(t.parent_id, t.id), t.parent_id NULLS FIRST, t.id"


def _rows(condition: str) -> tuple[str, ...]:
    """Return the bare statements of a page of found tickets: how many there are, and its rows with their talks."""
    tables = "ticket t LEFT JOIN ticket talk ON talk.id = t.parent_id"
    where = f"WHERE t.project_id = 1 AND {condition}"
    return (
        f"SELECT count(*) FROM {tables} {where}",
        f"SELECT {HEADS}, talk.title FROM {tables} {where} ORDER BY {ORDER} LIMIT {TICKETS_PER_PAGE}",
    )


_TITLE = "(t.title ILIKE '%{0}%' OR talk.title ILIKE '%{0}%')"
_OWNERS = "(SELECT ticket_id FROM property WHERE name = '{}' AND value {})"
_PERSON = "coalesce(t.parent_id, t.id) IN " + _OWNERS.format("Fahrplan.Person_list", "ILIKE '%{0}%'")
_SPECIAL = "t.id IN " + _OWNERS.format("Bench.Kind", "= 'special'")
_TALKS = (
    "SELECT count(*), avg(100.0 * (state = 'released')::int) FROM ticket WHERE project_id = 1",
    f"SELECT {HEADS} FROM ticket t WHERE project_id = 1 AND type = 'recording' ORDER BY start, room_id, id "
    f"LIMIT {TALKS_PER_PAGE}",
    f"SELECT {HEADS} FROM ticket t WHERE parent_id IN (SELECT id FROM ticket WHERE project_id = 1 AND "
    f"type = 'recording' ORDER BY start, room_id, id LIMIT {TALKS_PER_PAGE})",
)


@dataclass(frozen=True)
class Page:
    """An address, and the bare statements whose rows it shows."""

    path: str
    sql: Sequence[str]


def _search(question: str, condition: str) -> Page:
    return Page(f"/bench/tickets?q={quote(question)}", _rows(condition))


def _ticket(number: int) -> Page:
    family = f"SELECT id FROM ticket WHERE {number} IN (id, parent_id)"
    owners = f"ticket_id IN ({family}) OR ticket_id = (SELECT parent_id FROM ticket WHERE id = {number})"
    tables = ("property WHERE project_id = 1 OR {}", "log_entry WHERE {}", "comment WHERE {}")
    return Page(
        f"/bench/ticket/{number}",
        (
            f"SELECT {HEADS} FROM ticket t WHERE id IN ({family})",
            *(f"SELECT * FROM {t.format(owners)}" for t in tables),
        ),
    )


def pages(recording: int, encoding: int) -> dict[str, Page]:
    """Return what is measured."""
    both = f"{_TITLE.format('7')} AND (t.state = 'encoded' OR t.state = 'checked') AND NOT t.failed"
    return {
        "list of talks": Page("/bench/", _TALKS),
        "list of tickets": Page("/bench/tickets", _rows("true")),
        "search: a word of titles": _search(
            f"Talk {NEEDLE}", f"{_TITLE.format('Talk')} AND ({_TITLE.format(NEEDLE)} OR {_PERSON.format(NEEDLE)})"
        ),
        "search: a person": _search('person:"talk 7"', _PERSON.format("talk 7")),
        "search: an id": _search(f"id:{NEEDLE}", f"({NEEDLE} IN (t.id, t.fahrplan_id, talk.fahrplan_id))"),
        "search: a property": _search("Bench.Kind:special", _SPECIAL),
        "search: and, or, not": _search("title:7 (state:encoded or state:checked) not failed:yes", both),
        "ticket: a talk": _ticket(recording),
        "ticket: a file": _ticket(encoding),
    }


@dataclass
class Times:
    """Seconds of each turn."""

    page: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    size: int = 0


def enliven(place: Place) -> None:
    """Turn the tickets of *place* into those of a conference that is half done, and add somebody who looks at them."""
    place.run(*LIFE)
    add_admin(place)


HEAD = "| page | tickets | p50 ms | p95 ms | KiB sent | bare SQL p50 ms | ratio |"


def table(places: Sequence[Place], rounds: int) -> Iterator[str]:
    """Ask for every page in turn, *rounds* times, and yield the lines of the table."""
    yield from (HEAD, "|" + "---|" * (HEAD.count("|") - 1))
    measured = {place.tickets: _measured(place, rounds) for place in places}
    for name in next(iter(measured.values())):
        for tickets, every in measured.items():
            yield _line(name, tickets, every[name])


def _line(name: str, tickets: int, times: Times) -> str:
    p50, bare = median(times.page) * 1000, median(times.bare) * 1000
    return (
        f"| {name} | {tickets:,} | {p50:.0f} | {p95(times.page) * 1000:.0f} | {times.size / 1024:.0f} | "
        f"{bare:.1f} | {p50 / bare:.1f} |"
    )


def p95(seconds: Sequence[float]) -> float:
    """Return the value that one in twenty exceeds."""
    return quantiles(seconds, n=20, method="inclusive")[18]


def _measured(place: Place, rounds: int) -> dict[str, Times]:
    bare = psycopg2.connect(place.url.replace("+psycopg2", ""))
    bare.autocommit = True
    wanted = pages(*_middle(bare))
    found = {name: Times() for name in wanted}
    visitor = Visitor(place.port)
    for turn in range(rounds + 2):  # the first two warm up both processes of the server
        for name, page in wanted.items():
            seconds, size = visitor.seconds(page.path)
            rows = _bare(bare, page.sql)
            if turn >= 2:
                found[name].page.append(seconds)
                found[name].bare.append(rows)
                found[name].size = size
    visitor.close()
    bare.close()
    return found


def _middle(bare: Connection) -> tuple[int, int]:
    """Return a talk in the middle of the project, and one of its files."""
    with bare.cursor() as cursor:
        cursor.execute("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM ticket WHERE type = 'recording'")
        (recording,) = cursor.fetchone() or (0,)
        cursor.execute("SELECT min(id) FROM ticket WHERE parent_id = %s", (recording,))
        (encoding,) = cursor.fetchone() or (0,)
    return recording, encoding


def _bare(bare: Connection, statements: Sequence[str]) -> float:
    begin = time.perf_counter()
    with bare.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()
    return time.perf_counter() - begin
