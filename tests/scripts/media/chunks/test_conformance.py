"""What has to hold whoever encodes the chunks: every test runs with threads, and (`make proof`) with Dask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.media import chunks, ffmpeg
from tests.scripts.media.chunks.clip import COUNT, Clip, Crew, delivered
from tests.scripts.media.chunks.crew import Bench, Cluster, encoders, until


@pytest.fixture
def clip(crew: Crew, master: Path, tmp_path: Path) -> Clip:
    return Clip(tmp_path, master, crew)


def test_a_worker_that_is_killed_in_the_middle_costs_no_frame(clip: Clip, bench: Bench, undisturbed: str) -> None:
    bench.slow()
    thread, ended = clip.begin()
    until(clip.done)
    clip.crew.kill_one(clip.folder)
    bench.slow(False)
    thread.join()
    assert ended == [COUNT]
    assert delivered(clip) == undisturbed


def test_a_chunk_that_fails_for_good_fails_the_job_and_keeps_the_others(
    clip: Clip, bench: Bench, undisturbed: str
) -> None:
    bench.poison("-ss 1.980000")
    with pytest.raises(chunks.ChunkFailed, match=r"Chunk 3 of 6 \(frames 50 to 75\) failed 3 times: .*bad chunk"):
        clip.encode()
    kept = clip.made()
    assert "00002" not in kept
    until(lambda: not encoders(clip.folder))
    bench.poison("")
    assert clip.encode() == COUNT
    assert {name: at for name, at in clip.made().items() if name in kept} == kept
    assert delivered(clip) == undisturbed


def test_a_cancelled_job_leaves_no_program_and_goes_on_later(clip: Clip, bench: Bench, undisturbed: str) -> None:
    bench.slow()
    thread, ended = clip.begin()
    until(lambda: encoders(clip.folder))
    clip.stop.set()
    thread.join()
    assert isinstance(ended[0], ffmpeg.Stopped)
    until(lambda: not encoders(clip.folder))
    bench.slow(False)
    clip.stop.clear()
    assert clip.encode() == COUNT
    assert delivered(clip) == undisturbed


LEAD = """
import sys
from pathlib import Path
from tests.scripts.media.chunks.crew import Threads
from tests.scripts.media.chunks.clip import Clip
from scripts.media.chunks.pools import DaskPool
crew = Threads()
if sys.argv[3]:
    crew.pool = lambda: DaskPool(sys.argv[3])
Clip(Path(sys.argv[1]), Path(sys.argv[2]), crew).encode()
"""


def test_a_job_whose_lead_is_killed_goes_on_where_it_was(clip: Clip, bench: Bench, undisturbed: str) -> None:
    bench.slow()
    clip.crew.pool()
    address = clip.crew.address if isinstance(clip.crew, Cluster) else ""
    lead = [sys.executable, "-c", LEAD, str(clip.folder.parent), str(clip.master), address]
    process = subprocess.Popen(lead, env=dict(os.environ))
    until(clip.done)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = clip.made()
    bench.slow(False)
    assert clip.encode() == COUNT
    assert {name: at for name, at in clip.made().items() if name in kept} == kept
    assert delivered(clip) == undisturbed


def test_a_chunk_that_is_made_twice_counts_once(clip: Clip, undisturbed: str) -> None:
    pool = clip.crew.pool()
    assert clip.encode() == COUNT
    plan = clip.ledger.plan()
    clip.ledger.forget("00001")
    run = clip.ledger.begin_run()
    told = [future.result() for future in [pool.submit(str(clip.folder), 1, run) for _ in range(3)]]
    clip.ledger.end_run(run)
    pool.close()
    assert told == [{"done": 1}] * 3
    assert len(list(clip.folder.glob("00001*.mp4"))) == 1
    assert clip.ledger.todo(plan) == []
    assert clip.encode() == COUNT
    assert delivered(clip) == undisturbed


@pytest.mark.proof
def test_a_scheduler_that_is_started_again_is_given_what_is_missing(
    dask: Cluster, bench: Bench, master: Path, tmp_path: Path, undisturbed: str
) -> None:
    clip = Clip(tmp_path, master, dask)
    bench.slow()
    thread, ended = clip.begin()
    until(clip.done)
    until(lambda: encoders(clip.folder))
    dask.restart()
    bench.slow(False)
    thread.join()
    assert ended == [COUNT]
    assert delivered(clip) == undisturbed
