"""Moments in the life of a worker, and what befalls it then."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.faults.proxy import Guard, line_to
from tests.faults.works import NONE, PATIENCE_S, Settings, Works

LEASE_S = "2"
"""Of workers that are to be struck: they ping twice a second, and their tickets are soon free again."""


@dataclass(frozen=True)
class Moment:
    """A moment, told by what the worker says: a call, an answer that tells something, a share of its work (percent)."""

    call: str = ""
    answer: str = ""
    percent: int = 0


ASSIGNED = Moment(answer="assignNextUnassignedForState")
NAMED = Moment(call="setTicketDone")
"""The result has its final name, and nobody knows yet."""


def half(kind: str) -> Moment:
    """Return when half of the longest part of a script's work is done.

    What is copied is also read back (D and E); the longest part of a cut is its sound, the first 30 percent.
    """
    return Moment(percent={"postprocess": 25, "release": 25, "copy": 15}.get(kind, 50))


@dataclass
class Strike(Guard):
    """Watches one worker and does *deed* to it, once, at the moment; the message of that moment then vanishes.

    With *held*, it gets through as soon as that is set instead.
    """

    moment: Moment
    deed: Callable[[int], None]
    said: Callable[[], str]
    held: threading.Event | None = None
    done: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[bytes] | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def call(self, name: str, params: list[Any]) -> bool:
        """Strike at a call. Before a result gets its name the tracker is asked, so half of the work is not missed."""
        return self._through(name == self.moment.call or (name == "ping" and self.half_done()))

    def answer(self, name: str, params: list[Any], value: Any) -> bool:
        """Strike at an answer: a ticket, or the permission to name a result."""
        last_question = name != "ping" or int(params[2]) == 100
        return self._through(name == self.moment.answer and bool(value) and last_question)

    def half_done(self) -> bool:
        """Tell whether the share of the work was logged."""
        return 0 < self.moment.percent <= self.percent()

    def percent(self) -> int:
        """Return how far the work got, as the worker logged it."""
        return max(map(int, re.findall(r": (\d+) %", self.said())), default=0)

    def _through(self, now: bool) -> bool:
        if not now or not self.strike():
            return True
        return self.held is not None and self.held.wait(PATIENCE_S)

    def strike(self) -> bool:
        """Do it, unless it was done before; tell whether."""
        with self._guard:
            if self.done.is_set():
                return False
            assert self.process is not None
            self.deed(self.process.pid)
            self.done.set()
        return True

    def look(self) -> bool:
        """Strike if half of the work is done; tell whether it is done."""
        if self.half_done():
            self.strike()
        return self.done.is_set()

    def wait(self) -> None:
        """Wait for the moment."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.look():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.003)


def kill(pid: int) -> None:
    """End a process as a power failure does."""
    os.kill(pid, signal.SIGKILL)


@contextmanager
def watched(
    works: Works,
    kind: str,
    moment: Moment,
    deed: Callable[[int], None] = kill,
    *,
    settings: Settings = NONE,
    held: threading.Event | None = None,
) -> Iterator[Strike]:
    """Start a worker of *kind* behind a line of its own; at the moment, *deed* is done to its process."""
    heard = works.heard(kind)
    strike = Strike(moment, deed, lambda: works.said(kind, heard), held)
    with line_to(works.stage.url, strike) as url:
        strike.process = works.start(kind, settings={"TRACKER_URL": url, "LEASE_S": LEASE_S, **settings})
        try:
            yield strike
        finally:
            if held is not None:
                held.set()


def killed(works: Works, kind: str, moment: Moment, settings: Settings = NONE) -> int:
    """Start a worker and kill it at the moment; return the percent of the work it had logged."""
    with watched(works, kind, moment, settings=settings) as strike:
        strike.wait()
        assert strike.process is not None
        assert strike.process.wait(PATIENCE_S) == -signal.SIGKILL
    works.stage.running.pop(f"{kind}1")
    return strike.percent()
