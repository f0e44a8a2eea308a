"""`fahrwerk serve` as a process: real sockets, signals and a database of its own."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tracker.cluster import Cluster
from tracker.serve import PortInUse, port_is_free
from tracker.settings import Settings

HASH = "0123456789abcdef0123456789abcdef"
CALL = "<?xml version='1.0'?><methodCall><methodName>C3TT.getVersion</methodName></methodCall>"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Tracker:
    """One `fahrwerk serve`, its port and its log."""

    argv: tuple[str, ...] = (str(Path(sys.executable).with_name("fahrwerk")), "serve")

    def __init__(self, place: Path, **environ: str) -> None:
        self.port = free_port()
        self.log = place / "serve.log"
        given = {"DATA_DIR": str(place / "data"), "PORT": str(self.port), "PROCESSES": "1"} | environ
        env = {name: value for name, value in os.environ.items() if not name.startswith("FAHRWERK_")}
        env |= {f"FAHRWERK_{name}": value for name, value in given.items()}
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(self.argv, env=env, stderr=output, start_new_session=True)

    def ask(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", f"/rpc/{HASH}/h.example", CALL)
            answer = connection.getresponse()
            body = answer.read()
            return 500 if b"-32500" in body else answer.status
        except OSError:
            return 0
        finally:
            connection.close()

    def wait_for(self, condition, timeout_s: float = 30) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def tracker(place: Path, **environ: str) -> Iterator[Tracker]:
    running = Tracker(place, **environ)
    try:
        yield running
    finally:
        running.end()


def test_it_brings_its_database_answers_and_stops_in_order(place):
    with tracker(place) as running:
        running.wait_for(lambda: running.ask() == 200)
        assert running.end() == 0
    assert Cluster(place / "data").process() is None
    lines = running.log.read_text()
    assert "POST /rpc/***/h.example" in lines and HASH not in lines
    assert lines.index("serving on") < lines.index("Shutting down")
    assert not re.search("ERROR|Traceback", lines)


def test_it_survives_the_death_of_itself_and_of_its_database(place):
    with tracker(place) as first:
        first.wait_for(lambda: first.ask() == 200)
        first.end(signal.SIGKILL)
    with tracker(place) as second:
        second.wait_for(lambda: second.ask() == 200)
        Cluster(place / "data").process().kill()
        second.wait_for(lambda: "starting it again" in second.log.read_text() and second.ask() == 200)
    assert Cluster(place / "data").process() is None


def test_it_waits_for_a_database_and_obeys_sigterm_meanwhile(place):
    url = f"postgresql://me:hush@127.0.0.1:{free_port()}/x"
    with tracker(place, DATABASE_URL=url, SECRET_KEY="k" * 32, SECRET="worker") as running:
        running.wait_for(lambda: "waiting for the database" in running.log.read_text())
        began = time.monotonic()
        running.end()
        assert time.monotonic() - began < 3
    assert "hush" not in running.log.read_text()


def test_it_refuses_a_database_that_is_behind_and_names_the_command(place, new_database):
    url = new_database("template0")
    with tracker(place, DATABASE_URL=url, SECRET_KEY="k" * 32, SECRET="worker") as running:
        assert running.process.wait(30) == 1
    assert "fahrwerk db upgrade" in running.log.read_text()
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) == 0
    engine.dispose()


@pytest.mark.parametrize("name", ["PORT", "SECRET_KEY"])
def test_a_mistake_in_the_settings_is_a_sentence(place, name):
    with tracker(place, **{name: "x"}) as running:
        assert running.process.wait(30) == 1
    assert running.log.read_text().startswith(f"fahrwerk: FAHRWERK_{name} must")


def test_it_waits_for_the_port_of_a_server_that_is_still_ending():
    with socket.create_server(("127.0.0.1", 0)) as old:
        settings = Settings(port=old.getsockname()[1])
        ending = threading.Timer(0.7, old.close)
        ending.start()
        assert port_is_free(settings, threading.Event())
        ending.join()


def test_waiting_for_the_port_ends_with_the_server():
    stopped = threading.Event()
    stopped.set()
    assert not port_is_free(Settings(port=1), stopped)


def test_an_address_that_is_not_ours_is_named_with_the_remedy():
    with pytest.raises(PortInUse, match=r"192\.0\.2\.1, port 8020: .*; .*FAHRWERK_BIND"):
        port_is_free(Settings(bind="192.0.2.1"), threading.Event())
