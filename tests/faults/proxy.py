"""A forwarder between a worker and the tracker: a test sees every call and every answer before it gets through.

What goes over the wire is read, never changed. A test may hold a call up, or let it vanish as a broken line would.
"""

from __future__ import annotations

import http.client
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tracker import wire


class Guard:
    """Decides what gets through; asked by threads of the forwarder. This one lets everything pass."""

    def call(self, name: str, params: list[Any]) -> bool:
        """See the call of a method; False makes it vanish."""
        return True

    def answer(self, name: str, params: list[Any], value: Any) -> bool:
        """See the value of the tracker's answer (a wire.Fault is one, too); False makes it vanish."""
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    guard: Guard
    upstream: str

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent about a worker that was killed in the middle of a call; tell anything else."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Forward one call; where a message vanishes, the connection ends."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        method, params = wire.read_call(body)
        name = method.removeprefix(wire.PREFIX)
        self.close_connection = True
        if not self.server.guard.call(name, params):
            return
        status, answer = self._forward(body)
        if status == 200 and not self.server.guard.answer(name, params, _value(answer)):
            return
        with suppress(OSError):
            self._send(status, answer)

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the tracker's answer; 502 when there is none, as a web server does."""
        place = urlsplit(self.server.upstream)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        try:
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 502, b""
        finally:
            connection.close()

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = False

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _value(answer: bytes) -> Any:
    """Return the value of an answer; a fault is returned as what it is."""
    try:
        return wire.read_answer(answer)
    except wire.Fault as fault:
        return fault


@contextmanager
def line_to(upstream: str, guard: Guard) -> Iterator[str]:
    """Forward to the tracker at *upstream*, while the block runs, what *guard* lets through; yield the address."""
    server = _Server(("127.0.0.1", 0), _Door)
    server.guard, server.upstream = guard, upstream
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
