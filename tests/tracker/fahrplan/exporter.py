"""An exporter on a real socket, in all the moods that exporters have; and somebody whom the crew is told through."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers as its server is in the mood for."""

    server: Exporter

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        self.server.reached.set()
        getattr(self, f"answer_{self.server.mood}")()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((dict(self.headers), json.loads(body)))
        self.server.raw.append(body)
        self.server.on_post()
        self.give(b"", 200 if self.server.taking else 500)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_good(self) -> None:
        file = self.server.file
        tag = f'"{hashlib.sha256(file).hexdigest()[:16]}"'
        if self.headers["If-None-Match"] == tag:
            self.give(b"", 304)
        else:
            self.give(file, ETag=tag, Content_Length=str(len(file)))

    def answer_slow(self) -> None:
        """Send half and then nothing, until somebody has lost patience and says so."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.file)))
        self.end_headers()
        self.wfile.write(self.server.file[: len(self.server.file) // 2])
        self.wfile.flush()
        self.server.patience.wait(60)

    def answer_waiting(self) -> None:
        self.server.patience.wait(60)
        self.answer_good()

    def answer_truncated(self) -> None:
        self.give(self.server.file[: len(self.server.file) // 2], Content_Length=str(len(self.server.file)))

    def answer_missing(self) -> None:
        self.give(b"<html>not here</html>", 404)

    def answer_broken(self) -> None:
        self.give(b"oops", 500)

    def answer_busy(self) -> None:
        self.give(b"", 503, Retry_After="7200")

    def answer_page(self) -> None:
        self.give(b"<!doctype html><html><body>We are back soon.</body></html>", 200)

    def answer_inward(self) -> None:
        self.give(b"", 302, Location="http://127.0.0.2:1/schedule.xml")

    def answer_half(self) -> None:
        self.give(self.server.file[: len(self.server.file) // 2])

    def answer_locked(self) -> None:
        if self.headers["Authorization"] == self.server.wants:
            self.answer_good()
        else:
            self.give(b"", 401)


class Exporter(ThreadingHTTPServer):
    """A server with a *file*, a *mood*, and a memory."""

    daemon_threads = True

    def __init__(self) -> None:
        """Be in a good mood at first."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.file = b""
        self.mood = "good"
        self.wants = ""
        self.asked: list[dict[str, str]] = []
        self.posted: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.raw: list[bytes] = []
        self.taking = True
        self.patience = threading.Event()
        self.reached = threading.Event()

    def on_post(self) -> None:
        """Do nothing more about what is told."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet when somebody hangs up."""

    @property
    def url(self) -> str:
        """Return where the server is."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def exporting(server: Exporter | None = None) -> Iterator[Exporter]:
    """Run an exporter in a thread."""
    server = server or Exporter()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.patience.set()
        server.shutdown()
        thread.join()
        server.server_close()
