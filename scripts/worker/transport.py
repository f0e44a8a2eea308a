"""One kept HTTP connection to the tracker and the patience with which a call is repeated."""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tracker import wire

log = logging.getLogger(__name__)

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
REPEATABLE_4XX = (408, 425, 429)
IDLE_S = 1.5
"""A connection that was idle longer is opened anew: the server may be closing it (it does after 2 s)."""

INTERNAL_FAULT = -32500
INTERNAL_PATIENCE_S = 120.0
"""A tracker whose database is restarted fails to answer for a while; a bug in it would fail for ever."""


class Unreachable(Exception):
    """One attempt to reach the tracker failed in transport."""


class Forbidden(Exception):
    """The address answers, but not as a tracker; repeating will not help."""


@dataclass(frozen=True)
class Patience:
    """Repeat a call for *seconds*, or until *halt* is set."""

    seconds: float
    halt: threading.Event = field(default_factory=threading.Event)


class Connection:
    """A persistent connection; not for use by two threads at once."""

    def __init__(self, url: str, timeout_s: float) -> None:
        """Remember *url* (http or https, may have a path); connect with the first call."""
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._http = kind(parts.hostname or "", parts.port, timeout=timeout_s)
        self._prefix = parts.path.rstrip("/")
        self.address = f"{parts.scheme}://{parts.netloc}"
        self._used = 0.0

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Post *body* to *path* and return the answer's body.

        Raise Unreachable when repeating may help (no connection, timeout, a server error), Forbidden when not.
        """
        if time.monotonic() - self._used > IDLE_S:
            self.close()
        try:
            self._http.request("POST", self._prefix + path, body, dict(headers))
            answer = self._http.getresponse()
            content = answer.read(wire.MAX_BYTES + 1)
            self._used = time.monotonic()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(str(error) or type(error).__name__) from error
        if answer.status == 200:
            return content
        self.close()
        if answer.status >= 500 or answer.status in REPEATABLE_4XX:
            raise Unreachable(f"HTTP status {answer.status}")
        raise Forbidden(
            f"{self.address} answers with HTTP status {answer.status}, not as a tracker: check FAHRWERK_TRACKER_URL"
        )

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        self._http.close()


def deliver(connection: Connection, path: str, body: bytes, headers: Mapping[str, str], patience: Patience) -> object:
    """Post one call until it is answered; every repetition carries the same headers.

    Return the answer's value. Raise wire.Fault for a fault, Forbidden, and Unreachable when *patience* ends.
    """
    begun = time.monotonic()
    delay_s = FIRST_DELAY_S
    while True:
        try:
            answer: object = wire.read_answer(connection.post(path, body, headers))
            return answer
        except (Unreachable, wire.WireError, wire.Fault) as error:
            elapsed_s = time.monotonic() - begun + delay_s
            if isinstance(error, wire.Fault) and (error.code != INTERNAL_FAULT or elapsed_s > INTERNAL_PATIENCE_S):
                raise
            if elapsed_s > patience.seconds or patience.halt.wait(delay_s):
                raise Unreachable(str(error)) from error
            if delay_s >= LONGEST_DELAY_S:
                log.warning("the tracker at %s does not answer (%s); trying on", connection.address, error)
            delay_s = min(delay_s * 2, LONGEST_DELAY_S)
