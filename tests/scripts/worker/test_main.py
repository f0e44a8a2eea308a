import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.worker.main import BROKEN_OFF, MISTAKES, NO_TRACKER, OK
from tests.scripts.scripted_tracker import SECRET, ScriptedTracker
from tests.scripts.worker.test_loop import until

Process = subprocess.Popen[str]


@pytest.fixture
def environ(tracker: ScriptedTracker, mount: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "FAHRWERK_TRACKER_URL": tracker.url,
        "FAHRWERK_SECRET": SECRET,
        "FAHRWERK_WORKER_ROOTS": str(mount),
        "FAHRWERK_WORKER_HOST": "cube.example.org",
        "FAHRWERK_RESERVE_MB": "1",
        "FAHRWERK_POLL_S": "0.1",
        "FAHRWERK_LEASE_S": "2",
        "XDG_RUNTIME_DIR": str(mount),
    }


def start(environ: dict[str, str], *arguments: str) -> Process:
    command = [sys.executable, "-m", "tests.scripts.worker.sleeper", *arguments]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def process(environ: dict[str, str]) -> Iterator[Process]:
    with start(environ) as process:
        yield process
        process.kill()


def run(environ: dict[str, str], *arguments: str) -> tuple[int, str]:
    with start(environ, *arguments) as process:
        _, said = process.communicate(timeout=20)
    return process.returncode, said


def test_one_turn_is_made_and_the_name_is_used(tracker: ScriptedTracker, environ: dict[str, str]) -> None:
    tracker.add(7, service="merging", Sleep="0")
    code, said = run(environ, "--once")
    assert code == OK
    assert tracker.ended[0][:2] == ("done", 7)
    assert "working as cube-sleeper1.example.org" in said
    assert SECRET not in said


def test_without_a_tracker_the_code_says_so(environ: dict[str, str], tracker: ScriptedTracker) -> None:
    tracker.faults["getProjects"] = (403, "wrong login hash")
    code, said = run(environ, "--once", "--name", "big")
    assert code == NO_TRACKER
    assert "The tracker refused getProjects: wrong login hash" in said
    assert "cube-big.example.org" in said


def test_wrong_settings_are_told_before_anything_starts(environ: dict[str, str]) -> None:
    code, said = run(environ | {"FAHRWERK_SECRET": "", "FAHRWERK_WORKER_ROOTS": "/nowhere/at/all"})
    assert code == MISTAKES
    assert said.splitlines() == [
        "FAHRWERK_SECRET is missing: set it to the tracker's FAHRWERK_SECRET",
        "FAHRWERK_WORKER_ROOTS names /nowhere/at/all, which is no folder here: mount or create it",
    ]


def test_an_idle_worker_ends_with_the_first_signal(process: Process, tracker: ScriptedTracker) -> None:
    until(lambda: tracker.called("assignNextUnassignedForState"))
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == OK


def test_the_first_signal_lets_the_job_finish(process: Process, tracker: ScriptedTracker) -> None:
    tracker.add(7, service="merging", Sleep="1")
    assert process.stdout is not None
    process.stdout.readline()
    tracker.add(8, service="merging", Sleep="0")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == OK
    assert [ended[:2] for ended in tracker.ended] == [("done", 7)]
    assert tracker.waiting["merging"] == [8]


def test_the_second_signal_kills_the_child_and_gives_the_ticket_back(
    process: Process, tracker: ScriptedTracker
) -> None:
    tracker.add(7, service="merging", Sleep="60")
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    until(lambda: "request to stop" in _read_line(process))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == BROKEN_OFF
    assert [ended[:2] for ended in tracker.ended] == [("given back", 7)]
    assert not Path(f"/proc/{child}").exists()


def _read_line(process: Process) -> str:
    assert process.stderr is not None
    return process.stderr.readline()


def test_two_signals_while_idle_break_nothing_off(process: Process, tracker: ScriptedTracker) -> None:
    until(lambda: tracker.called("assignNextUnassignedForState"))
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
    assert process.wait(10) == OK
