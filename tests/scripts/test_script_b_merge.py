import json
import os
import time
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from scripts.media.timeline import Timeline
from scripts.schedule import plan_of
from scripts.script_b_merge import MergeJob, moved_marks, room_number
from scripts.worker import loop
from scripts.worker.loop import Shift
from tests.scripts.scripted_tracker import ScriptedTracker


def merge(tracker: ScriptedTracker, shift: Shift, properties: dict[str, str], **changed: str) -> tuple[Any, ...]:
    tracker.add(3, service="merging", **(properties | changed))
    loop.step(MergeJob(), shift)
    return tracker.ended[-1]


@pytest.mark.parametrize(
    ("room", "number"), [("Saal 1", "1"), ("Saal 08", "8"), ("12 und 3", "12"), ("Aula", "aula"), ("", "aula")]
)
def test_the_room_is_the_integer_or_the_key(room: str, number: str) -> None:
    assert room_number(room, "aula") == number


def test_it_describes_the_recording(tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path) -> None:
    how, ticket_id, line = merge(tracker, shift, talk)
    assert (how, ticket_id) == ("done", 3)
    assert line.startswith("350 frames in 3 files, 1 holes")
    folder = mount / "tmp" / "demo" / "7"
    assert sorted(path.name for path in folder.iterdir()) == [
        "index.m3u8", "peaks.bin", "peaks.json", "recording.ffconcat", "recording.kdenlive",
        "recording.mlt", "thumbs.jpg", "thumbs.json", "timeline.json",
    ]  # fmt: skip
    timeline = Timeline.from_json((folder / "timeline.json").read_text())
    assert (timeline.frames, timeline.rate, timeline.title) == (350, Fraction(25), "Öfen & Züge")
    assert timeline.start == datetime.fromisoformat("2021-05-01T09:59:58+02:00")
    assert json.loads((folder / "peaks.json").read_text())["length"] == 280


def test_it_writes_the_properties_of_the_record(tracker: ScriptedTracker, shift: Shift, talk: dict[str, str]) -> None:
    merge(tracker, shift, talk)
    written = tracker.called("setTicketProperties")[0].params[1]
    assert {name: value for name, value in written.items() if name != "Record.Holes"} == {
        "Record.Starttime": "2021-05-01-09-59-58",
        "Record.Stoptime": "2021-05-01-10-00-12",
        "Record.Room": "1",
        "Record.DurationFrames": "350",
        "Record.DurationSeconds": "14.000",
        "Record.Framerate": "25/1",
        "Record.Tracks": "",
    }
    assert "10:00:06" in written["Record.Holes"]
    assert tracker.logs == [(3, f"The recording has holes: {written['Record.Holes']}.")]


def test_what_operators_noted_becomes_marks(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path
) -> None:
    noted = "2021-05-01T10:00:01 questions begin\nsoon: lunch\n"
    (Path(talk["Processing__Path__Raw"]) / "saal1-marks.txt").write_text(noted)
    assert merge(tracker, shift, talk)[0] == "done"
    timeline = Timeline.from_json((mount / "tmp" / "demo" / "7" / "timeline.json").read_text())
    marks = [(mark.frame, mark.text) for mark in timeline.marks if mark.kind == "operator"]
    assert marks == [(75, "questions begin")]
    assert any("saal1-marks.txt, line 2 is no time and text" in text for _, text in tracker.logs)


def test_a_file_that_grows_is_waited_for(tracker: ScriptedTracker, shift: Shift, talk: dict[str, str]) -> None:
    last = max(Path(talk["Processing__Path__Raw"]).iterdir())
    content = last.read_bytes()
    last.unlink()
    last.write_bytes(content)
    os.utime(last, (time.time(), time.time()))
    how, _, reason, retry_s = merge(tracker, shift, talk)
    assert how == "given back"
    assert f"{last.name} is still growing" in reason
    assert retry_s > 30


def test_without_any_file_it_fails_with_what_is_missing(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str]
) -> None:
    how, _, sentence = merge(tracker, shift, talk, Fahrplan__DateTime="2020-05-01T12:00:00+02:00")
    assert how == "failed"
    assert "no usable recording of saal1 from 2020-05-01 11:59:58" in sentence


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Room__Key", "", "Room.Key is missing"),
        ("Fahrplan__Duration", "", "Fahrplan.Duration is missing"),
        ("Fahrplan__ID", "../7", "Fahrplan.ID is '../7'"),
        ("Processing__Path__Raw", "/etc", "outside of"),
        ("Processing__Path__Tmp", "", "Processing.Path.Tmp is missing"),
        ("Record__SourceReplacement", "repaired", "Record.SourceReplacement names 'repaired'"),
    ],
)
def test_bad_input_is_named(
    name: str, value: str, said: str, tracker: ScriptedTracker, shift: Shift, talk: dict[str, str]
) -> None:
    how, _, sentence = merge(tracker, shift, talk, **{name: value})
    assert how == "failed"
    assert said in sentence


def test_a_raw_folder_that_is_not_there_is_waited_for(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path
) -> None:
    assert merge(tracker, shift, talk, Processing__Path__Raw=f"{mount}/gone")[0] == "given back"


def test_a_ticket_that_is_lost_gets_no_files(
    tracker: ScriptedTracker, shift: Shift, talk: dict[str, str], mount: Path
) -> None:
    tracker.lost.add(3)
    tracker.add(3, service="merging", **talk)
    loop.step(MergeJob(), shift)
    assert tracker.ended == []
    assert not list((mount / "tmp").rglob("*.json"))


@pytest.mark.parametrize(
    ("before", "marks", "moved"),
    [
        ("2021-05-01-09-59-58", ("10", "200"), {}),
        ("", ("10", "200"), {}),
        ("2021-05-01-10-00-00", ("10", "200"), {"Record.Cutin": "60", "Record.Cutout": "250"}),
        ("2021-05-01-09-59-56", ("10", "200"), {"Record.Cutin": "", "Record.Cutout": "150"}),
        ("garbled", ("10", "200"), {"Record.Cutin": "", "Record.Cutout": ""}),
    ],
)
def test_cut_marks_stay_at_their_moment(
    before: str, marks: tuple[str, str], moved: dict[str, str], talk: dict[str, str]
) -> None:
    properties = {name.replace("__", "."): value for name, value in talk.items()}
    properties |= {"Record.Starttime": before, "Record.Cutin": marks[0], "Record.Cutout": marks[1]}
    timeline = cast(Timeline, SimpleNamespace(rate=Fraction(25), frames=300))
    assert moved_marks(timeline, plan_of(properties), properties) == moved


def test_ranges_and_chapters_stay_at_their_moment_too(talk: dict[str, str]) -> None:
    properties = {name.replace("__", "."): value for name, value in talk.items()}
    properties |= {"Record.Starttime": "2021-05-01-10-00-00"}
    properties |= {"Record.Ranges": "10-60,80-200", "Record.Chapters": "10 From 3-4, 5 and 6\n90 The end"}
    timeline = cast(Timeline, SimpleNamespace(rate=Fraction(25), frames=300))
    moved = {"Record.Ranges": "60-110,130-250", "Record.Chapters": "60 From 3-4, 5 and 6\n140 The end"}
    assert moved_marks(timeline, plan_of(properties), properties) == moved
