"""How soon a worker lets go, pauses and goes on, from the tracker's word to the last process."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import psutil
import pytest

from tests.faults.conftest import stage_of_faults, works  # noqa: F401
from tests.faults.talk import Talk
from tests.faults.works import Works
from tracker import tickets
from tracker.db import transaction
from tracker.workers import fleet

pytestmark = pytest.mark.proof
NAME = "demo-encoder1.localhost"


def programs(talk: Talk) -> list[psutil.Process]:
    """List the programs that write a part of the talk's file."""
    part = f".{talk.file('Output').stem}."
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(part in word for word in process.info["cmdline"] or []):
            found.append(process)
    return found


def states(talk: Talk) -> set[str]:
    return {process.status() for process in programs(talk)}


def seconds_until(what: Callable[[], bool]) -> float:
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < 30
        time.sleep(0.02)
    return time.monotonic() - begun


def test_a_worker_hears_the_tracker_within_two_seconds(
    works: Works,  # noqa: F811
    capsys: pytest.CaptureFixture,
) -> None:
    talk = works.talk("ready to encode")
    works.start("encode", settings={"LEASE_S": "60", **works.slow_ffmpeg(0.5)})
    works.until(lambda: programs(talk))

    with works.app.app_context(), transaction():
        fleet.command(fleet.get(NAME), "pause")
    paused = seconds_until(lambda: states(talk) == {"stopped"})
    with works.app.app_context(), transaction():
        fleet.command(fleet.get(NAME), "resume")
    resumed = seconds_until(lambda: "stopped" not in states(talk))
    with works.hand() as user:
        tickets.cancel(talk.children["hd"], user, "wrong machine")
    cancelled = seconds_until(lambda: not programs(talk))
    assert talk.state("hd") == "ready to encode"

    with works.hand() as user:
        tickets.set_failed(talk.children["hd"], user, False)
    works.until(lambda: programs(talk))
    worker = works.stage.running["encode1"]
    worker.send_signal(signal.SIGKILL)
    orphaned = seconds_until(lambda: not programs(talk))
    with capsys.disabled():
        print(f"\n| {paused:.2f} s | {resumed:.2f} s | {cancelled:.2f} s | {orphaned:.2f} s |")
    assert max(paused, resumed, cancelled, orphaned) < 2
