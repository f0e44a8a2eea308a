from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.script_a_recording import RecordingJob
from scripts.worker import loop
from scripts.worker.loop import Shift
from tests.scripts.scripted_tracker import ScriptedTracker


def put(tracker: ScriptedTracker, ticket_id: int, state: str, begins_in_s: float, **more: str) -> None:
    begins = datetime.now(UTC) + timedelta(seconds=begins_in_s)
    plain = {
        "Project__TimeZone": "Europe/Berlin",
        "Fahrplan__DateTime": begins.isoformat(),
        "Fahrplan__Duration": "01:00",
        "Record__StartPadding": "60",
        "Record__EndPadding": "60",
    }
    tracker.add(ticket_id, state, **(plain | more))


def test_each_ticket_moves_when_its_padded_time_has_come(tracker: ScriptedTracker, shift: Shift) -> None:
    put(tracker, 1, "scheduled", 120)
    put(tracker, 2, "scheduled", 30)
    put(tracker, 3, "recording", -3630)
    put(tracker, 4, "recording", -3690)
    assert loop.step(RecordingJob(), shift) is True
    assert tracker.moved == [(2, "recording"), (4, "recorded")]


def test_a_talk_long_over_is_moved_twice_in_one_turn(tracker: ScriptedTracker, shift: Shift) -> None:
    put(tracker, 1, "scheduled", -86_400)
    loop.step(RecordingJob(), shift)
    assert tracker.moved == [(1, "recording"), (1, "recorded")]
    assert tracker.called("setTicketNextState")[0].params[2].startswith("By the clock: the recording begins at ")


def test_a_second_turn_changes_nothing(tracker: ScriptedTracker, shift: Shift) -> None:
    put(tracker, 1, "scheduled", -86_400)
    job = RecordingJob()
    assert [loop.step(job, shift), loop.step(job, shift)] == [True, False]


def test_garbled_metadata_is_told_once(tracker: ScriptedTracker, shift: Shift) -> None:
    put(tracker, 1, "scheduled", -86_400, Fahrplan__Duration="long")
    put(tracker, 2, "scheduled", -86_400)
    job = RecordingJob()
    for _ in range(3):
        loop.step(job, shift)
        job._not_before.clear()
    assert [log[0] for log in tracker.logs] == [1]
    assert "Fahrplan.Duration is 'long'" in tracker.logs[0][1]
    assert {moved[0] for moved in tracker.moved} == {2}


def test_an_opted_out_talk_stays(tracker: ScriptedTracker, shift: Shift) -> None:
    put(tracker, 1, "scheduled", -86_400, **{"Fahrplan__Recording__Optout": "1"})
    assert loop.step(RecordingJob(), shift) is False
    assert tracker.moved == []


def test_properties_are_not_read_at_every_turn(tracker: ScriptedTracker, shift: Shift) -> None:
    put(tracker, 1, "scheduled", 86_400)
    job = RecordingJob()
    for _ in range(3):
        loop.step(job, shift)
    assert len(tracker.called("getTicketProperties")) == 1


def test_a_schedule_that_changes_is_seen_within_minutes(tracker: ScriptedTracker, shift: Shift) -> None:
    put(tracker, 1, "scheduled", 86_400)
    job = RecordingJob()
    loop.step(job, shift)
    wait = job._not_before[1, "scheduled"] - datetime.now(UTC)
    assert timedelta(seconds=240) < wait <= timedelta(seconds=300)


def test_a_ticket_due_soon_is_looked_at_when_it_is_due(tracker: ScriptedTracker, shift: Shift) -> None:
    put(tracker, 1, "scheduled", 160)
    job = RecordingJob()
    loop.step(job, shift)
    assert job._not_before[1, "scheduled"] - datetime.now(UTC) <= timedelta(seconds=100)


def test_a_request_to_stop_ends_the_turn_between_two_tickets(tracker: ScriptedTracker, shift: Shift) -> None:
    class Stopping(RecordingJob):
        def _move(self, *arguments: Any) -> bool:
            shift.stop.ask()
            return super()._move(*arguments)

    put(tracker, 1, "scheduled", -86_400)
    put(tracker, 2, "scheduled", -86_400)
    loop.step(Stopping(), shift)
    assert tracker.moved == [(1, "recording")]


def test_it_works_without_a_mount(tracker: ScriptedTracker, shift: Shift) -> None:
    object.__setattr__(shift.settings, "roots", ())
    put(tracker, 1, "scheduled", 0)
    assert loop.step(RecordingJob(), shift) is True
