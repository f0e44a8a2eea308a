"""Gunicorn's threads, less patient: a client that sends or reads slowly does not keep one for ever."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

HEAD_S = 30.0
"""For the head of a request, and for the whole of a call of a script."""
UPLOAD_S, UPLOAD_RATE = 30.0, 10_000
"""For a form: so long, and so many bytes per second afterwards."""
READ_S = 60.0
"""A client that takes nothing of its answer for so long is dropped."""
DOORS = ("/rpc", "/api/")


class Caller(socket.socket):
    """A connection on which a request has to arrive by a deadline; whatever arrives may move it."""

    until: float | None = None
    rate: float = 0

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive what is there, or wait for it until the deadline.

        Raises TimeoutError, which to Gunicorn looks like a client that went away.
        """
        if self.until is None:
            return super().recv(size, flags)
        self.settimeout(max(0.001, self.until - time.monotonic()))
        try:
            piece = super().recv(size, flags)
        except TimeoutError:
            raise TimeoutError(errno.ECONNRESET, "the request did not arrive in time") from None
        finally:
            self.settimeout(READ_S)
        if self.rate:
            self.until += len(piece) / self.rate
        return piece


class Impatient(ThreadWorker):  # type: ignore[misc]  # gunicorn publishes no types
    """A worker process whose connections are of the kind above."""

    def enqueue_req(self, conn: Any) -> None:
        """Queue a connection that has something to say."""
        if not isinstance(conn.sock, Caller):
            conn.sock = Caller(fileno=conn.sock.detach())
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Read and answer one request."""
        conn.sock.until, conn.sock.rate = time.monotonic() + HEAD_S, 0
        try:
            return super().handle(conn)
        finally:
            conn.sock.until = None

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head was read; the application reads its body."""
        if not req.path.startswith(DOORS):
            conn.sock.until, conn.sock.rate = time.monotonic() + UPLOAD_S, UPLOAD_RATE
        return super().handle_request(req, conn)
