"""Encode one chunk, on any machine that has the mount. In and out go names and numbers, never pictures."""

from __future__ import annotations

import os
from pathlib import Path

from scripts.media import ffmpeg
from scripts.media.chunks.check import check_chunk
from scripts.media.chunks.ledger import Ledger, Pulse, chunk_name
from scripts.media.chunks.plan import Plan, chunk_command
from scripts.media.files import NothingWritten, PathRefused, inside
from scripts.media.probe import MediaUnreadable
from scripts.media.programs import ProgramMissing, ProgramRefused
from scripts.media.scan import VerifyFailed

Told = dict[str, str | int]
"""What came of a chunk: {"done": 1}, {"stopped": 1}, or {"failed": sentence} with tail, code, errno where known."""


def encode_chunk(folder: str, number: int, run: str) -> Told:
    """Encode a chunk of the job whose ledger lies in *folder*, for *run*; tell what came of it, raise nothing of it.

    It stops by itself when the run is over. A chunk that is done is not made again.
    """
    ledger = Ledger(Path(folder))
    try:
        plan = ledger.plan()
        _check_roots(ledger.folder, Path(plan.master))
        if ledger.chunk(plan, number) is None:
            _make(ledger, plan, number, Pulse(ledger, run))
    except ffmpeg.Stopped:
        return {"stopped": 1}
    except ffmpeg.FfmpegFailed as failed:
        return {"failed": str(failed), "tail": failed.tail, "code": failed.returncode}
    except OSError as error:
        return {"failed": f"{error.filename or folder}: {error.strerror}", "errno": error.errno or 0}
    except (VerifyFailed, MediaUnreadable, NothingWritten, PathRefused, ProgramMissing, ProgramRefused) as failed:
        return {"failed": str(failed)}
    return {"done": 1}


def _check_roots(folder: Path, master: Path) -> None:
    """On a machine that was given roots, read and write nowhere else: the plan comes from the mount."""
    roots = [Path(text) for text in os.environ.get("FAHRWERK_WORKER_ROOTS", "").split(os.pathsep) if text.strip()]
    for path in (folder, master) if roots else ():
        inside([*roots, Path(os.devnull)], path)


def _make(ledger: Ledger, plan: Plan, number: int, pulse: Pulse) -> None:
    name = chunk_name(number)
    part = ledger.part(name)
    try:
        ffmpeg.run(chunk_command(plan, number, part), stop=pulse.is_over)
        if not part.is_file():
            raise NothingWritten(f"Nothing was written for {plan.words(number)}.")
        headers = check_chunk(part, plan, number)
        if pulse.is_over():
            raise ffmpeg.Stopped("The run is over.")
        ledger.settle(name, part, plan.planned[number], headers)
    finally:
        part.unlink(missing_ok=True)
