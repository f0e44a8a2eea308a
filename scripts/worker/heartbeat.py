"""The sign of life while a ticket is worked on: renews the lease, carries percent and log, notices a lost ticket."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from scripts.worker.client import Refused, TicketLost, TrackerClient, TrackerUnavailable

log = logging.getLogger(__name__)

BEATS_PER_LEASE = 4
LONGEST_TIMEOUT_S = 10.0


class Halt:
    """Whether the work on one ticket must stop at once: it is lost, or the operator asked twice."""

    def __init__(self, now: threading.Event) -> None:
        """Watch the operator's *now* beside the own flag."""
        self.lost = threading.Event()
        self._now = now

    def is_set(self) -> bool:
        """Tell whether to stop."""
        return self.lost.is_set() or self._now.is_set()

    __call__ = is_set


class Heartbeat:
    """A thread that pings for one ticket, between entering and leaving the block."""

    def __init__(
        self,
        tracker: TrackerClient,
        ticket_id: int,
        halt: Halt,
        *,
        lease_s: float,
        beat_s: float = LONGEST_TIMEOUT_S,
        each: Callable[[], object] = lambda: None,
    ) -> None:
        """Prepare to ping for *ticket_id*; *halt.lost* is set when the tracker says it is lost.

        It is pinged every *beat_s* seconds, so that a command is heard soon, and four times in a lease at least; only
        then it carries what was said. *each* is called before each ping. Once the loop has set `reporting`, pings only
        keep the lease alive while the tracker is hard to reach.
        """
        self.percent = 0.0
        self.speed: float | None = None
        """Seconds of the talk that are done in a second, if the work can tell."""
        self.reporting = threading.Event()
        self._whole_s = lease_s / BEATS_PER_LEASE
        self._every_s = min(self._whole_s, beat_s)
        self._each = each
        self._told = time.monotonic()
        self._tracker = tracker.twin(timeout_s=min(self._whole_s, LONGEST_TIMEOUT_S))
        self._ticket_id = ticket_id
        self._halt = halt
        self._said: list[str] = []
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{ticket_id}", daemon=True)

    def say(self, line: str) -> None:
        """Let the next ping carry *line* to the ticket's service log."""
        with self._guard:
            self._said.append(line)

    def __enter__(self) -> Heartbeat:
        """Start pinging; the first ping is not due at once."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop pinging."""
        self._over.set()
        self._thread.join()
        self._tracker.close()

    def _run(self) -> None:
        while not self._over.wait(self._every_s) and not self._halt.lost.is_set():
            self._each()
            self._beat()

    def _beat(self) -> None:
        whole = time.monotonic() - self._told >= self._whole_s - self._every_s / 2
        with self._guard:
            said, self._said = (self._said, []) if whole else ([], self._said)
        self._told = time.monotonic() if whole else self._told
        try:
            pace = [] if self.speed is None or not whole else [f"speed={self.speed:.2f}x"]
            self._tracker.ping(self._ticket_id, "\n".join(said + pace), self.percent)
        except TicketLost as lost:
            if not self.reporting.is_set():  # a ping may meet the report on its way; the report knows better
                log.warning("%s", lost)
                self._halt.lost.set()
        except (TrackerUnavailable, Refused) as error:
            log.warning("ticket %s: a ping did not get through: %s", self._ticket_id, error)
            with self._guard:
                self._said[:0] = said
