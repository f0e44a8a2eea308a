"""A scripted tracker, a folder as the mount, and a shift that works there."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from demo.footage.recorder import record_room
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


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record 16 s of the room saal1 from 09:59:58 on, in files of 4 s; the one of 10:00:06 is lost."""
    folder = tmp_path_factory.mktemp("raw")
    start = datetime(2021, 5, 1, 9, 59, 58, tzinfo=ZoneInfo("Europe/Berlin"))
    record_room(folder, "saal1", start, 16, segment_s=4, holes=[(9, 10)])
    for file in folder.iterdir():
        os.utime(file, (start.timestamp(), start.timestamp()))
    return folder


@pytest.fixture
def talk(mount: Path, footage: Path) -> dict[str, str]:
    """Return the properties of a talk of 8 s at 10:00 in that room, its raw folder linked into the mount."""
    raw = mount / "raw"
    raw.mkdir()
    for file in footage.iterdir():
        os.link(file, raw / file.name)
    return {
        "Project__Slug": "demo",
        "Project__TimeZone": "Europe/Berlin",
        "Room__Key": "saal1",
        "Fahrplan__ID": "7",
        "Fahrplan__Title": "Öfen & Züge",
        "Fahrplan__Room": "Saal 1",
        "Fahrplan__DateTime": "2021-05-01T10:00:00+02:00",
        "Fahrplan__Duration": "00:00:08",
        "Record__StartPadding": "2",
        "Record__EndPadding": "4",
        "Processing__Path__Raw": str(raw),
        "Processing__Path__Tmp": str(mount / "tmp"),
        "Processing__Path__Output": str(mount / "output"),
    }
