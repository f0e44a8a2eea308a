"""One job with Dask in `make test`; the rest of what has to hold with it is shown by `make proof`."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.media.chunks import PoolLost
from scripts.media.chunks.pools import DaskPool
from tests.scripts.media.chunks.clip import COUNT, Clip, delivered
from tests.scripts.media.chunks.crew import Bench, Cluster, until


def test_a_worker_of_dask_that_is_killed_costs_no_frame(
    dask: Cluster, bench: Bench, master: Path, tmp_path: Path, undisturbed: str
) -> None:
    clip = Clip(tmp_path, master, dask)
    bench.slow()
    thread, ended = clip.begin()
    until(clip.done)
    dask.kill_one(clip.folder)
    bench.slow(False)
    thread.join()
    assert ended == [COUNT]
    assert delivered(clip) == undisturbed


def test_a_scheduler_that_is_away_is_named_with_the_remedy() -> None:
    pool = DaskPool("tcp://127.0.0.1:1")
    with pytest.raises(PoolLost, match=r"Dask scheduler tcp://127.0.0.1:1 cannot be reached .*: start it"):
        pool.submit("/nowhere", 0, "run")
    pool.close()
