"""What script B makes a recording of when it is not what the room's recorders wrote at the time of the talk."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import pytest

from scripts.material import clock_offsets
from scripts.media.timeline import Timeline
from scripts.script_b_merge import MergeJob
from scripts.script_c_copy import CopyJob
from scripts.worker import loop
from scripts.worker.loop import Shift
from scripts.worker.outcomes import JobFailed
from tests.scripts.media.test_containers import convert
from tests.scripts.scripted_tracker import ScriptedTracker

FIRST = "saal1-2021-05-01_09-59-58.ts"


def merge(tracker: ScriptedTracker, shift: Shift, properties: dict[str, str], **changed: str) -> tuple[Any, ...]:
    tracker.add(3, service="merging", **(properties | changed))
    loop.step(MergeJob(), shift)
    return tracker.ended[-1]


def made(mount: Path) -> Timeline:
    return Timeline.from_json((mount / "tmp" / "demo" / "7" / "timeline.json").read_text())


@pytest.fixture
def finished(talk: dict[str, str], mount: Path) -> Path:
    """An MP4 of 4 s in a folder of its own, written long ago."""
    (mount / "repaired").mkdir()
    path = convert(mount / "raw" / FIRST, mount / "repaired" / "talk.mp4", "-c", "copy")
    os.utime(path, (0, 0))
    return path


# --- a repaired source ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["{mount}/repaired/talk.mp4", "../repaired/talk.mp4", "../repaired/talk"])
def test_a_repaired_file_is_the_whole_recording(
    text: str, tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path, finished: Path
) -> None:
    assert merge(tracker, shift, talk, Record__SourceReplacement=text.format(mount=mount))[0] == "done"
    timeline = made(mount)
    assert (timeline.frames, timeline.folder, [each.file for each in timeline.segments]) == (
        100,
        str(mount / "repaired"),
        ["talk.mp4"],
    )
    assert timeline.start == datetime.fromisoformat("2021-05-01T10:00:00+02:00")
    assert [mark.frame for mark in timeline.marks if mark.kind == "schedule"] == [0, 100]
    assert any("Made from Record.SourceReplacement" in said for _, said in tracker.logs)


def test_a_repaired_file_in_the_raw_folder_may_lie_deeper(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path, finished: Path
) -> None:
    (mount / "raw" / "fixed").mkdir()
    shutil.copy2(finished, mount / "raw" / "fixed")
    merge(tracker, shift, talk, Record__SourceReplacement="fixed/talk.mp4")
    assert (made(mount).folder, made(mount).segments[0].file) == ("", "fixed/talk.mp4")


def test_a_repaired_file_that_is_named_by_its_time_stays_in_its_place(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path, finished: Path
) -> None:
    named = finished.rename(finished.with_name("mended-2021-05-01_10-00-03.mp4"))
    merge(tracker, shift, talk, Record__SourceReplacement=str(named))
    timeline = made(mount)
    assert (timeline.frames, timeline.segments[0].used_from, timeline.segments[0].used_to) == (350, 125, 225)


def test_a_folder_of_repaired_segments_takes_the_place_of_the_raw_one(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path, finished: Path
) -> None:
    shutil.copy2(mount / "raw" / FIRST, finished.parent)
    merge(tracker, shift, talk, Record__SourceReplacement=str(finished.parent))
    assert (made(mount).frames, made(mount).folder) == (350, str(finished.parent))


@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        ("/etc/passwd", "failed", "outside of the folders"),
        ("../repaired/none.mp4", "failed", "there is no such file"),
        ("../repaired/notes.mp4", "failed", "is no mp4 file"),
        ("../repaired/new.mp4", "given back", "new.mp4 is still growing"),
    ],
)
def test_a_replacement_that_cannot_be_used_is_named(
    text: str,
    how: str,
    said: str,
    tracker: ScriptedTracker,
    shift: Shift,
    talk: dict[str, str],
    mount: Path,
    finished: Path,
) -> None:
    (finished.parent / "notes.mp4").write_text("no video")
    new = shutil.copy(finished, finished.parent / "new.mp4")
    os.utime(new, (time.time() + 3600, time.time() + 3600))
    ended = merge(tracker, shift, talk, Record__SourceReplacement=text)
    assert ended[0] == how
    assert said in ended[2]


@pytest.mark.parametrize(("frames", "kept"), [("100", True), ("350", False)])
def test_marks_stay_only_in_a_source_of_the_same_length(
    frames: str,
    kept: bool,
    tracker: ScriptedTracker,
    shift: Shift,
    talk: dict[str, str],
    mount: Path,
    finished: Path,
) -> None:
    before = {"Record__Starttime": "2021-05-01-09-59-58", "Record__Cutin": "10", "Record__DurationFrames": frames}
    merge(tracker, shift, talk, Record__SourceReplacement=str(finished), **before)
    written = tracker.called("setTicketProperties")[0].params[1]
    assert ("Record.Cutin" not in written) == kept
    assert any("The cut marks were dropped" in said for _, said in tracker.logs) != kept


# --- a finished file --------------------------------------------------------------------------------------------------


@pytest.fixture
def address(finished: Path) -> Iterator[str]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(finished.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/talk.mp4?key=7"
        server.shutdown()


def test_a_finished_video_is_fetched_once_and_cut(
    address: str,
    tracker: ScriptedTracker,
    shift: Shift,
    talk: dict[str, str],
    mount: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAHRWERK_DOWNLOAD_PRIVATE", "1")
    source = {"Record__Source": "download", "Fahrplan__VideoDownloadURL": address}
    assert merge(tracker, shift, talk, **source)[0] == "done"
    assert merge(tracker, shift, talk, **source | {"Fahrplan__VideoDownloadURL": address})[0] == "done"
    timeline = made(mount)
    assert timeline.folder == str(mount / "tmp" / "demo" / "7" / "source")
    assert len(list(Path(timeline.folder).iterdir())) == 1
    marks = {"Record__Cutin": "10", "Record__Cutout": "60", "Record__Language": "deu"}
    tracker.add(3, service="copying", **(talk | source | marks))
    loop.step(CopyJob(), shift)
    assert tracker.ended[-1][0] == "done"
    with av.open(str(mount / "tmp" / "demo" / "7" / "cut.mkv")) as master:
        assert sum(1 for _ in master.decode(video=0)) == 50


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/talk.mp4", "is not public"),
        ("http://x.example/talk", "ends in none of .ts"),
        ("", "Fahrplan.VideoDownloadURL is missing"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(
    url: str, said: str, tracker: ScriptedTracker, shift: Shift, talk: dict[str, str]
) -> None:
    ended = merge(tracker, shift, talk, Record__Source="download", Fahrplan__VideoDownloadURL=url)
    assert ended[0] == "failed"
    assert said in ended[2]


# --- a replay, a clock ------------------------------------------------------------------------------------------------


def test_a_replay_takes_what_another_room_recorded_at_another_time(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path
) -> None:
    talk |= {"Room__Key": "hall", "Fahrplan__DateTime": "2021-05-02T17:00:00+02:00", "Record__Source": "replay"}
    how = merge(tracker, shift, talk, Record__Replay__Room="saal1", Record__Replay__Start="2021-05-01T10:00:00")
    assert how[0] == "done"
    assert (made(mount).frames, made(mount).segments[0].file) == (350, FIRST)
    assert made(mount).start == datetime.fromisoformat("2021-05-01T09:59:58+02:00")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Record__Source": "replay"}, "set Record.Replay.Room to the recorders"),
        ({"Record__Source": "replay", "Record__Replay__Start": "soon"}, "Record.Replay.Start is 'soon'"),
        ({"Record__Source": "tape"}, "Record.Source is 'tape'"),
        ({"Recorder__ClockOffset__saal1": "late"}, "Recorder.ClockOffset.saal1 is 'late'"),
    ],
)
def test_a_source_that_is_none_is_named(
    changed: dict[str, str], said: str, tracker: ScriptedTracker, shift: Shift, talk: dict[str, str]
) -> None:
    ended = merge(tracker, shift, talk, **changed)
    assert ended[0] == "failed"
    assert said in ended[2]


def test_a_clock_that_is_ahead_moves_all_files(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path
) -> None:
    merge(tracker, shift, talk, Recorder__ClockOffset__saal1="-2")
    assert made(mount).segments[0].first_frame == 50


@pytest.mark.parametrize("text", ["nan", "inf", "1e9", "two"])
def test_an_offset_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(JobFailed):
        clock_offsets({"Recorder.ClockOffset.saal1": text})
    assert clock_offsets({"Recorder.ClockOffset.saal1": "-1.5", "Room.Key": "saal1"}) == {"saal1": -1.5}
