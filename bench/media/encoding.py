"""Encodes of a minute in 720 lines: through a ticket, in chunks, several formats in one run, beside plain ffmpeg."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
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

SECONDS, FRAMES, RATE, ROUNDS, CHUNK_S = 60, 1500, Fraction(25), 3, 10
HEIGHTS = (720, 480, 360)


def rows(folder: Path) -> Iterator[str]:
    """Yield the rows: medians of alternating runs."""
    (folder / "bench").mkdir(parents=True)
    master, out = _master(folder), folder / "out.mp4"
    with cluster(Bench(folder / "bench"), folder) as dask:
        dask.pool().close()
        ways: dict[str, Callable[[], object]] = {
            "plain ffmpeg": lambda: ffmpeg.run(_argv(master, out)),
            "the program, as the encoder runs it": lambda: ffmpeg.run(_argv(master, out), stop=lambda: False),
            "a ticket: measured and judged, too": lambda: _ticket(folder, master),
            "6 chunks, 2 threads": lambda: _chunked(folder, master, out, chunks.pool(2, "")),
            "6 chunks, 2 workers of Dask": lambda: _chunked(folder, master, out, dask.pool()),
            "three formats, one run each": lambda: [ffmpeg.run(_argv(master, out, each)) for each in HEIGHTS],
            "three formats, one decode": lambda: ffmpeg.run(_ladder(master, folder)),
        }
        took: dict[str, list[Spent]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                took[name].append(_spent(way, dask))
    for name, several in took.items():
        other = "three formats, one run each" if name == "three formats, one decode" else "plain ffmpeg"
        cpu, clock = median(each.cpu_s for each in several), median(each.wall_s for each in several)
        ratio = cpu / median(each.cpu_s for each in took[other])
        compared = "" if name in ("plain ffmpeg", "three formats, one run each") else other
        yield row(f"encode of a minute, {name}", Spent(clock, cpu), compared, ratio if compared else None)


def _spent(way: Callable[[], object], dask: Cluster) -> Spent:
    before = _cpu_of(dask)
    _, took = spent(way)
    return Spent(took.wall_s, took.cpu_s + _cpu_of(dask) - before)


def _cpu_of(dask: Cluster) -> float:
    """Return what the processes of a cluster have used so far, with the programs they ran."""
    return sum(sum(psutil.Process(pid).cpu_times()[:4]) for pid in dask.pids())


def _master(folder: Path) -> Path:
    path = folder / "tmp" / "demo" / "7" / "cut.mkv"
    path.parent.mkdir(parents=True)
    fixed = ["-vf", "setpts=PTS-STARTPTS", "-af", f"asetpts=PTS-STARTPTS,apad,atrim=end={SECONDS}"]
    coded = ["-frames:v", str(FRAMES), "-c:v", "libx264", "-crf", "16", "-g", "25", "-c:a", "flac"]
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


def _chunked(folder: Path, master: Path, out: Path, pool: chunks.Pool) -> None:
    chunks.encode(
        _argv(master, out), folder / "ledger", master, frames=FRAMES, rate=RATE, seconds=CHUNK_S, pool=pool,
        stop=threading.Event().is_set, progress=lambda percent: None,
    )  # fmt: skip
    chunks.forget(folder / "ledger")


def _ticket(folder: Path, master: Path) -> None:
    """Take a ticket from a tracker and encode it, as the worker does from the question to the report."""
    with running(ScriptedTracker()) as tracker:
        tracker.add(
            9, service="encoding", Processing__Path__Tmp=f"{folder}/tmp", Processing__Path__Output=f"{folder}/output",
            Project__Slug="demo", Fahrplan__ID="7", EncodingProfile__Basename="talk", EncodingProfile__Extension="mp4",
            Record__Framerate="25/1", Record__Cutdiffframes=str(FRAMES), Record__Cutdiffseconds=str(SECONDS),
        )  # fmt: skip
        kinds = {"ffmpeg": "exe", str(master): "in", f"{folder}/output/talk.mp4": "out"}
        words = _argv(master, folder / "output" / "talk.mp4")
        options = [f'<option filetype="{kinds.get(word, "")}">{escape(word)}</option>' for word in words]
        tracker.jobfiles[9] = f'<job><tasks><task type="encoding">{"".join(options)}</task></tasks></job>'
        settings = WorkerSettings(tracker.url, SECRET, (folder,), "bench.example.org", reserve_mb=1)
        shift = Shift.begin(settings, "bench-encoder1.example.org", Stop())
        loop.step(EncodeJob(), shift)
        shift.tracker.close()
        assert tracker.ended[-1][0] == "done", tracker.ended
    assert math.isclose(float(tracker.properties[9]["Encoding.Seconds"]), SECONDS, abs_tol=0.1)
