import dataclasses
import errno
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from scripts.media.ffmpeg import FfmpegFailed
from scripts.media.programs import ProgramMissing, program
from scripts.worker import loop
from scripts.worker.client import Project, Refused, Ticket, TrackerClient, TrackerUnavailable
from scripts.worker.job import Job, Work
from scripts.worker.loop import Notices, Shift
from scripts.worker.outcomes import JobFailed, Wait
from scripts.worker.transport import Patience
from tests.scripts.scripted_tracker import SECRET, ScriptedTracker


class MediaBroken(Exception):
    def __init__(self, sentence: str, tail: str) -> None:
        super().__init__(sentence)
        self.tail = tail


class Doing(Job):
    """A job that does what the test says."""

    kind = "test"
    state = "merging"
    failures: ClassVar = (MediaBroken,)

    def __init__(self, run: Callable[[Work], str], before: Callable[[], object] = lambda: None) -> None:
        self._do = run
        self._before = before

    def turn(self, tracker: TrackerClient, project: Project, shift: Shift) -> bool:
        self._before()
        return False

    def run(self, work: Work) -> str:
        return self._do(work)


def raising(error: Exception) -> Doing:
    def run(work: Work) -> str:
        raise error

    return Doing(run)


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def test_a_turn_without_work_says_so(shift: Shift) -> None:
    assert loop.step(raising(AssertionError()), shift) is False


def test_what_returns_is_done(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    assert loop.step(Doing(lambda work: "all frames there"), shift) is True
    how, ticket_id, line = tracker.ended[0]
    assert (how, ticket_id) == ("done", 7)
    assert line.startswith("all frames there (0.")


def test_a_turn_takes_one_ticket_of_every_project(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.projects.append({"id": 2, "slug": "other", "read_only": False})
    for ticket_id in (7, 8, 9):
        tracker.add(ticket_id, service="merging")
    loop.step(Doing(lambda work: ""), shift)
    assert [call.project for call in tracker.called("setTicketDone")] == ["demo", "other"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (JobFailed("Record.Cutin is missing: set it."), "Record.Cutin is missing: set it."),
        (MediaBroken("ffmpeg failed", "line 1\nline 2\n"), "ffmpeg failed\n\nline 1\nline 2"),
        (OSError(errno.EACCES, "Permission denied", "/v/x.mkv"), "/v/x.mkv: Permission denied. Check the file"),
        (ZeroDivisionError("oh"), "The script test hit an unexpected error, its log tells more: ZeroDivisionError: oh"),
    ],
)
def test_it_fails_with_a_sentence(
    error: Exception, sentence: str, tracker: ScriptedTracker, shift: Shift, caplog: pytest.LogCaptureFixture
) -> None:
    tracker.add(7, service="merging")
    loop.step(raising(error), shift)
    how, ticket_id, said = tracker.ended[0]
    assert (how, ticket_id) == ("failed", 7)
    assert said.startswith(sentence)
    assert ("Traceback" in caplog.text) is not isinstance(error, JobFailed | MediaBroken)


def test_a_program_that_is_refused_fails_the_ticket(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    loop.step(Doing(lambda work: program("rm")), shift)
    assert tracker.ended[0][:2] == ("failed", 7)
    assert "'rm'" in tracker.ended[0][2]


def test_what_waits_goes_back_with_its_reason(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    loop.step(raising(Wait("the last segment grows", 30)), shift)
    assert tracker.ended == [("given back", 7, "the last segment grows", 30)]


def test_a_missing_program_is_left_to_other_hosts(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    loop.step(raising(ProgramMissing("ffmpeg is not installed")), shift)
    how, _, reason, retry_s = tracker.ended[0]
    assert (how, retry_s) == ("given back", loop.RETRY_MISSING_S)
    assert reason == "On cube-test1.example.org: ffmpeg is not installed"


def test_a_full_disk_is_waited_for(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    loop.step(raising(OSError(errno.ENOSPC, "No space left on device", "/v/x.mkv")), shift)
    assert tracker.ended[0][0] == "given back"
    assert "no room left for /v/x.mkv" in tracker.ended[0][2]


def test_a_program_that_finds_the_disk_full_is_waited_for(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    loop.step(raising(FfmpegFailed(["ffmpeg"], 228, "x.mp4: No space left on device\nConversion failed!")), shift)
    assert tracker.ended[0][0] == "given back"
    assert f"no room left for the result below {shift.settings.roots[0]}: make room there." in tracker.ended[0][2]


def test_a_read_only_mount_is_waited_for(shift: Shift, tracker: ScriptedTracker) -> None:
    tracker.add(9, service="merging")
    loop.step(raising(OSError(errno.EROFS, "Read-only file system", "/v/x.mkv")), shift)
    assert tracker.ended[0][::3] == ("given back", 300)
    assert tracker.ended[0][2] == "/v/x.mkv cannot be written to, its mount is read-only: mount it for writing."


def test_a_refused_call_is_told_on_the_ticket(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    tracker.faults["getJobfile"] = (418, "choose a language")
    loop.step(Doing(lambda work: work.tracker.get_jobfile(7)), shift)
    assert tracker.ended == [
        ("failed", 7, "The tracker refused getJobfile: choose a language (fault 418)"),
    ]


def test_a_lost_ticket_halts_the_work_and_is_not_reported(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")

    def run(work: Work) -> str:
        tracker.lost.add(7)
        until(work.halt.is_set)
        raise MediaBroken("killed", "")

    loop.step(Doing(run), shift)
    assert tracker.ended == []
    assert not tracker.called("setTicketFailed")


def test_a_ticket_lost_at_the_last_moment_is_not_finished(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    tracker.lost.add(7)

    def run(work: Work) -> str:
        work.confirm()
        raise AssertionError("must not be reached")

    loop.step(Doing(run), shift)
    assert not tracker.called("setTicketDone")
    assert not tracker.called("setTicketFailed")


def test_a_report_that_comes_too_late_changes_nothing(
    tracker: ScriptedTracker, shift: Shift, caplog: pytest.LogCaptureFixture
) -> None:
    tracker.add(7, service="merging")
    tracker.lost.add(7)
    loop.step(Doing(lambda work: ""), shift)
    assert tracker.ended == []
    assert "the report did not count" in caplog.text


def test_a_finished_job_is_reported_when_the_tracker_is_back(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")

    def run(work: Work) -> str:
        tracker.trouble.extend(["503", "refuse", "drop"])
        return "done meanwhile"

    loop.step(Doing(run), shift)
    assert [ended[0] for ended in tracker.ended] == ["done"]
    assert len({call.request_id for call in tracker.called("setTicketDone")}) == 1


def test_the_heartbeat_carries_percent_log_and_lease(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")

    def run(work: Work) -> str:
        work.percent(42.6)
        work.heart.say("half way")
        until(lambda: len(tracker.called("ping")) >= 2)
        return ""

    loop.step(Doing(run), shift)
    first, second = tracker.called("ping")[:2]
    assert first.params == [7, "half way", 42]
    assert first.lease == "2"
    assert second.params == [7, "", 42]


def test_a_ping_that_fails_keeps_its_log(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")

    def run(work: Work) -> str:
        work.heart.say("half way")
        tracker.trouble.append("503")
        until(lambda: tracker.called("ping"))
        return ""

    loop.step(Doing(run), shift)
    assert tracker.called("ping")[0].params[1] == "half way"


def test_the_heartbeat_tells_how_fast_the_work_is(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")

    def run(work: Work) -> str:
        work.heart.speed = 1.7
        until(lambda: tracker.called("ping"))
        return ""

    loop.step(Doing(run), shift)
    assert tracker.called("ping")[0].params[1] == "speed=1.70x"


def test_a_worker_that_is_told_to_end_finishes_its_job(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    tracker.add(8, service="merging")

    def run(work: Work) -> str:
        tracker.commands.append("terminate")
        until(shift.stop.finish.is_set)
        return "" if not work.halt.is_set() else "broken off"

    loop.run(Doing(run), shift)
    assert [ended[:2] for ended in tracker.ended] == [("done", 7)] and "broken off" not in str(tracker.ended)
    assert tracker.waiting["merging"] == [8]


def test_a_worker_that_is_told_to_end_now_gives_the_ticket_back(tracker: ScriptedTracker, shift: Shift) -> None:
    """Also when the last question before the result gets its name brings the command."""
    tracker.add(7, service="merging")

    def run(work: Work) -> str:
        tracker.commands.append("terminate now")
        work.confirm()
        until(work.halt.is_set)
        raise MediaBroken("killed", "")

    loop.run(Doing(run), shift)
    assert [ended[:2] for ended in tracker.ended] == [("given back", 7)]


def test_an_idle_worker_hears_that_it_shall_end(
    tracker: ScriptedTracker, shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "LISTEN_S", 0.0)
    tracker.commands.extend(["reload", "terminate"])
    loop.run(raising(AssertionError()), shift)
    assert tracker.ended == [] and not tracker.commands and not shift.stop.now.is_set()


def test_a_second_request_to_stop_gives_the_ticket_back(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")

    def run(work: Work) -> str:
        shift.stop.ask()
        assert not work.halt.is_set()
        shift.stop.ask()
        assert work.halt.is_set()
        raise MediaBroken("killed", "")

    loop.step(Doing(run), shift)
    assert tracker.ended == [
        ("given back", 7, "The worker cube-test1.example.org was stopped while it worked on this.", 0)
    ]


def test_after_the_first_request_no_ticket_is_taken(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    tracker.add(8, service="merging")
    tracker.projects.append({"id": 2, "slug": "other", "read_only": False})

    def run(work: Work) -> str:
        shift.stop.ask()
        return ""

    loop.run(Doing(run), shift)
    assert [ended[:2] for ended in tracker.ended] == [("done", 7)]
    assert tracker.waiting["merging"] == [8]


def test_the_loop_survives_a_broken_turn_and_an_absent_tracker(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")
    tracker.faults["getProjects"] = (500, "not yet")

    class Breaking(Doing):
        def turn(self, tracker: TrackerClient, project: Project, shift: Shift) -> bool:
            if not self.broken:
                self.broken = True
                raise ZeroDivisionError
            return False

        broken = False

    threading.Timer(0.3, tracker.faults.clear).start()

    def run(work: Work) -> str:
        shift.stop.ask()
        return ""

    loop.run(Breaking(run), shift)
    assert [ended[:2] for ended in tracker.ended] == [("done", 7)]


def test_no_work_is_taken_below_the_reserve(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    tracker.add(7, service="merging")
    object.__setattr__(shift.settings, "reserve_mb", 10**8)
    for _ in range(3):
        assert loop.step(Doing(lambda work: ""), shift) is False
    assert tracker.waiting["merging"] == [7]
    (said,) = tracker.logs
    assert said[0] == 0
    assert "MB left and FAHRWERK_RESERVE_MB keeps 100000000 MB" in said[1]
    object.__setattr__(shift.settings, "reserve_mb", 0)
    assert loop.step(Doing(lambda work: ""), shift) is True
    assert "room again" in tracker.logs[1][1]


def test_a_mount_that_is_gone_is_named(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    tracker.add(7, service="merging")
    object.__setattr__(shift.settings, "roots", (mount / "gone",))
    assert loop.step(Doing(lambda work: ""), shift) is False
    assert f"{mount}/gone cannot be read" in tracker.logs[0][1]


def test_a_project_that_is_not_there_is_named_once(
    tracker: ScriptedTracker, shift: Shift, caplog: pytest.LogCaptureFixture
) -> None:
    object.__setattr__(shift.settings, "project", "nowhere")
    loop.step(Doing(lambda work: ""), shift)
    loop.step(Doing(lambda work: ""), shift)
    assert caplog.text.count("There is no project nowhere") == 1


def test_news_is_what_differs_from_the_last_word() -> None:
    notices = Notices()
    said = [notices.is_news(*pair) for pair in ((1, ""), (1, "a"), (1, "a"), (2, "a"), (1, "b"), (1, ""), (1, "b"))]
    assert said == [False, True, False, True, True, True, True]


def test_lost_is_lost_even_when_the_work_returned(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.add(7, service="merging")

    def run(work: Work) -> str:
        work.halt.lost.set()
        return "in vain"

    loop.step(Doing(run), shift)
    assert not tracker.called("setTicketDone")


def test_a_shortage_that_could_not_be_told_is_told_later(tracker: ScriptedTracker, shift: Shift) -> None:
    object.__setattr__(shift.settings, "reserve_mb", 10**8)
    impatient = dataclasses.replace(shift, tracker=shift.tracker.patient(Patience(0)))
    job = Doing(lambda work: "", before=lambda: tracker.trouble.append("503"))
    with pytest.raises(TrackerUnavailable):
        loop.step(job, impatient)
    assert loop.step(Doing(lambda work: ""), impatient) is False
    assert "MB left" in tracker.logs[0][1]


def test_trouble_in_one_project_does_not_keep_the_others_waiting(tracker: ScriptedTracker, shift: Shift) -> None:
    tracker.projects = [{"id": number, "slug": slug, "read_only": False} for number, slug in enumerate("abc")]
    tracker.add(7, service="merging")
    tracker.faults["getVersion"] = (411, "archived")

    class Troubled(Doing):
        def turn(self, tracker: TrackerClient, project: Project, shift: Shift) -> bool:
            if project.slug == "a":
                tracker.get_version()
            return False

    with pytest.raises(Refused, match="archived"):
        loop.step(Troubled(lambda work: ""), shift)
    assert [ended[:2] for ended in tracker.ended] == [("done", 7)]


class Doors(TrackerClient):
    """A door that counts those that were opened beside it, and those of them that were closed."""

    counts: ClassVar[dict[str, int]] = {}

    def twin(self, *, timeout_s: float) -> TrackerClient:
        self.counts["opened"] += 1
        return super().twin(timeout_s=timeout_s)

    def close(self) -> None:
        self.counts["closed"] += 1
        super().close()


class Two(Doing):
    """Two tickets at the same time, beside which something goes wrong."""

    def further(self, ticket: Ticket, tracker: TrackerClient, shift: Shift) -> Sequence[Ticket]:
        return tracker.assign_unassigned_siblings(ticket.id, 1)

    def together(self, tickets: Sequence[Ticket]) -> tuple[Sequence[Job], Callable[[], None]]:
        def beside() -> None:
            raise ZeroDivisionError("beside")

        return [self, self], beside


def test_what_goes_wrong_beside_tickets_leaves_them_alone_and_no_door_open(
    tracker: ScriptedTracker, shift: Shift
) -> None:
    for ticket_id in (7, 8):
        tracker.add(ticket_id, service="merging")
    Doors.counts = {"opened": 0, "closed": 0}
    doors = Doors(tracker.url, shift.tracker.fqdn, SECRET, patience=Patience(5))
    with pytest.raises(ZeroDivisionError, match="beside"):
        loop.step(Two(lambda work: ""), dataclasses.replace(shift, tracker=doors))
    assert sorted(ended[:2] for ended in tracker.ended) == [("done", 7), ("done", 8)]
    assert Doors.counts == {"opened": 4, "closed": 4}, "one for the work and one for the heartbeat of each"
    doors.close()


class Hesitant(Doing):
    def further(self, ticket: Ticket, tracker: TrackerClient, shift: Shift) -> Sequence[Ticket]:
        raise ZeroDivisionError("further")


def test_what_goes_wrong_in_taking_further_tickets_does_not_drop_the_one_at_hand(
    tracker: ScriptedTracker, shift: Shift
) -> None:
    tracker.add(7, service="merging")
    assert loop.step(Hesitant(lambda work: ""), shift)
    assert [ended[:2] for ended in tracker.ended] == [("done", 7)]
