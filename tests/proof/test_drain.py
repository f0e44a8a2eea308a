"""64 clients of three kinds drain 20,000 tickets through three servers; one is killed, and a database connection."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from statistics import quantiles

import pytest

from tests.drain.party import Party, Size, party, run
from tests.drain.verdict import broken_stories, false_nothings
from tracker import database, embedded
from tracker.cluster import Cluster

TALKS = int(os.environ.get("FAHRWERK_DRAIN_TALKS", "5000"))
"""Each has four tickets; fewer for a machine that has other things to do."""
LARGE = Size(talks=TALKS, servers=3, clients=("ours",) * 44 + ("old3",) * 10 + ("old4",) * 10, processes=4)
pytestmark = pytest.mark.proof


@pytest.fixture
def url(place) -> Iterator[str]:
    """Return the URL of a database that writes to the disk, as in production, and keeps the times of its commits."""
    folder = place / "database"
    folder.mkdir(mode=0o711)
    cluster = Cluster(folder, ("track_commit_timestamp=on", "max_connections=200"))
    cluster.start(60)
    with closing(cluster.connect("postgres")) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE drain")
    database.upgrade(embedded.url(cluster, "drain"))
    yield embedded.url(cluster, "drain")
    cluster.stop()


def test_every_ticket_is_handed_out_and_done_once(url, place, capsys):
    with party(LARGE, url, place) as found:
        seen = run(found)
    wrong, broken = false_nothings(url, seen), broken_stories(url)
    with capsys.disabled():
        print("\n" + "\n".join(figures(found, len(wrong), len(broken))))
    assert found.killed == ["server", "backend"]
    assert Counter(line["ticket"] for line in seen.of("done")) == dict.fromkeys(seen.free_at, 1)
    assert (seen.of("lost"), wrong, broken) == ([], [], [])
    assert len(seen.free_at) == found.tickets


def figures(found: Party, wrong: int, broken: int) -> Iterator[str]:
    """Say what was seen."""
    got, done = found.seen.of("got"), found.seen.of("done")
    took = quantiles([(line["to"] - line["from"]) * 1000 for line in got], n=100)
    kinds = Counter(kind.partition("-")[0] for kind in found.size.clients)
    handed = Counter(line["ticket"] for line in got)
    load = os.getloadavg()[0]
    yield f"{len(found.size.clients)} clients ({dict(kinds)}), {found.size.servers} servers, load {load:.1f}"
    yield f"{found.tickets} tickets done in {found.seconds:.0f} s: {found.tickets / found.seconds:.1f} tickets/s"
    yield f"a claim: p50 {took[49]:.0f} ms, p99 {took[98]:.0f} ms"
    yield f"tickets that a client got: {len(handed)}, by two clients: {sum(n > 1 for n in handed.values())}"
    finished = {line["ticket"] for line in done}
    yield f"done: {len(done)} answers for {len(finished)} tickets; refused: {len(found.seen.of('lost'))}"
    yield f"nothing: {len(found.seen.of('nothing'))} answers, {wrong} of them while a ticket was free all the time"
    yield f"tickets whose log is not the four states, each once: {broken}"
