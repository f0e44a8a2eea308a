from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import av
import pytest

from scripts.media.timeline import Timeline
from scripts.script_b_merge import MergeJob
from scripts.script_c_copy import CopyJob, cut_properties, decimal
from scripts.worker import loop
from scripts.worker.loop import Shift
from tests.scripts.scripted_tracker import ScriptedTracker

Copy = Callable[..., tuple[Any, ...]]


@pytest.fixture
def copy(tracker: ScriptedTracker, shift: Shift, talk: dict[str, str]) -> Copy:
    """Merge the talk, then cut it; the properties of both scripts stay on the ticket."""
    tracker.add(3, service="merging", **talk)
    loop.step(MergeJob(), shift)
    merged = {name.replace(".", "__"): value for name, value in tracker.properties[3].items()}
    tracker.ended.clear()

    def turn(cut_in: str, cut_out: str, **changed: str) -> tuple[Any, ...]:
        marks = {"Record__Cutin": cut_in, "Record__Cutout": cut_out, "Record__Language": "deu"}
        tracker.logs.clear()
        tracker.add(3, service="copying", **(merged | marks | changed))
        loop.step(CopyJob(), shift)
        return tracker.ended[-1] if tracker.ended else ()

    return turn


def frames_of(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (Fraction(10), "10.000"),
        (Fraction(1001, 30), "33.366667"),
        (Fraction(1, 2), "0.500"),
        (Fraction(1, 16), "0.0625"),
    ],
)
def test_seconds_have_three_to_six_decimals(seconds: Fraction, text: str) -> None:
    assert decimal(seconds) == text


def test_marks_become_local_time_and_lengths() -> None:
    start = datetime.fromisoformat("2021-05-01T07:59:58+00:00")
    timeline = cast(Timeline, SimpleNamespace(rate=Fraction(25), time_of=lambda frame: start))
    written = cut_properties(timeline, 50, 175, 125, ZoneInfo("Europe/Berlin"))
    assert written == {
        "Record.Cutintime": "2021.05.01-09_59_58",
        "Record.Cutouttime": "2021.05.01-09_59_58",
        "Record.Cutinseconds": "2.000",
        "Record.Cutoutseconds": "7.000",
        "Record.Cutdiffseconds": "5.000",
        "Record.Cutdiffframes": "125",
    }


def test_the_master_has_the_frames_between_the_marks(copy: Copy, tracker: ScriptedTracker, mount: Path) -> None:
    assert copy("60", "160")[:2] == ("done", 3)
    folder = mount / "tmp" / "demo" / "7"
    names = {path.name for path in folder.iterdir()}
    assert names >= {"cut.mkv", "timeline.json"} and not [name for name in names if "part" in name]
    assert frames_of(folder / "cut.mkv") == 100
    assert tracker.properties[3]["Record.Cutdiffframes"] == "100"
    assert tracker.properties[3]["Record.Cutin"] == "60"
    assert tracker.properties[3]["Record.Cutintime"] == "2021.05.01-10_00_00"
    with av.open(str(folder / "cut.mkv")) as container:
        size = [str(container.streams.video[0].width), str(container.streams.video[0].height)]
    assert [tracker.properties[3][f"Record.{name}"] for name in ("Width", "Height")] == size
    assert tracker.logs == []


def test_a_hole_within_the_cut_is_left_out_and_told(copy: Copy, tracker: ScriptedTracker, mount: Path) -> None:
    assert copy("150", "325")[:2] == ("done", 3)
    assert tracker.properties[3]["Record.Cutdiffframes"] == "75"
    assert tracker.properties[3]["Record.Cutdiffseconds"] == "3.000"
    assert tracker.properties[3]["Record.Cutoutseconds"] == "13.000"
    assert frames_of(mount / "tmp" / "demo" / "7" / "cut.mkv") == 75
    assert "100 frames between in and out were not recorded" in tracker.logs[0][1]


@pytest.mark.parametrize(
    ("cut_in", "cut_out", "changed", "said"),
    [
        ("160", "60", {}, "does not come after in"),
        ("60", "9999", {}, "reaches beyond the recording"),
        ("", "60", {}, "Record.Cutin is missing: set it on the cut page"),
        ("60", "-5", {}, "Record.Cutout is '-5', which is no number of frames"),
        ("60", "160", {"Record__Language": "xyz"}, "Record.Language names xyz"),
        ("60", "160", {"Fahrplan__ID": "8"}, "There is no readable timeline.json"),
        ("60", "160", {"Project__TimeZone": ""}, "Project.TimeZone is missing"),
        ("60", "160", {"Processing__Video__AspectRatio": "wide"}, "Processing.Video.AspectRatio is 'wide'"),
    ],
)
def test_bad_input_is_named(cut_in: str, cut_out: str, changed: dict[str, str], said: str, copy: Copy) -> None:
    how, _, sentence = copy(cut_in, cut_out, **changed)
    assert how == "failed"
    assert said in sentence


def test_a_segment_that_is_gone_is_named(copy: Copy, talk: dict[str, str]) -> None:
    (first, *_) = sorted(Path(talk["Processing__Path__Raw"]).iterdir())
    first.unlink()
    how, _, sentence = copy("60", "160")
    assert how == "failed"
    assert first.name in sentence


def test_a_lost_ticket_keeps_the_former_master(copy: Copy, tracker: ScriptedTracker, mount: Path) -> None:
    copy("60", "160")
    tracker.ended.clear()
    tracker.lost.add(3)
    assert copy("60", "110") == ()
    folder = mount / "tmp" / "demo" / "7"
    assert frames_of(folder / "cut.mkv") == 100
    assert [path.name for path in folder.iterdir() if "part" in path.name] == []


def test_parts_of_a_killed_attempt_are_swept(copy: Copy, mount: Path) -> None:
    folder = mount / "tmp" / "demo" / "7"
    for name in (".cut.1.part.mkv", "..cut.1.part.1.part.mkv"):
        (folder / name).write_bytes(b"half")
    copy("60", "110")
    assert [path.name for path in folder.iterdir() if "part" in path.name] == []
