"""Clients of all kinds drain a project through two servers; one is killed meanwhile, and a backend is ended."""

from __future__ import annotations

from collections import Counter

from tests.drain.party import Size, party, run
from tests.drain.verdict import Free, broken_stories, false_nothings

SMALL = Size(talks=40, servers=2, clients=("ours",) * 6 + ("old3", "old4"), processes=2, held=3, waves=5)


def test_every_ticket_is_handed_out_and_done_once_though_a_server_is_killed(committed_db, place):
    with party(SMALL, committed_db, place) as found:
        seen = run(found)
    assert found.killed == ["server", "backend"]
    assert Counter(line["ticket"] for line in seen.of("done")) == dict.fromkeys(seen.free_at, 1)
    assert seen.of("lost") == []
    assert len(seen.of("nothing")) >= len(SMALL.clients)
    assert false_nothings(committed_db, seen) == []
    assert broken_stories(committed_db) == []


def test_nothing_is_false_when_a_ticket_was_free_all_the_time():
    free = Free(since={1: 0.0, 2: 5.0}, until={1: 3.0, 2: 9.0})
    assert [free.least(*span) for span in ((1, 2), (2, 4), (4, 6), (6, 8), (8, 10))] == [1, 0, 0, 1, 0]
