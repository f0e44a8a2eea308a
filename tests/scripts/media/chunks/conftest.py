"""A cut master of six seconds, and two kinds of crews that encode it in six chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.media import ffmpeg
from tests.scripts.media.chunks.clip import COUNT, RATE, SECONDS, Clip, delivered
from tests.scripts.media.chunks.crew import Bench, Cluster, Threads, cluster


@pytest.fixture(scope="session")
def works_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chunks")


@pytest.fixture(scope="session")
def master(works_folder: Path) -> Path:
    """Make a cut master with B-frames, in which no two frames are alike."""
    path = works_folder / "cut.mkv"
    picture = ["-f", "lavfi", "-i", f"testsrc2=s=160x90:r={RATE}:d={SECONDS}"]
    sound = ["-f", "lavfi", "-i", f"sine=r=48000:d={SECONDS}:b=4"]
    ffmpeg.run(["ffmpeg", *picture, *sound, "-c:v", "libx264", "-bf", "2", "-g", "20", "-c:a", "flac", str(path)])
    return path


@pytest.fixture(scope="session")
def bench(works_folder: Path) -> Bench:
    return Bench(works_folder)


@pytest.fixture(scope="session")
def dask(bench: Bench, works_folder: Path) -> Iterator[Cluster]:
    with cluster(bench, works_folder.parent) as made:
        yield made


@pytest.fixture(params=["threads", pytest.param("dask", marks=pytest.mark.proof)])
def crew(request: pytest.FixtureRequest, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Threads | Cluster]:
    monkeypatch.setenv("FAHRWERK_FFMPEG", str(bench.path))
    yield Threads() if request.param == "threads" else request.getfixturevalue("dask")
    bench.slow(False)
    bench.poison("")


@pytest.fixture(scope="session")
def undisturbed(master: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the hash of the pictures of a run that nobody disturbed."""
    clip = Clip(tmp_path_factory.mktemp("undisturbed"), master, Threads())
    assert clip.encode() == COUNT
    return delivered(clip)
