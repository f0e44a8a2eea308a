"""Encodes of a minute in 720 lines: through a ticket, in chunks, several formats in one run, beside plain ffmpeg."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median
from xml.sax.saxutils import escape

import psutil

from bench.media.clock import Spent, row, spent
from bench.media.footage import minute
from scripts.encoder import EncodeJob
from scripts.media import chunks, ffmpeg
from scripts.worker import loop
from scripts.worker.loop import Shift
from scripts.worker.settings import WorkerSettings
from scripts.worker.stop import Stop
from tests.scripts.media.chunks.crew import Bench, Cluster, cluster
from tests.scripts.scripted_tracker import SECRET, ScriptedTracker, running

RATE, CHUNK_S = Fraction(25), 10
HEIGHTS = (720, 480, 360)
PLAIN, APART, TICKETS_APART = "plain ffmpeg", "three formats, one run each", "three tickets, one run each"
COMPARED = {"three formats, one decode": APART, "three tickets in one run (Processing.Together)": TICKETS_APART}
"""What each way is compared with; the others with plain ffmpeg."""


@dataclass(frozen=True)
class Size:
    """How much is encoded, and how often."""

    seconds: int = 60
    rounds: int = 3

    @property
    def frames(self) -> int:
        """Return how many pictures that are."""
        return int(self.seconds * RATE)


def rows(folder: Path, size: Size) -> Iterator[str]:
    """Yield the rows: medians of alternating runs."""
    (folder / "bench").mkdir(parents=True)
    master, out = _master(folder, size), folder / "out.mp4"
    with cluster(Bench(folder / "bench"), folder) as dask:
        dask.pool().close()
        took = _measured(
            {
                PLAIN: lambda: ffmpeg.run(_argv(master, out)),
                "the program, as the encoder runs it": lambda: ffmpeg.run(_argv(master, out), stop=lambda: False),
                "a ticket: measured and judged, too": lambda: _tickets(folder, master, size, HEIGHTS[:1]),
                "chunks, 2 threads": lambda: _chunked(folder, master, out, size, chunks.pool(2, "")),
                "chunks, 2 workers of Dask": lambda: _chunked(folder, master, out, size, dask.pool()),
                APART: lambda: [ffmpeg.run(_argv(master, out, each)) for each in HEIGHTS],
                "three formats, one decode": lambda: ffmpeg.run(_ladder(master, folder)),
                TICKETS_APART: lambda: _tickets(folder, master, size, HEIGHTS),
                "three tickets in one run (Processing.Together)": lambda: _tickets(
                    folder, master, size, HEIGHTS, together="1"
                ),
            },
            dask,
            size.rounds,
        )
    for name, (clock, cpu) in took.items():
        other = "" if name in (PLAIN, APART, TICKETS_APART) else COMPARED.get(name, PLAIN)
        ratio = cpu / took[other].cpu_s if other else None
        yield row(f"encode of {size.seconds} s, {name}", Spent(clock, cpu), other, ratio)


def _measured(ways: Mapping[str, Callable[[], object]], dask: Cluster, rounds: int) -> dict[str, Spent]:
    """Try all ways in turn, several times; return the medians of each."""
    took: dict[str, list[Spent]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            took[name].append(_spent(way, dask))
    return {
        name: Spent(median(each.wall_s for each in several), median(each.cpu_s for each in several))
        for name, several in took.items()
    }


def _spent(way: Callable[[], object], dask: Cluster) -> Spent:
    before = _cpu_of(dask)
    _, took = spent(way)
    return Spent(took.wall_s, took.cpu_s + _cpu_of(dask) - before)


def _cpu_of(dask: Cluster) -> float:
    """Return what the processes of a cluster have used so far, with the programs they ran."""
    return sum(sum(psutil.Process(pid).cpu_times()[:4]) for pid in dask.pids())


def _master(folder: Path, size: Size) -> Path:
    path = folder / "tmp" / "demo" / "7" / "cut.mkv"
    path.parent.mkdir(parents=True)
    fixed = ["-vf", "setpts=PTS-STARTPTS", "-af", f"asetpts=PTS-STARTPTS,apad,atrim=end={size.seconds}"]
    coded = ["-frames:v", str(size.frames), "-c:v", "libx264", "-crf", "16", "-g", "25", "-c:a", "flac"]
    ffmpeg.run(["ffmpeg", "-i", str(minute(folder / "minute")), *fixed, *coded, str(path)])
    return path


def _argv(master: Path, out: Path, height: int = 720) -> list[str]:
    picture = ["-vf", f"fps=25/1,scale=w=-2:h={height},setsar=1", "-c:v", "libx264", "-preset", "medium", "-crf", "22"]
    sound = ["-c:a", "aac", "-b:a", "128k", "-ar", "48000"]
    maps = ["-map", "0:v:0", "-map", "0:a:0"]
    return ["ffmpeg", "-y", "-i", str(master), *maps, *picture, *sound, "-movflags", "+faststart", str(out)]


def _ladder(master: Path, folder: Path) -> list[str]:
    outputs = [word for height in HEIGHTS for word in _argv(master, folder / f"{height}.mp4", height)[4:]]
    return ["ffmpeg", "-y", "-i", str(master), *outputs]


def _chunked(folder: Path, master: Path, out: Path, size: Size, pool: chunks.Pool) -> None:
    chunks.encode(
        _argv(master, out), folder / "ledger", master, frames=size.frames, rate=RATE, seconds=CHUNK_S, pool=pool,
        stop=threading.Event().is_set, progress=lambda percent: None,
    )  # fmt: skip
    chunks.forget(folder / "ledger")


def _tickets(folder: Path, master: Path, size: Size, heights: Sequence[int], together: str = "0") -> None:
    """Take tickets from a tracker and encode them, as the worker does from the question to the report."""
    with running(ScriptedTracker()) as tracker:
        for number, height in enumerate(heights):
            _add(tracker, number, folder, master, size, height, together)
        settings = WorkerSettings(tracker.url, SECRET, (folder,), "bench.example.org", reserve_mb=1)
        shift = Shift.begin(settings, "bench-encoder1.example.org", Stop())
        while len(tracker.ended) < len(heights):
            assert loop.step(EncodeJob(), shift), "there is a ticket that nobody gets"
        shift.tracker.close()
        assert {how for how, *_ in tracker.ended} == {"done"}, tracker.ended
        joined = sum("in one run" in sentence for _, sentence in tracker.logs)
        assert joined == (len(heights) if together == "1" else 0), tracker.logs
    for number in range(len(heights)):
        assert math.isclose(float(tracker.properties[number]["Encoding.Seconds"]), size.seconds, abs_tol=0.1)


def _add(
    tracker: ScriptedTracker, number: int, folder: Path, master: Path, size: Size, height: int, together: str
) -> None:
    result = folder / "output" / f"talk-{height}.mp4"
    tracker.add(
        number, service="encoding", Processing__Path__Tmp=f"{folder}/tmp", Processing__Path__Output=str(result.parent),
        Project__Slug="demo", Fahrplan__ID="7", EncodingProfile__Basename=result.stem, EncodingProfile__Extension="mp4",
        Record__Framerate="25/1", Record__Cutdiffframes=str(size.frames), Record__Cutdiffseconds=str(size.seconds),
        Processing__Together=together,
    )  # fmt: skip
    kinds = {"ffmpeg": "exe", str(master): "in", str(result): "out"}
    words = _argv(master, result, height)
    options = [f'<option filetype="{kinds.get(word, "")}">{escape(word)}</option>' for word in words]
    tracker.jobfiles[number] = f'<job><tasks><task type="encoding">{"".join(options)}</task></tasks></job>'
