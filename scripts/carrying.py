"""How the encoder carries out a task: in one piece, or the picture of a long talk in chunks (docs/chunks.md)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from scripts.media import chunks, ffmpeg
from scripts.media.scan import VerifyFailed
from scripts.worker.folders import talk_folder
from scripts.worker.job import Work
from scripts.worker.outcomes import Wait

SWITCH = "Processing.Chunks"
"""Property of a project: 1 always, 0 never; else talks that are long enough (FAHRWERK_CHUNK_FROM_S)."""
FOLDER = "chunks"
RETRY_S = 300


def carry_out(
    commands: Sequence[list[str]],
    work: Work,
    *,
    frames: int,
    seconds: float,
    rate: Fraction,
    progress: Callable[[float], None],
    cwd: Path,
) -> None:
    """Run the commands of a task, in chunks if they are wanted and the job allows it; the ticket's log says why not.

    `progress` gets percent. Raise FfmpegFailed, Stopped, OSError; Wait when there is nobody to encode chunks.
    """
    if _wanted(work, seconds):
        try:
            _in_chunks(commands, work, frames, rate, progress)
            return
        except chunks.NotSplit as reason:
            work.note(f"Encoded in one piece: {reason}.")
        except chunks.PoolLost as lost:
            raise Wait(f"{lost} The chunks that are done are kept.", RETRY_S) from lost
    ffmpeg.run_pipe(commands, duration_s=seconds, progress=progress, stop=work.halt, cwd=cwd)


def _wanted(work: Work, seconds: float) -> bool:
    switch = work.properties.get(SWITCH, "").strip()
    return bool(work.properties.get("Processing.Path.Tmp")) and switch != "0" and (
        switch == "1" or seconds >= work.chunks.least_s
    )  # fmt: skip


def _in_chunks(
    commands: Sequence[list[str]], work: Work, frames: int, rate: Fraction, progress: Callable[[float], None]
) -> None:
    if len(commands) != 1:
        raise chunks.NotSplit("its programs are joined by pipes")
    count = chunks.encode(
        commands[0],
        folder_of(work),
        talk_folder(work.properties, work.roots) / "cut.mkv",
        frames=frames,
        rate=rate,
        seconds=work.chunks.seconds,
        pool=chunks.pool(work.chunks.threads, work.chunks.scheduler),
        stop=work.halt.is_set,
        progress=progress,
    )
    work.heart.say(f"{count} chunks")


@contextmanager
def proving(work: Work) -> Iterator[None]:
    """Prove the result in this block: when it is not what it should be, its chunks are not used again."""
    try:
        yield
    except VerifyFailed:
        forget(work)
        raise


def folder_of(work: Work) -> Path:
    """Return where the chunks of a ticket are: in the work folder of its talk."""
    return talk_folder(work.properties, work.roots) / FOLDER / str(work.ticket.id)


def forget(work: Work) -> None:
    """Remove the chunks of a ticket, whose file stands or was not what it should be."""
    if work.properties.get("Processing.Path.Tmp"):
        folder = folder_of(work)
        shutil.rmtree(folder, ignore_errors=True)
        if folder.parent.is_dir() and not any(folder.parent.iterdir()):
            folder.parent.rmdir()
