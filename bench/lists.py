"""The pages that list and find tickets, in a project of many tickets beside one of few: processor time of each page."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
from flask.testing import FlaskClient

from bench.dispatch import Place, filled
from tracker import users
from tracker.app import create_app
from tracker.cluster import Cluster
from tracker.db import db, transaction
from tracker.settings import Settings

ROUNDS = 9
PAGES = {
    "front page": "/",
    "talks": "/bench/",
    "talks, a word": "/bench/?text=Talk+77",
    "talks that failed": "/bench/?failed=1",
    "tickets": "/bench/tickets",
    "tickets, state": "/bench/tickets?q=state:%22ready+to+encode%22",
    "tickets, a word": "/bench/tickets?q=Talk+77",
    "tickets, a property": "/bench/tickets?q=Bench.Kind:special",
}
TIMES = """
UPDATE ticket SET start = now() + id * interval '10 minutes', "end" = now() + id * interval '11 minutes'
WHERE type = 'recording'
"""


@dataclass(frozen=True)
class Cost:
    """Processor seconds of a page in this process and in PostgreSQL, and its bytes."""

    seconds: float
    size: int


def table(folder: Path, sizes: tuple[int, ...]) -> Iterator[str]:
    """Measure, and yield the lines of the table."""
    cluster = Cluster(folder, ("shared_buffers=256MB",))
    cluster.start(60)
    try:
        costs = {size: _measured(cluster, size) for size in sizes}
    finally:
        cluster.stop()
    few, many = sizes[0], sizes[-1]
    yield f"load of the machine: {os.getloadavg()[0]:.1f}; {os.cpu_count()} cores"
    yield f"| page | {few} tickets: CPU ms, KiB | {many}: CPU ms, KiB | ratio |"
    yield "|---|---|---|---|"
    for name in PAGES:
        one, other = costs[few][name], costs[many][name]
        few_many = (f"{cost.seconds * 1000:.0f}, {cost.size // 1024}" for cost in (one, other))
        yield f"| {name} | {' | '.join(few_many)} | {other.seconds / one.seconds:.2f} |"


def _measured(cluster: Cluster, size: int) -> dict[str, Cost]:
    url = filled(cluster, size)
    Place(size, url, 0, cluster).run(TIMES, "VACUUM ANALYZE ticket")
    with _visitor(url) as browser:
        return {name: _cost(cluster, browser, address) for name, address in PAGES.items()}


@contextmanager
def _visitor(url: str) -> Iterator[FlaskClient]:
    """Return a browser in which an admin has logged in."""
    app = create_app(Settings(database_url=url, secret_key="k" * 64, secret="bench"))
    with app.app_context(), transaction():
        users.create("bench", "correct horse battery", "admin")
    browser = app.test_client()
    page = browser.get("/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]
    answer = browser.post("/login", data={"name": "bench", "password": "correct horse battery", "csrf_token": token})
    assert answer.status_code == 303, answer.status
    yield browser
    with app.app_context():
        db.engine.dispose()


def _cost(cluster: Cluster, browser: FlaskClient, address: str) -> Cost:
    seconds, size = [], 0
    for _ in range(ROUNDS):
        before = _spent(cluster)
        answer = browser.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status}"
        size = len(answer.data)
        seconds.append(_spent(cluster) - before)
    return Cost(median(seconds[1:]), size)


def _spent(cluster: Cluster) -> float:
    """Return the processor seconds used so far here and by PostgreSQL."""
    postgres = cluster.process()
    assert postgres is not None
    used = time.process_time()
    for each in postgres.children():
        try:
            used += float(sum(each.cpu_times()[:2]))
        except psutil.NoSuchProcess:
            continue
    return used
