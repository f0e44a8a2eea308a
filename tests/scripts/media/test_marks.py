"""Marks from the waveform and from the operators' file."""

from datetime import datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from scripts.media.marks import operator_marks, sound_marks, with_marks
from scripts.media.peaks import PER_SECOND, Peaks
from scripts.media.timeline import Audio, Hole, Mark, Segment, Timeline, Video

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 5, 1, 10, 0, tzinfo=BERLIN)


def recording(seconds: int, *holes: Hole, audio: bool = True) -> Timeline:
    segment = Segment("a.ts", 0, 25 * seconds, 0, 0, 0.0, START, 0, 25 * seconds)
    return Timeline(
        project="demo", fahrplan_id=7, title="Talk", rate=Fraction(25), frames=25 * seconds, start=START,
        segments=(segment,), holes=holes, overlaps=(), marks=(Mark("schedule", 500, START, "begin"),),
        video=Video("h264", 320, 180), audio=Audio(48000, 2) if audio else None, first_dts_offset_ms=0.0,
    )  # fmt: skip


def waveform(*parts: tuple[int, int]) -> Peaks:
    """Make a waveform of parts: (seconds, highest sample of 127)."""
    pairs = [np.tile([-high, high], seconds * PER_SECOND) for seconds, high in parts]
    channel = np.concatenate(pairs).astype(np.int8)
    return Peaks((channel, np.zeros_like(channel)), len(channel) // 2)


def said(timeline: Timeline, peaks: Peaks) -> list[tuple[str, int, str]]:
    return [(mark.kind, mark.frame // 25, mark.text) for mark in sound_marks(timeline, peaks)]


def test_silence_is_marked_at_its_beginning_and_its_end() -> None:
    found = said(recording(60), waveform((20, 60), (12, 1), (10, 60), (9, 0), (9, 60)))
    assert found == [("silence", 20, "12 s of silence"), ("silence", 32, "sound again after 12 s")]


def test_a_hole_is_no_silence_and_a_recording_without_sound_has_no_marks() -> None:
    hole = Hole(20 * 25, 12 * 25, START, 12.0)
    assert said(recording(60, hole), waveform((20, 60), (12, 0), (28, 60))) == []
    assert said(recording(60, audio=False), waveform((60, 0))) == []


def test_steps_of_loudness_are_marked_where_they_are() -> None:
    found = said(recording(120), waveform((40, 10), (40, 80), (40, 12)))
    assert [(kind, text) for kind, _, text in found] == [("loudness", "18 dB louder"), ("loudness", "16 dB quieter")]
    assert [second for _, second, _ in found] == pytest.approx([40, 80], abs=8)


def test_operators_marks_are_read_and_bad_lines_told(tmp_path: Path) -> None:
    lines = [
        "# made by hand",
        "2026-05-01T10:00:10 Talk begins",
        "2026-05-01T08:00:20Z Öfen \x1b[1m",
        "later: lunch",
        "",
    ]
    (tmp_path / "saal1-marks.txt").write_text("\n".join([*lines, "2026-05-01T09:00:00 before it", "20:15"]))
    marks, problems = operator_marks(recording(60), tmp_path, "saal1", BERLIN)
    assert [(mark.frame, mark.text) for mark in marks] == [(250, "Talk begins"), (500, "Öfen [1m")]
    assert [problem.split(" is ")[0] for problem in problems] == [
        "saal1-marks.txt, line 4", "saal1-marks.txt, line 7"
    ]  # fmt: skip


def test_a_file_of_marks_that_leads_out_is_told_and_none_is_fine(tmp_path: Path) -> None:
    assert operator_marks(recording(60), tmp_path, "saal1", BERLIN) == ([], [])
    (tmp_path / "raw").mkdir()
    (tmp_path / "elsewhere").write_text("2026-05-01T10:00:10 secret\n")
    (tmp_path / "raw" / "saal1-marks.txt").symlink_to(tmp_path / "elsewhere")
    marks, problems = operator_marks(recording(60), tmp_path / "raw", "saal1", BERLIN)
    assert marks == [] and problems[0].startswith("saal1-marks.txt cannot be read")


def test_marks_are_in_order(tmp_path: Path) -> None:
    more = [Mark("operator", 900, START, "late"), Mark("silence", 100, START, "early")]
    assert [mark.frame for mark in with_marks(recording(60), more).marks] == [100, 500, 900]
