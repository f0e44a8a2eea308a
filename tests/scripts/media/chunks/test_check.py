"""What is wrong with a chunk is seen before it counts, also what a count of frames does not see."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from scripts.media import ffmpeg
from scripts.media.chunks.check import check_chunk
from scripts.media.chunks.ledger import Ledger, Pulse
from scripts.media.chunks.plan import Plan, chunk_command, plan
from scripts.media.chunks.split import split
from scripts.media.scan import VerifyFailed
from tests.scripts.media.chunks.clip import FRAMES, RATE


@pytest.fixture
def made(master: Path) -> Plan:
    argv = ["ffmpeg", "-i", str(master), "-map", "0:v:0", "-c:v", "libx264", "-crf", "22", "/out/talk.mp4"]
    return plan(split(argv, master, Fraction(RATE)), FRAMES, Fraction(RATE), 1)


def encoded(argv: list[str], changes: dict[str, str]) -> Path:
    ffmpeg.run([changes.get(word, word) for word in argv])
    return Path(argv[-1])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"25": "24"}, "has 24 frames and should have 25"),
        ({"1.980000": "1.900000"}, "does not show what the cut master shows at"),
        ({"1.980000": "2.020000"}, "does not show what the cut master shows at"),
        ({"settb=1/25,setpts=N,trim=end_frame=25": "setpts=2*PTS"}, "does not show frame"),
        (
            {"settb=1/25,setpts=N,trim=end_frame=25": "loop=1:1:0,settb=1/25,setpts=N,trim=end_frame=25"},
            "frame 24 does not show what the cut master shows at 74",
        ),
    ],
    ids=["right", "short", "early", "late", "slow", "first one doubled, last one dropped"],
)
def test_a_wrong_chunk_is_refused(changes: dict[str, str], said: str, made: Plan, tmp_path: Path) -> None:
    path = encoded(chunk_command(made, 2, tmp_path / "part.mp4"), changes)
    if not said:
        assert len(check_chunk(path, made, 2)) == 16
        return
    with pytest.raises(VerifyFailed, match=said):
        check_chunk(path, made, 2)


def test_a_record_counts_while_its_file_is_whole(made: Plan, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    assert ledger.adopt(made) == made
    part = ledger.part("00000")
    part.write_bytes(b"x" * 100)
    assert ledger.settle("00000", part, made.planned[0], "headers")
    assert 0 not in ledger.todo(made)
    (ledger.folder / ledger.record("00000").file).write_bytes(b"x")
    assert 0 in ledger.todo(made)


def test_another_job_begins_anew_and_the_same_one_goes_on(made: Plan, master: Path, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.adopt(made)
    (ledger.folder / "mark").touch()
    longer = plan(split(_other(master, "22"), master, Fraction(RATE)), FRAMES, Fraction(RATE), 3)
    assert ledger.adopt(longer) == made  # the same job, planned with other chunks: those that were begun hold
    other = plan(split(_other(master, "30"), master, Fraction(RATE)), FRAMES, Fraction(RATE), 1)
    assert ledger.adopt(other) == other
    assert not (ledger.folder / "mark").exists()


def _other(master: Path, crf: str) -> list[str]:
    return ["ffmpeg", "-i", str(master), "-map", "0:v:0", "-c:v", "libx264", "-crf", crf, "/out/talk.mp4"]


def test_a_new_run_ends_the_one_before_and_sweeps(made: Plan, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.adopt(made)
    first = ledger.begin_run()
    pulse = Pulse(ledger, first)
    ledger.part("00000").write_bytes(b"left")
    assert not pulse.is_over()
    ledger.begin_run()
    assert pulse.is_over()
    assert not ledger.beat(first)
    assert not list(ledger.folder.glob(".*.part*"))
