from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scripts.media import ffmpeg
from scripts.worker import loop
from scripts.worker.chunking import scheduler
from scripts.worker.hours import Hours
from scripts.worker.job import Job, Work
from scripts.worker.loop import Shift
from scripts.worker.settings import SettingsError, WorkerSettings
from scripts.worker.stop import Stop
from tests.scripts.scripted_tracker import ScriptedTracker


class Patient(Job):
    """Wait until the programs are suspended; without a command, for no time at all."""

    kind, state = "patient", "merging"

    def run(self, work: Work) -> str:
        waits = work.properties.get("Wait") == "1"
        while waits and not ffmpeg.PAUSED.wait(60):
            raise AssertionError("no command came")
        return "waited"


@pytest.fixture(autouse=True)
def no_pause() -> Iterator[None]:
    yield
    ffmpeg.PAUSED.clear()


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-05-01T{clock}")


@pytest.mark.parametrize(
    ("text", "open_at", "shut_at"),
    [
        ("", ["00:00", "12:00"], []),
        ("20:00-08:00", ["20:00", "23:59", "00:00", "07:59"], ["08:00", "19:59"]),
        ("08:00-12:00, 13:00-18:00", ["08:00", "13:00"], ["12:00", "12:59", "18:00", "07:59"]),
    ],
)
def test_hours_are_spans_of_the_day(text: str, open_at: list[str], shut_at: list[str]) -> None:
    hours = Hours.read(text)
    assert all(hours.open(at(clock)) for clock in open_at)
    assert not any(hours.open(at(clock)) for clock in shut_at)


def test_a_worker_pauses_by_command_until_it_may_go_on(shift: Shift, tracker: ScriptedTracker) -> None:
    tracker.add(9, service=Patient.state)
    shift.stop.obey("pause")
    assert ffmpeg.PAUSED.is_set()
    assert not loop.step(Patient(), shift)
    assert not tracker.called("assignNextUnassignedForState")
    shift.stop.obey("resume")
    assert not ffmpeg.PAUSED.is_set()
    assert loop.step(Patient(), shift)


def test_outside_of_its_hours_a_worker_takes_nothing(shift: Shift, tracker: ScriptedTracker) -> None:
    begin = datetime.now() + timedelta(hours=6)
    text = f"{begin:%H:%M}-{begin + timedelta(hours=1):%H:%M}"
    shut = Shift.begin(replace(shift.settings, hours=Hours.read(text)), "cube-test2.example.org", Stop())
    tracker.add(9, service=Patient.state)
    assert not loop.step(Patient(), shut)
    assert ffmpeg.PAUSED.is_set()
    shut.tracker.close()


def test_a_command_is_heard_while_a_ticket_is_worked_on(shift: Shift, tracker: ScriptedTracker) -> None:
    tracker.add(9, service=Patient.state, Wait="1")
    tracker.commands.append("pause")
    assert loop.step(Patient(), shift)
    assert tracker.ended[0][:2] == ("done", 9)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HOURS", "8-20", "FAHRWERK_HOURS: '8-20' is no span like 20:00-08:00"),
        ("HOURS", "20:00-20:00", "is no span"),
        ("DASK_SCHEDULER", "host:8786", "must look like tls://host:8786"),
        ("DASK_SCHEDULER", "tcp://encoder.example.org:8786", "names another machine without TLS"),
        ("CHUNK_S", "0", "FAHRWERK_CHUNK_S is 0: it must be at least 1"),
        ("NICE", "very", "FAHRWERK_NICE is 'very', which is no number"),
    ],
)
def test_mistakes_of_these_settings_are_told(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        WorkerSettings.from_env({f"FAHRWERK_{name}": value}, needs_roots=False)
    assert said in str(wrong.value)


def test_a_scheduler_on_this_machine_needs_no_tls() -> None:
    for address in ("tcp://127.0.0.1:8786", "tcp://localhost:8786", "tls://encoder.example.org:8786"):
        assert scheduler({"FAHRWERK_DASK_SCHEDULER": address}) == address
