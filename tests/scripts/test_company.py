"""Several formats of a talk in one run of ffmpeg: each ticket keeps its own state, percent, log and failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.company import Company, Place
from scripts.encoder import EncodeJob
from scripts.media import ffmpeg
from scripts.media.programs import program
from scripts.worker import loop, terminal
from scripts.worker.client import Ticket
from scripts.worker.job import Job
from scripts.worker.loop import Shift
from tests.scripts.media.chunks.crew import until
from tests.scripts.scripted_tracker import ScriptedTracker
from tests.scripts.test_encoder import job, master  # noqa: F401

FORMATS = {9: ["-s", "160x90"], 10: ["-vf", "fps=25/1,scale=80:46"], 11: ["-s", "120x68", "-b:a", "64k"]}
Turn = Callable[..., None]


@pytest.fixture
def turn(tracker: ScriptedTracker, shift: Shift, mount: Path, master: Path) -> Turn:  # noqa: F811
    (mount / "cut.mkv").write_bytes(master.read_bytes())
    (mount / "out").mkdir()

    def make(changed: dict[int, Any] | None = None, *, together: str = "1", steps: int = 1, **more: str) -> None:
        for number, options in (FORMATS | (changed or {})).items():
            properties = {
                "Processing__Path__Output": f"{mount}/out",
                "Processing__Together": together,
                "EncodingProfile__Basename": f"talk-{number}",
                "EncodingProfile__Extension": "mp4",
                "Record__Framerate": "25/1",
                "Record__Cutdiffframes": "75",
                "Record__Cutdiffseconds": "3.000",
            }
            tracker.add(number, service="encoding", **(properties | more))
            tasks = options if isinstance(options[0], list) else [options]
            tracker.jobfiles[number] = job(*(task(mount, number, each) for each in tasks))
        for _ in range(steps):
            loop.step(EncodeJob(), shift)

    return make


def task(mount: Path, number: int, options: list[str]) -> list[str]:
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
    return ["exe:ffmpeg", "-i", f"in:{mount}/cut.mkv", *coded, *options, f"out:{mount}/out/talk-{number}.mp4"]


@pytest.fixture
def first_run(mount: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Have the first run of ffmpeg be a line of shell instead; return the folder that is there when it begins."""

    def instead(line: str) -> Path:
        begun, script = mount / "begun", mount / "ffmpeg.sh"
        script.write_text(f'#!/bin/sh\nif mkdir {begun} 2>/dev/null; then {line}; fi\nexec {program("ffmpeg")} "$@"\n')
        script.chmod(0o700)
        monkeypatch.setenv("FAHRWERK_FFMPEG", str(script))
        return begun

    return instead


def ends(tracker: ScriptedTracker) -> dict[int, str]:
    return {number: how for how, number, *_ in tracker.ended}


def notes(tracker: ScriptedTracker, number: int) -> list[str]:
    return [sentence for ticket, sentence in tracker.logs if ticket == number]


def frames(path: Path) -> str:
    sums = path.with_suffix(".md5")
    ffmpeg.run(["ffmpeg", "-y", "-i", str(path), "-map", "0", "-c", "copy", "-f", "framemd5", str(sums)])
    return sums.read_text()


def left(mount: Path) -> list[str]:
    return sorted(path.name for path in (mount / "out").iterdir())


ALL = ["talk-10.mp4", "talk-11.mp4", "talk-9.mp4"]
DONE = {9: "done", 10: "done", 11: "done"}


def test_files_of_one_run_are_those_of_runs_of_their_own(turn: Turn, tracker: ScriptedTracker, mount: Path) -> None:
    turn()
    assert (ends(tracker), left(mount)) == (DONE, ALL)
    assert notes(tracker, 9) == ["Encoded in one run with tickets 10, 11."]
    assert notes(tracker, 11) == ["Encoded in one run with tickets 9, 10."]
    assert {tracker.properties[number]["Encoding.Frames"] for number in FORMATS} == {"75"}
    together = {name: frames(mount / "out" / name) for name in ALL}
    tracker.ended.clear()
    turn(together="0", steps=3)
    assert ends(tracker) == DONE and len(tracker.called("assignUnassignedSiblings")) == 1
    assert {name: frames(mount / "out" / name) for name in ALL} == together


def test_each_ticket_has_heartbeat_and_percent_of_its_own(turn: Turn, tracker: ScriptedTracker) -> None:
    turn()
    confirmed = {call.params[0] for call in tracker.called("ping") if call.params[2] >= 90}
    assert confirmed == set(FORMATS)
    assert {call.lease for call in tracker.called("ping")} == {"2"}
    assert [call.lease for call in tracker.called("assignUnassignedSiblings")] == ["2"]


def test_a_profile_that_ffmpeg_refuses_fails_alone(turn: Turn, tracker: ScriptedTracker, mount: Path) -> None:
    turn({10: ["-preset", "nonsense"]})
    assert ends(tracker) == DONE | {10: "failed"}
    assert left(mount) == ["talk-11.mp4", "talk-9.mp4"]
    for number in FORMATS:
        assert "Encoded by itself: the run for tickets 9, 10, 11 failed" in notes(tracker, number)[-1]
    (told,) = [told for how, _, told in tracker.ended if how == "failed"]
    assert "nonsense" in told


def test_a_file_that_is_not_what_it_should_be_fails_alone(turn: Turn, tracker: ScriptedTracker, mount: Path) -> None:
    turn({10: ["-frames:v", "70"]})
    assert ends(tracker) == DONE | {10: "failed"}
    assert left(mount) == ["talk-11.mp4", "talk-9.mp4"]
    assert notes(tracker, 9) == ["Encoded in one run with tickets 10, 11."]


def test_a_common_run_that_is_killed_leaves_each_to_itself(
    turn: Turn, tracker: ScriptedTracker, mount: Path, first_run: Callable[[str], Path]
) -> None:
    first_run("kill -9 $$")
    turn()
    assert (ends(tracker), left(mount)) == (DONE, ALL)
    assert "killed by signal 9" in notes(tracker, 10)[-1]


@pytest.mark.parametrize("gone", [9, 10])
def test_what_is_taken_away_leaves_and_the_others_begin_anew(
    gone: int, turn: Turn, tracker: ScriptedTracker, mount: Path, first_run: Callable[[str], Path]
) -> None:
    begun = first_run("exec sleep 600")

    def take_away() -> None:
        until(begun.exists)
        tracker.lost.add(gone)

    threading.Thread(target=take_away, daemon=True).start()
    turn()
    rest = [number for number in FORMATS if number != gone]
    assert ends(tracker) == {number: "done" for number in rest}
    assert left(mount) == sorted(f"talk-{number}.mp4" for number in rest)
    assert notes(tracker, rest[0])[1:] == [
        f"Begun anew without ticket {gone}, of which the work was broken off.",
        f"Encoded in one run with ticket {rest[1]}.",
    ]


def test_the_results_of_a_run_need_room_together() -> None:
    company = Company([1, 2, 3])
    first, second, third = company.seats
    assert first.reserve(10) == 0
    company.put(Place.SEATED, [first])
    assert second.reserve(20) == 10
    company.put(Place.SEATED, [second])
    assert third.reserve(5) == 30
    company.put(Place.GONE, [first])
    assert third.reserve(5) == 20


def test_to_end_at_once_gives_all_of_them_back(
    turn: Turn, tracker: ScriptedTracker, shift: Shift, mount: Path, first_run: Callable[[str], Path]
) -> None:
    begun = first_run("exec sleep 600")

    def end() -> None:
        until(begun.exists)
        shift.stop.ask()
        shift.stop.ask()

    threading.Thread(target=end, daemon=True).start()
    turn()
    assert ends(tracker) == dict.fromkeys(FORMATS, "given back")
    assert left(mount) == []


def test_two_passes_are_given_back_and_made_by_themselves(turn: Turn, tracker: ScriptedTracker, mount: Path) -> None:
    turn({10: [["-frames:v", "1"], ["-s", "80x46"]]})
    assert ends(tracker) == DONE | {10: "given back"}
    (reason,) = [each[2:] for each in tracker.ended if each[1] == 10]
    assert reason == (
        "Not encoded together with other formats of the talk: its job has 2 tasks, as two passes have.",
        1,
    )


def test_what_reads_another_file_is_made_after_the_others(
    turn: Turn, tracker: ScriptedTracker, shift: Shift, mount: Path
) -> None:
    (mount / "other.mkv").write_bytes((mount / "cut.mkv").read_bytes())
    turn(steps=0)
    tracker.jobfiles[10] = tracker.jobfiles[10].replace("cut.mkv", "other.mkv")
    loop.step(EncodeJob(), shift)
    assert ends(tracker) == DONE
    assert notes(tracker, 9) == ["Encoded in one run with ticket 11."]
    assert notes(tracker, 10) == ["Encoded by itself: it reads other files than ticket 9, or in another way."]


@pytest.mark.parametrize("common", ["sleep 0.5", "sleep 0.5; echo end >> {runs}; exit 1"], ids=["made", "failed"])
def test_one_ffmpeg_runs_at_a_time(
    common: str, turn: Turn, tracker: ScriptedTracker, shift: Shift, mount: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mount / "other.mkv").write_bytes((mount / "cut.mkv").read_bytes())
    turn(steps=0)
    tracker.jobfiles[10] = tracker.jobfiles[10].replace("cut.mkv", "other.mkv")
    script, runs = mount / "ffmpeg.sh", mount / "runs"
    script.write_text(
        f"#!/bin/sh\necho begin $* >> {runs}\n"
        f"if mkdir {mount}/begun 2>/dev/null; then {common.format(runs=runs)}; fi\n"
        f'{program("ffmpeg")} "$@"\ncode=$?\necho end >> {runs}\nexit $code\n'
    )
    script.chmod(0o700)
    monkeypatch.setenv("FAHRWERK_FFMPEG", str(script))
    loop.step(EncodeJob(), shift)
    told = runs.read_text().splitlines()
    assert ends(tracker) == DONE
    assert all(word in told[0] for word in ("talk-9", "talk-11")), "the common run is the first"
    assert [line.split()[0] for line in told] == ["begin", "end"] * (len(told) // 2)
    assert any("other.mkv" in line for line in told[2:])


class Unspeakable(str):
    def __format__(self, how: str) -> str:
        raise RuntimeError("no words for it")


class EndsAtOnce(EncodeJob):
    state = Unspeakable(EncodeJob.state)


class EncodesAllButOne(EncodeJob):
    def together(self, tickets: Sequence[Ticket]) -> tuple[Sequence[Job], Callable[[], None]]:
        company = Company([ticket.id for ticket in tickets])
        kinds = (EncodeJob, EndsAtOnce, EncodeJob)
        return [kind(seat) for kind, seat in zip(kinds, company.seats, strict=True)], company.conduct


def test_a_thread_that_ends_before_its_ticket_has_a_seat_holds_up_nobody(
    turn: Turn, tracker: ScriptedTracker, shift: Shift
) -> None:
    turn(steps=0)
    with pytest.raises(RuntimeError, match="no words"):
        loop.step(EncodesAllButOne(), shift)
    assert ends(tracker) == {9: "done", 11: "done"}
    assert notes(tracker, 9) == ["Encoded in one run with ticket 11."]


def test_who_comes_when_the_run_is_over_is_alone() -> None:
    company = Company([1, 2])
    for seat in company.seats:
        seat.leave()
    company.conduct()
    assert company.seated(company.seats[1], lambda: False) is Place.ALONE


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"together": "0"}, ""),
        ({"together": "yes"}, "Processing.Together is 'yes'; write 1, auto or 0"),
        ({"Processing__Chunks": "1"}, "Processing.Chunks wants every talk in chunks"),
        ({"Processing__File__Intro": "shipped"}, "slides are shown around the picture of the talk"),
        ({"changed": {9: [["-c:v", "copy"], ["-s", "80x46"]]}}, "its job writes several files"),
        ({"changed": {9: ["-copyts", "-s", "80x46"]}}, "the option -copyts"),
    ],
    ids=str,
)
def test_no_other_is_taken_where_they_cannot_be_made_together(
    more: dict[str, Any], said: str, turn: Turn, tracker: ScriptedTracker
) -> None:
    turn(**more)
    assert len(tracker.ended) == 1 and not tracker.called("assignUnassignedSiblings")
    told = [sentence for sentence in notes(tracker, 9) if sentence.startswith("Encoded by itself")]
    assert len(told) == bool(said) and all(said in sentence for sentence in told)


@pytest.mark.parametrize(("together", "spare"), [("1", False), ("auto", True)])
def test_the_host_bounds_how_many_are_taken(
    together: str, spare: bool, turn: Turn, tracker: ScriptedTracker, shift: Shift
) -> None:
    turn(together=together, steps=0)
    for most in (1, 2):
        few = replace(shift, settings=replace(shift.settings, together=most))
        loop.step(EncodeJob(), few)
    assert [call.params for call in tracker.called("assignUnassignedSiblings")] == [[10, 1, spare]]
    assert ends(tracker) == DONE


def test_a_tracker_that_knows_nothing_of_it_is_no_harm(turn: Turn, tracker: ScriptedTracker) -> None:
    tracker.faults["assignUnassignedSiblings"] = (-32601, "There is no such method.")
    turn()
    assert ends(tracker) == {9: "done"}


def test_a_terminal_shows_a_bar_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "watched", lambda: True)
    with terminal.showing("one") as one, terminal.showing("two") as two:
        one(50)
        two(60)
    with terminal.showing("three") as three:
        three(70)
