"""What script B shows of a talk while its room still records."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from scripts.live import Live
from scripts.media.timeline import Timeline
from scripts.script_b_merge import MergeJob
from scripts.worker import loop
from scripts.worker.loop import Shift
from tests.scripts.scripted_tracker import ScriptedTracker

FILES = ["saal1-2021-05-01_09-59-58.ts", "saal1-2021-05-01_10-00-02.ts", "saal1-2021-05-01_10-00-10.ts"]


def shown(mount: Path) -> tuple[list[str], bool]:
    """Return the files of the playlist, and whether it says that there will be no more."""
    lines = (mount / "tmp" / "demo" / "7" / "index.m3u8").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")], lines[-1] == "#EXT-X-ENDLIST"


@pytest.fixture
def growing(talk: dict[str, str], mount: Path) -> Path:
    """Let the recorder still write at the last file."""
    last = mount / "raw" / FILES[2]
    content = last.read_bytes()
    last.unlink()
    last.write_bytes(content)
    os.utime(last, (time.time() + 3600, time.time() + 3600))
    return last


def test_what_is_complete_is_shown_and_more_is_promised(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path, growing: Path
) -> None:
    tracker.add(3, "recording", **talk)
    loop.step(MergeJob(), shift)
    assert shown(mount) == (FILES[:2], False)
    timeline = Timeline.from_json((mount / "tmp" / "demo" / "7" / "timeline.json").read_text())
    assert (timeline.frames, timeline.holes[-1].first_frame, timeline.holes[-1].stop_frame) == (350, 200, 350)
    assert tracker.ended == []


def test_it_grows_with_the_recording_and_ends_with_the_merge(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path, growing: Path
) -> None:
    tracker.add(3, "recording", **talk)
    loop.step(MergeJob(), shift)
    os.utime(growing, (0, 0))
    loop.step(MergeJob(), shift)
    text = (mount / "tmp" / "demo" / "7" / "index.m3u8").read_text()
    assert shown(mount) == (FILES, False)
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    tracker.add(3, "recorded", service="merging", **talk)
    loop.step(MergeJob(), shift)
    assert shown(mount) == (FILES, True)


def test_the_same_is_not_written_twice(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path
) -> None:
    tracker.add(3, "recording", **talk)
    client, live = shift.tracker.in_project("demo"), Live()
    live.show_all(client, shift)
    (mount / "tmp" / "demo" / "7" / "timeline.json").unlink()
    live.show_all(client, shift)
    live._not_before.clear()
    live.show_all(client, shift)
    assert not (mount / "tmp" / "demo" / "7" / "timeline.json").exists()


def test_nothing_is_written_once_the_ticket_moved_on(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.add(3, "recording", **talk)
    listed = iter([tracker.do_getUnassignedTicketsInState("recording"), []])
    monkeypatch.setattr(tracker, "do_getUnassignedTicketsInState", lambda state: next(listed))
    Live().show_all(shift.tracker.in_project("demo"), shift)
    assert not list((mount / "tmp" / "demo" / "7").iterdir())


@pytest.mark.parametrize(
    "changed",
    [
        {"Fahrplan__Duration": ""},
        {"Processing__Path__Raw": "/etc"},
        {"Room__Key": "hall"},
        {"Record__Source": "download"},
        {"Fahrplan__ID": "x"},
    ],
)
def test_a_talk_that_cannot_be_shown_yet_stops_nothing(
    changed: dict[str, str], tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path
) -> None:
    tracker.add(2, "recording", **(talk | changed))
    tracker.add(3, "recording", **(talk | {"Fahrplan__ID": "8"}))
    loop.step(MergeJob(), shift)
    assert (mount / "tmp" / "demo" / "8" / "timeline.json").exists()
    assert tracker.logs == []


def test_a_worker_that_may_not_look_merges_all_the_same(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str]
) -> None:
    tracker.faults["getUnassignedTicketsInState"] = (-32602, "not for this group")
    tracker.add(3, service="merging", **talk)
    loop.step(MergeJob(), shift)
    assert tracker.ended[-1][0] == "done"
