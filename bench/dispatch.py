"""Claims over HTTP, beside the same claim as one SQL statement by pgbench, in alternating runs on one machine."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.error import URLError

import psutil
import psycopg2

from demo.stage import free_port
from tracker import database, embedded, wire
from tracker.cluster import Cluster, programs

SECRET, SLUG, STATE = "bench", "bench", "encoding"
WORKERS, ROUNDS, CLAIMS, SECONDS = 8, 3, 1600, 8.0
"""A run ends after so many claims or seconds: before a worker that names no ticket gets its first one again."""
FORMATS = ("hd", "sd", "mp3", "opus")
ONE_IN = 1000
FILTER = '{"property": "Bench.Kind", "is": "special"}'

RAW = f"""
WITH chosen AS (
    SELECT id FROM ticket WHERE project_id = 1 AND state = 'ready to encode' AND user_id IS NULL AND worker_id IS NULL
    AND NOT failed AND blocked = '' AND priority > 0 ORDER BY priority DESC, state_since, id
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
), moved AS (
    UPDATE ticket SET state = '{STATE}', worker_id = (SELECT min(id) FROM worker), attempt = attempt + 1, lease_s = 60,
    lease_until = now() + interval '1 minute', version = version + 1, state_since = now(), modified = now()
    FROM chosen WHERE ticket.id = chosen.id RETURNING ticket.id
)
INSERT INTO log_entry (ticket_id, actor, worker_id, event, from_state, to_state)
SELECT id, 'bench', (SELECT min(id) FROM worker), 'Bench', 'ready to encode', '{STATE}' FROM moved;
"""
"""The same partial index, lock, change and log row as a claim, in one prepared statement."""

RESET = """
UPDATE ticket SET state = 'ready to encode', worker_id = NULL, lease_s = NULL, lease_until = NULL, not_before = NULL,
waiting = '' WHERE type = 'encoding' AND state <> 'ready to encode';
TRUNCATE log_entry, reply;
DELETE FROM property WHERE name = 'Encoding.Cut';
"""

TALKS = """
INSERT INTO project (slug, title) VALUES ('bench', 'Bench');
INSERT INTO worker (group_id, name) SELECT id, 'pgbench' FROM worker_group WHERE v3;
INSERT INTO ticket (project_id, type, state, fahrplan_id, title, basename)
SELECT 1, 'recording', 'copied', g, 'Talk ' || g, 'bench-' || g FROM generate_series(1, %(talks)s) g;
INSERT INTO property (ticket_id, name, value)
SELECT id, name, name || ' of talk ' || fahrplan_id %% 50 FROM ticket, unnest(%(names)s) name;
"""

FORMAT = """
WITH profile AS (INSERT INTO encoding_profile (slug, name, extension) VALUES (%(slug)s, %(slug)s, 'mp4') RETURNING id),
version AS (INSERT INTO profile_version (profile_id, revision, template) SELECT id, 1, '' FROM profile RETURNING *),
used AS (INSERT INTO project_profile (project_id, profile_id, version_id) SELECT 1, profile_id, id FROM version)
INSERT INTO ticket (project_id, type, state, parent_id, profile_id, profile_version_id, state_since)
SELECT 1, 'encoding', 'ready to encode', t.id, v.profile_id, v.id, now() - random() * interval '1 day'
FROM ticket t, version v WHERE t.type = 'recording';
"""

SPECIAL = """
INSERT INTO property (ticket_id, name, value)
SELECT id, 'Bench.Kind', 'special' FROM (SELECT id, row_number() OVER (ORDER BY random()) AS place FROM ticket
WHERE type = 'encoding') numbered WHERE place %% %(one_in)s = 0;
"""

NAMES = [
    *(f"Fahrplan.{name}" for name in ("Title", "Date", "Start", "DateTime", "Duration", "Room", "Slug", "Track")),
    *(f"Fahrplan.{name}" for name in ("Language", "Abstract", "Person_list", "URL")),
    *(f"Record.{name}" for name in ("Cutin", "Cutout", "Language", "DurationFrames", "DurationSeconds", "Framerate")),
]
"""Properties of a talk, as many as an import and the scripts leave."""


@dataclass
class Measured:
    """What one run over HTTP showed; latencies in seconds, CPU seconds by who used them."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    nothing: int = 0
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Return claims per second."""
        return len(self.latencies) / self.seconds


@dataclass
class Place:
    """A database with so many tickets, and perhaps a tracker over it."""

    tickets: int
    url: str
    port: int
    cluster: Cluster
    server: subprocess.Popen[bytes] | None = None

    def run(self, *sql: str, values: Mapping[str, Any] | None = None) -> None:
        """Run statements, each in a transaction of its own."""
        connection = psycopg2.connect(self.url.replace("+psycopg2", ""))
        connection.autocommit = True
        with connection.cursor() as cursor:
            for text in sql:
                cursor.execute(text, values)
        connection.close()


@contextmanager
def places(folder: Path, sizes: tuple[int, ...], more: Mapping[str, str] | None = None) -> Iterator[list[Place]]:
    """Start a PostgreSQL with a database and a tracker for each size; *more* are settings of the trackers."""
    cluster = Cluster(folder, ("shared_buffers=256MB",))
    cluster.start(60)
    with ExitStack() as stack:
        stack.callback(cluster.stop)
        yield [stack.enter_context(_place(cluster, size, more or {})) for size in sizes]


def filled(cluster: Cluster, size: int) -> str:
    """Make a database with so many encoding tickets that are free; return its URL."""
    name = f"bench_{size}"
    connection = cluster.connect("postgres")
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    url = embedded.url(cluster, name)
    database.upgrade(url)
    place = Place(size, url, 0, cluster)
    place.run(TALKS, values={"talks": size // len(FORMATS), "names": NAMES})
    for slug in FORMATS:
        place.run(FORMAT, values={"slug": slug})
    place.run(SPECIAL, values={"one_in": ONE_IN})
    place.run("VACUUM ANALYZE")
    return url


@contextmanager
def _place(cluster: Cluster, size: int, more: Mapping[str, str]) -> Iterator[Place]:
    url, port = filled(cluster, size), free_port()
    own = {
        "DATABASE_URL": url,
        "SECRET_KEY": "k" * 64,
        "SECRET": SECRET,
        "PORT": str(port),
        "LOG_LEVEL": "INFO",
        **more,
    }
    environ = os.environ | {f"FAHRWERK_{key}": value for key, value in own.items()}
    argv = [sys.executable, "-c", "from tracker.cli import main; main()", "serve"]
    with subprocess.Popen(argv, env=environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield Place(size, url, port, cluster, server)
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=5).close()
            return
        except (URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


# --- the load ----------------------------------------------------------------------------------------------------


class Caller:
    """A worker as lean as can be: requests made beforehand, a kept connection, as many headers as ours send."""

    def __init__(self, port: int, fqdn: str) -> None:
        """Connect."""
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._target = f"/rpc/{wire.login_hash(fqdn, SECRET)}/{fqdn}/{SLUG}"

    def call(self, method: str, *params: Any) -> bytes:
        """Make a call; return the answer's body."""
        body = wire.call(f"C3TT.{method}", params)
        head = (
            f"POST {self._target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body)}\r\nX-Request-ID: {uuid.uuid4()}\r\nX-Lease-Seconds: 60\r\n\r\n"
        )
        self._socket.sendall(head.encode() + body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        start, _, answer = received.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *([0-9]+)", start)[1])  # type: ignore[index]
        while len(answer) < length:
            answer += self._receive()
        if b"<fault>" in answer:
            raise RuntimeError(answer.decode())
        return answer

    def _receive(self) -> bytes:
        piece = self._socket.recv(65536)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


@dataclass
class Load:
    """Workers that claim at once; with *give_back* each returns its ticket before the next claim."""

    place: Place
    left: int
    give_back: bool = False
    measured: Measured = field(default_factory=Measured)
    guard: threading.Lock = field(default_factory=threading.Lock)
    end: float = 0.0

    def work(self, begin: threading.Barrier) -> None:
        """Be one of the workers."""
        caller = Caller(self.place.port, f"bench-{uuid.uuid4().hex[:8]}.example.org")
        caller.call("getVersion")
        begin.wait()
        while time.perf_counter() < self.end and self.left > 0:
            self.left -= 1
            asked = time.perf_counter()
            answer = caller.call("assignNextUnassignedForState", STATE)
            took = time.perf_counter() - asked
            found = re.search(rb"<name>id</name><value><int>([0-9]+)<", answer)
            with self.guard:
                self.measured.latencies.append(took)
                self.measured.nothing += found is None
            if found and self.give_back:
                caller.call("giveBackTicket", int(found[1]), "bench")
        caller.close()


def claims(place: Place, callers: int, most: int, *, give_back: bool = False) -> Measured:
    """Let workers claim until *most* tickets are claimed."""
    load, begin = Load(place, most, give_back), threading.Barrier(callers + 1)
    threads = [threading.Thread(target=load.work, args=(begin,)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    before = _cpu(place)
    load.end = time.perf_counter() + SECONDS
    begin.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    load.measured.seconds = time.perf_counter() - started
    after = _cpu(place)
    load.measured.cpu = {who: after[who] - before[who] for who in after}
    return load.measured


def _cpu(place: Place) -> dict[str, float]:
    """Return the CPU seconds used so far by the tracker, by PostgreSQL and by this process with its ended children."""
    tracker = [psutil.Process(place.server.pid)] if place.server else []
    postgres = place.cluster.process()
    assert postgres is not None
    times = os.times()
    return {
        "tracker": sum(_used(each) for parent in tracker for each in [parent, *parent.children(recursive=True)]),
        "PostgreSQL": sum(_used(each) for each in [postgres, *postgres.children(recursive=True)]),
        "load": times.user + times.system + times.children_user + times.children_system,
    }


def _used(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and of its children that ended, such as closed connections."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


def pgbench(place: Place, clients: int, transactions: int, folder: Path) -> tuple[float, float]:
    """Run the bare statement; return transactions per second, and the CPU seconds of one, pgbench's included."""
    script = folder / "claim.sql"
    script.write_text(" ".join(RAW.split()), encoding="ascii")
    parts = psycopg2.extensions.parse_dsn(place.url.replace("+psycopg2", ""))
    argv = [str(programs() / "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "2"]
    argv += ["-t", str(transactions // clients), "-f", str(script), "-h", parts["host"], "-U", parts["user"]]
    argv += ["-p", parts["port"]] if "port" in parts else []
    before = _cpu(place)
    done = subprocess.run([*argv, parts["dbname"]], check=True, capture_output=True, text=True)
    after = _cpu(place)
    spent = sum(after[who] - before[who] for who in ("PostgreSQL", "load")) / transactions
    return float(re.search(r"tps = ([0-9.]+)", done.stdout)[1]), spent  # type: ignore[index]


# --- the table -----------------------------------------------------------------------------------------------------


HEAD = "| tickets | claims/s | p50 ms | p99 ms | false nothing | pgbench/s | ratio | CPU ms, all | pgbench's | ratio |"
HEAD_FILTER = (
    "| tickets, filter 1 in 1,000 | workers | p50 ms | p99 ms | false nothing | CPU ms a claim and its return |"
)


def table(folder: Path, sizes: tuple[int, ...] = (1000, 20_000, 100_000), rounds: int = ROUNDS) -> Iterator[str]:
    """Measure, and yield the lines of the table."""
    with places(folder, sizes) as found:
        yield f"load of the machine before: {os.getloadavg()[0]:.1f}; {os.cpu_count()} cores"
        yield from (HEAD, "|" + "---|" * HEAD.count(" | ") + "---|")
        costs: dict[int, float] = {}
        for place in found:
            yield _plain(place, folder, rounds, costs)
        yield f"cost at {sizes[-1]} / cost at {sizes[0]} (CPU): {costs[sizes[-1]] / costs[sizes[0]]:.2f}"
        yield from (HEAD_FILTER, "|" + "---|" * HEAD_FILTER.count(" | ") + "---|")
        for place in found:
            yield from _filtered(place)
        yield f"load of the machine after: {os.getloadavg()[0]:.1f}"


def _plain(place: Place, folder: Path, rounds: int, costs: dict[int, float]) -> str:
    most = min(CLAIMS, place.tickets * 8 // 10)
    raw, over_http = [], []
    for _ in range(rounds):
        raw.append(pgbench(place, WORKERS, most, folder))
        _reset(place)
        over_http.append(claims(place, WORKERS, most))
        _reset(place)
    latencies = [value for run in over_http for value in run.latencies]
    rate, bare = median(run.rate for run in over_http), median(rate for rate, _ in raw)
    spent = {who: sum(run.cpu[who] for run in over_http) * 1000 / len(latencies) for who in over_http[0].cpu}
    costs[place.tickets] = spent["tracker"] + spent["PostgreSQL"]
    every, theirs = sum(spent.values()), median(seconds for _, seconds in raw) * 1000
    nothing = sum(run.nothing for run in over_http)
    cpu = " + ".join(f"{value:.2f}" for value in spent.values())
    return (
        f"| {place.tickets} | {rate:.0f} | {median(latencies) * 1000:.1f} | {_p99(latencies):.1f} | {nothing} | "
        f"{bare:.0f} | {rate / bare:.2f} | {cpu} | {theirs:.2f} | {theirs / every:.2f} |"
    )


def _filtered(place: Place) -> Iterator[str]:
    place.run(
        "INSERT INTO worker_group_project (group_id, project_id, filter) SELECT id, 1, %(rule)s FROM worker_group "
        "WHERE v3 ON CONFLICT (group_id, project_id) DO UPDATE SET filter = excluded.filter",
        values={"rule": FILTER},
    )
    for callers in (1, WORKERS):
        if callers <= place.tickets // ONE_IN:
            run = claims(place, callers, 200 if callers == 1 else 600, give_back=True)
            spent = (run.cpu["tracker"] + run.cpu["PostgreSQL"]) * 1000 / len(run.latencies)
            yield (
                f"| {place.tickets} | {callers} | {median(run.latencies) * 1000:.1f} | {_p99(run.latencies):.1f} | "
                f"{run.nothing} | {spent:.2f} |"
            )
            _reset(place)


def _p99(latencies: list[float]) -> float:
    return quantiles(latencies, n=100)[98] * 1000


def _reset(place: Place) -> None:
    place.run(*RESET.strip().split(";\n"), "VACUUM ANALYZE ticket", "CHECKPOINT")
