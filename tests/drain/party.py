"""The drain itself: a database, servers, clients, and what is killed when."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from tests import factories
from tests.conftest import SECRET
from tests.drain import SLUG
from tests.drain.verdict import Seen, rows
from tests.tracker.rpc.v4.conftest import KEY, make_group
from tests.tracker.test_serve import Tracker
from tracker import projects, tickets
from tracker.db import transaction
from tracker.models import Ticket

FORMATS = ("hd", "sd", "mp3", "opus")
LEFT = """
SELECT count(*) FILTER (WHERE state = 'ready to encode'), count(*) FILTER (WHERE state <> 'encoded')
FROM ticket WHERE type = 'encoding'
"""
BUSY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL LIMIT 1
"""
STANDING = """
SELECT state, blocked, failed, worker_id IS NULL, priority, not_before, count(*) FROM ticket GROUP BY 1, 2, 3, 4, 5, 6
"""
ACTIVITY = """
SELECT pid, state, wait_event, now() - xact_start, pg_blocking_pids(pid), left(query, 200) FROM pg_stat_activity
WHERE datname = current_database()
"""
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Size:
    """How many talks, servers, clients of each kind, processes of clients; one in *held* talks comes later."""

    talks: int
    servers: int
    clients: tuple[str, ...]
    processes: int
    held: int = 10
    waves: int = 20


@dataclass
class Party:
    """Everything that runs."""

    size: Size
    url: str
    place: Path
    app: Flask
    known: dict[str, str]
    servers: list[Tracker] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    killed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def tickets(self) -> int:
        """Return how many tickets there are to drain."""
        return self.size.talks * len(FORMATS)

    # -- servers

    def start_server(self, number: int) -> Tracker:
        """Start one; a second time on the same port."""
        folder = self.place / f"server{number}-{len(self.killed)}"
        folder.mkdir()
        port = {"PORT": str(self.servers[number].port)} if number < len(self.servers) else {}
        server = Tracker(folder, DATABASE_URL=self.url, SECRET_KEY=KEY, SECRET=SECRET, LOG_LEVEL="INFO", **port)
        if port:
            server.port = self.servers[number].port
        self.servers[number : number + 1] = [server]
        return server

    def kill_server(self) -> None:
        """Kill one with all its processes."""
        os.killpg(self.servers[0].process.pid, signal.SIGKILL)
        self.servers[0].process.wait()
        self.killed.append("server")

    def end_backend(self) -> None:
        """End a connection of a server to the database in the middle of a transaction."""
        deadline = time.monotonic() + PATIENCE_S
        while not rows(self.url, BUSY):
            assert time.monotonic() < deadline, "no transaction was ever seen"
        self.killed.append("backend")

    def standing(self) -> str:
        """Say how things are, for a drain that does not end."""
        logs = [f"--- {server.port}\n{server.log.read_text()[-3000:]}" for server in self.servers]
        return "\n".join(
            [
                *map(str, rows(self.url, STANDING)),
                *map(str, rows(self.url, ACTIVITY)),
                *map(str, self.seen.lines[-20:]),
                *logs,
            ]
        )

    # -- tickets

    def free(self, talks: list[int]) -> None:
        """Let talks be copied: their tickets may be handed out from now on."""
        with self.app.app_context():
            with transaction():
                children = [child.id for number in talks for child in _copied(number)]
            self.seen.free_at |= dict.fromkeys(children, time.time())

    def left(self) -> tuple[int, int]:
        """Return how many tickets are free, and how many are not done."""
        free, left = rows(self.url, LEFT)[0]
        return free, left


def _copied(number: int) -> list[Ticket]:
    talk = tickets.get(number)
    tickets.move(talk, "copied", tickets.TRACKER, "Test")
    return list(talk.children)


@contextmanager
def party(size: Size, url: str, place: Path) -> Iterator[Party]:
    """Prepare the servers and a project."""
    with ExitStack() as stack:
        app = stack.enter_context(factories.committing(url))
        with app.app_context(), transaction():
            project = factories.make_project(SLUG, formats=FORMATS)
            group, secret = make_group(projects=(project,))
            known = {"secret": SECRET, "token": group.token, "group_secret": secret}
        found = Party(size, url, place, app, known)
        for number in range(size.servers):
            server = found.start_server(number)
            server.wait_for(lambda server=server: server.ask() == 200)
        stack.callback(lambda: [server.end() for server in found.servers])
        yield found


def make_talks(party: Party) -> list[int]:
    """Make the talks, none of them copied yet."""
    made: list[int] = []
    while len(made) < party.size.talks:
        with party.app.app_context(), transaction():
            project = projects.get(SLUG)
            for _ in range(min(100, party.size.talks - len(made))):
                made.append(factories.make_recording(project).id)
    return made


def run(party: Party) -> Seen:
    """Drain everything; in the middle a server is killed, a backend ended, the server started again."""
    talks = make_talks(party)
    later = talks[: len(talks) // party.size.held]
    begun = time.time()
    with _clients(party):
        for begin in range(len(later), len(talks), 100):
            party.free(talks[begin : begin + 100])
        _until_done(party, 0.4)
        party.kill_server()
        _until_done(party, 0.45)
        party.end_backend()
        _until_done(party, 0.5)
        server = party.start_server(0)
        server.wait_for(lambda: server.ask() == 200)
        step = max(1, len(later) // party.size.waves)
        for begin in range(0, len(later), step):
            _until(party, lambda: party.left()[0] == 0)
            party.free(later[begin : begin + step])
        _until(party, lambda: party.left()[1] == 0)
        party.seconds = time.time() - begun
    return party.seen


def _until_done(party: Party, share: float) -> None:
    _until(party, lambda: party.left()[1] < party.tickets * (1 - share))


def _until(party: Party, condition: Callable[[], bool]) -> None:
    """Wait until something is so, as long as every now and then a ticket gets done."""
    last, since = -1, time.monotonic()
    while not condition():
        left = party.left()[1]
        last, since = (left, time.monotonic()) if left != last else (last, since)
        assert time.monotonic() - since < PATIENCE_S, (
            f"{left} tickets are left, and nothing happens\n{party.standing()}"
        )
        time.sleep(0.05)


@contextmanager
def _clients(party: Party) -> Iterator[None]:
    """Run the clients in their processes; read what they tell."""
    servers = [f"http://127.0.0.1:{server.port}" for server in party.servers]
    numbered = list(enumerate(party.size.clients))
    processes, readers = [], []
    for turn in range(party.size.processes):
        given = {"servers": servers, "known": party.known, "clients": numbered[turn :: party.size.processes]}
        argv = [sys.executable, "-m", "tests.drain.clients"]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        readers.append(threading.Thread(target=_read, args=(process, party.seen)))
        readers[-1].start()
        process.stdin.write(json.dumps(given) + "\n")
        process.stdin.flush()
    try:
        yield
    finally:
        for process in processes:
            process.stdin.close()
        for reader in readers:
            reader.join()
        codes = [process.wait(30) for process in processes]
    assert codes == [0] * len(codes)


def _read(process: subprocess.Popen[str], seen: Seen) -> None:
    with process.stdout:
        for line in process.stdout:
            seen.lines.append(json.loads(line))
