"""A scripted tracker, a folder as the mount, and a shift that works there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.worker.client import TrackerClient
from scripts.worker.loop import Shift
from scripts.worker.settings import WorkerSettings
from scripts.worker.stop import Stop
from scripts.worker.transport import Patience
from tests.scripts.scripted_tracker import SECRET, ScriptedTracker, running

HOST = "cube-test1.example.org"


@pytest.fixture
def tracker() -> Iterator[ScriptedTracker]:
    with running(ScriptedTracker()) as tracker:
        yield tracker


@pytest.fixture
def client(tracker: ScriptedTracker) -> Iterator[TrackerClient]:
    client = TrackerClient(tracker.url, HOST, SECRET, patience=Patience(math.inf), timeout_s=5)
    yield client
    client.close()


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    return tmp_path.resolve()


@pytest.fixture
def shift(tracker: ScriptedTracker, mount: Path) -> Iterator[Shift]:
    settings = WorkerSettings(tracker.url, SECRET, (mount,), "cube.example.org", reserve_mb=1, poll_s=0.1, lease_s=2)
    shift = Shift.begin(settings, HOST, Stop())
    yield shift
    shift.tracker.close()
