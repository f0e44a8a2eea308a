from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.encoder import EncodeJob
from scripts.worker import loop
from scripts.worker.chunking import ChunkSettings
from scripts.worker.loop import Shift
from tests.scripts.media.chunks.crew import Bench
from tests.scripts.scripted_tracker import ScriptedTracker
from tests.scripts.test_encoder import job, master, mp4  # noqa: F401

Encode = Callable[..., tuple[str, ...]]
CHUNKED = ["-map", "0:v:0", "-map", "0:a:0", "-crf", "28", "-preset", "ultrafast", "-vf", "fps=25/1,scale=128:-2"]


@pytest.fixture
def bench(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    monkeypatch.setenv("FAHRWERK_FFMPEG", str(bench.path))
    return bench


@pytest.fixture
def encode(tracker: ScriptedTracker, shift: Shift, mount: Path, master: Path) -> Encode:  # noqa: F811
    """Encode a talk of three seconds, in chunks of one second if in chunks."""
    talk = mount / "tmp" / "demo" / "7"
    talk.mkdir(parents=True)
    (mount / "out").mkdir()
    (talk / "cut.mkv").write_bytes(master.read_bytes())
    chunked = replace(shift, settings=replace(shift.settings, chunks=ChunkSettings(seconds=1.0)))

    def turn(*task: str, **changed: str) -> tuple[str, ...]:
        properties = {
            "Processing__Path__Output": f"{mount}/out",
            "Processing__Path__Tmp": f"{mount}/tmp",
            "Processing__Chunks": "1",
            "Project__Slug": "demo",
            "Fahrplan__ID": "7",
            "EncodingProfile__Basename": "talk",
            "EncodingProfile__Extension": "mp4",
            "Record__Framerate": "25/1",
            "Record__Cutdiffframes": "75",
            "Record__Cutdiffseconds": "3.000",
        }
        tracker.add(9, service="encoding", **(properties | changed))
        source = ["exe:ffmpeg", "-i", f"in:{talk}/cut.mkv"]
        tracker.jobfiles[9] = job([*source, *(task or CHUNKED), "-c:v", "libx264", f"out:{mount}/out/talk.mp4"])
        loop.step(EncodeJob(), chunked)
        return tracker.ended[-1]

    return turn


def left(mount: Path) -> list[str]:
    """List all files but the cut master and the plan."""
    return sorted(
        path.name for path in mount.rglob("*") if path.is_file() and path.name not in ("cut.mkv", "plan.json")
    )


def test_a_talk_in_chunks_is_measured_as_any_other_and_leaves_its_file_alone(encode: Encode, mount: Path) -> None:
    how, _, line = encode()
    assert how == "done"
    assert line.startswith("75 frames, 3.000 s, ")
    assert left(mount) == ["talk.mp4", "talk.timeline.json"]


def test_a_job_that_cannot_be_parted_is_done_in_one_piece_and_says_why(
    encode: Encode, tracker: ScriptedTracker
) -> None:
    assert encode("-filter_complex", "[0:v:0]null[v]", "-map", "[v]", "-map", "0:a:0")[0] == "done"
    (said,) = (said for _, said in tracker.logs if "one piece" in said)
    assert said.startswith("Encoded in one piece: the job has the option -filter_complex, of which it is not known")


@pytest.mark.parametrize("switch", ["", "0"])
def test_a_short_talk_is_done_in_one_piece_without_a_word(
    switch: str, encode: Encode, tracker: ScriptedTracker, bench: Bench
) -> None:
    bench.poison("-fps_mode passthrough")
    assert encode(Processing__Chunks=switch)[0] == "done"
    assert not any("one piece" in said for _, said in tracker.logs)


def test_a_chunk_that_fails_is_named_and_the_others_wait_for_the_next_attempt(
    encode: Encode, mount: Path, bench: Bench
) -> None:
    bench.poison("-ss 0.980000")
    how, _, said = encode()
    assert how == "failed"
    assert said.startswith("Chunk 2 of 3 (frames 25 to 50) failed 3 times: ffmpeg ended with exit code 7: bad chunk")
    kept = {name for name in left(mount) if name.endswith(".json")}
    assert "00001.json" not in kept and "talk.mp4" not in left(mount)
    bench.poison("")
    assert encode()[0] == "done"
    assert left(mount) == ["talk.mp4", "talk.timeline.json"]


def test_a_file_that_is_not_what_it_should_be_is_not_joined_again(encode: Encode, mount: Path) -> None:
    how, _, said = encode(Record__Cutdiffseconds="9.000")
    assert (how, "of sound and should have 9.000 s" in said) == ("failed", True)
    assert left(mount) == []
