"""Lead a job in chunks: plan, have everything encoded, join when all that was planned is there.

What is done is asked of the ledger, on every event and every second; what anybody reports is only a reason to look.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from scripts.media import ffmpeg
from scripts.media.chunks.check import check_master
from scripts.media.chunks.ledger import REST, Ledger, Pulse, chunk_name
from scripts.media.chunks.piece import Told
from scripts.media.chunks.plan import Plan, join_command, listing, plan
from scripts.media.chunks.pools import Pool, PoolLost
from scripts.media.chunks.split import Split, split

TRIES = 3
"""How often a chunk may fail before the job does."""
LOSSES = 10
"""How often in a row chunks may get lost with those who had them, without any that gets done."""
AWAY_S = 60.0
"""Seconds for which a scheduler is waited for."""
_MOUNT = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Trying again does not help against these."""
_BEAT_S, _LOOK_S, _TICK_S = 2.0, 1.0, 0.2
_JOINING = 0.97
"""Share of the work that is done when only the join is missing."""


class ChunkFailed(ffmpeg.FfmpegFailed):
    """A chunk failed for good; the others are kept, and count when the ticket is tried again."""

    def __init__(self, sentence: str, tail: str) -> None:
        """Keep the *sentence*, and the end of what ffmpeg said."""
        super().__init__(["ffmpeg"], 1, tail)
        self.args = (sentence,)


@dataclass
class Lead:
    """One run over the chunks of a job; `rest` is what is made beside them."""

    ledger: Ledger
    plan: Plan
    pool: Pool
    run: str
    stop: Callable[[], bool]
    progress: Callable[[float], None]
    rest: Future[None] | None = None
    flying: dict[Future[Told], int] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)
    losses: int = 0
    reached: float = field(default_factory=time.monotonic)

    def work(self) -> None:
        """Have all chunks encoded. Raise Stopped, ChunkFailed, PoolLost, OSError for a full mount."""
        beaten = looked = -_BEAT_S
        todo = list(range(self.plan.count))
        while todo or (self.rest is not None and not self.rest.done()):
            if time.monotonic() - beaten >= _BEAT_S:
                beaten = time.monotonic()
                self._beat()
            if self.stop():
                raise ffmpeg.Stopped("The chunks were broken off on request.")
            if time.monotonic() - looked >= _LOOK_S:
                looked = time.monotonic()
                todo = self._look(todo)
            ended = wait(self.flying, timeout=_TICK_S, return_when="FIRST_COMPLETED").done
            for future in ended:
                if future in self.flying:  # else it was lost with another one
                    self._hear(future, self.flying.pop(future))
            looked = looked - _LOOK_S if ended else looked
            if not self.flying:
                time.sleep(_TICK_S)

    def _beat(self) -> None:
        """Show that this run is led, and see that there is somebody to work for it."""
        if not self.ledger.beat(self.run):
            raise ffmpeg.Stopped("Another run took over.")
        self.pool.check()
        if self.rest is not None and self.rest.done():
            self.rest.result()

    def _look(self, before: Sequence[int]) -> list[int]:
        """Look what is not done, submit of that what is not on its way; tell how far it is."""
        todo = [number for number in before if self.ledger.chunk(self.plan, number) is None]
        on_their_way = set(self.flying.values())
        try:
            for number in todo:
                if number not in on_their_way:
                    self.flying[self.pool.submit(str(self.ledger.folder), number, self.run)] = number
            self.reached = time.monotonic()
        except PoolLost:
            if time.monotonic() - self.reached > AWAY_S:
                raise
        self.progress(1 - sum(self.plan.planned[number] for number in todo) / sum(self.plan.planned))
        return todo

    def _hear(self, future: Future[Told], number: int) -> None:
        """Look at what came of a chunk."""
        error = None if future.cancelled() else future.exception()
        if type(error).__name__ == "KilledWorker":  # of distributed, which need not be installed
            self._fail(number, {"failed": "it took everybody with it who tried to encode it."})
        elif future.cancelled() or error is not None:
            self._lose(error)
        elif "failed" in (told := future.result()):
            self._fail(number, told)
        elif "done" in told:
            self.losses = 0

    def _lose(self, error: BaseException | None) -> None:
        """Begin anew with another connection: a scheduler that was started again knows nothing of what it had."""
        if error is not None and not self.pool.remote:
            raise error
        self.losses += 1
        if self.losses > LOSSES:
            raise PoolLost(f"Chunks get lost again and again ({error or 'the scheduler dropped them'}).")
        self.flying.clear()
        self.pool.close()

    def _fail(self, number: int, told: Told) -> None:
        sentence, tail = str(told["failed"]), str(told.get("tail", ""))
        if code := int(told.get("errno", 0)):
            raise OSError(code, os.strerror(code), str(self.ledger.folder))
        self.failures[number] = self.failures.get(number, 0) + 1
        if self.failures[number] >= TRIES or any(os.strerror(number) in tail for number in _MOUNT):
            kept = self.plan.count - len(self.ledger.todo(self.plan))
            raise ChunkFailed(
                f"{self.plan.words(number).capitalize()} failed {self.failures[number]} times: {sentence.rstrip('.')}. "
                f"{kept} of the others are done and kept. See to the cause, then clear the failed flag.",
                tail,
            )


def encode(
    argv: Sequence[str],
    folder: Path,
    master: Path,
    *,
    frames: int,
    rate: Fraction,
    seconds: float,
    pool: Pool,
    stop: Callable[[], bool],
    progress: Callable[[float], None],
) -> int:
    """Run the command *argv* in chunks of about *seconds*, by the ledger in *folder*; return the number of chunks.

    It reads *master*, of *frames* at *rate*. `progress` gets percent. Raise NotSplit for a job that is to be done in
    one piece, before anything is encoded; Stopped, ChunkFailed, PoolLost, FfmpegFailed, OSError. The ledger stays
    for another attempt until `forget` is called. The pool is closed.
    """
    parts = split(argv, master, rate)
    check_master(master, frames, rate)
    ledger = Ledger(folder)
    planned = ledger.adopt(plan(parts, frames, rate, seconds))
    lead = Lead(ledger, planned, pool, ledger.begin_run(), stop, lambda share: progress(100 * _JOINING * share))
    beside = ThreadPoolExecutor(1, thread_name_prefix="rest")
    try:
        lead.rest = beside.submit(_make_rest, ledger, parts, lead.run, stop) if parts.rest else None
        lead.work()
        if lead.rest is not None:
            lead.rest.result()
        _join(ledger, planned, parts, stop)
    finally:
        ledger.end_run(lead.run)
        pool.close()
        beside.shutdown()
    progress(100)
    return planned.count


def forget(folder: Path) -> None:
    """Remove the ledger of a job and its chunks: the result stands, or nobody wants it."""
    Ledger(folder).remove()


def _make_rest(ledger: Ledger, parts: Split, run: str, stop: Callable[[], bool]) -> None:
    """Make all but the picture, once and whole, as a file of the kind of the result."""
    if ledger.record(REST) is not None:
        return
    part, pulse = ledger.part(REST, parts.result.suffix), Pulse(ledger, run)
    try:
        for left in reversed(range(TRIES)):
            try:
                ffmpeg.run([*parts.rest, str(part)], stop=lambda: stop() or pulse.is_over())
                break
            except ffmpeg.FfmpegFailed:
                part.unlink(missing_ok=True)
                if not left:
                    raise
        ledger.settle(REST, part, 0, "")
    finally:
        part.unlink(missing_ok=True)


def _join(ledger: Ledger, planned: Plan, parts: Split, stop: Callable[[], bool]) -> None:
    """Join what was planned, all of it and in order, if it was all made by the same encoder."""
    records = [ledger.chunk(planned, number) for number in range(planned.count)]
    found = [record for record in records if record is not None]
    rest = ledger.record(REST) if parts.rest else None
    if len(found) < planned.count or (parts.rest and rest is None):
        raise ChunkFailed("Chunks that were done are gone: clear the failed flag to have them made anew.", "")
    strangers = [number for number, record in enumerate(found) if record.headers != found[0].headers]
    for number in strangers:
        ledger.forget(chunk_name(number))
    if strangers:
        raise ChunkFailed(
            f"{len(strangers)} of {planned.count} chunks were made by another encoder than the first: have the same "
            "ffmpeg on all workers, then clear the failed flag.",
            "",
        )
    listed = ledger.folder / "joined.ffconcat"
    listed.write_text(listing(planned, [ledger.folder / record.file for record in found]), encoding="utf-8")
    beside = ledger.folder / rest.file if rest else None
    ffmpeg.run(join_command(parts, listed, beside), stop=stop)
