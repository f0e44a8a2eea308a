"""A tracker of a few lines behind real sockets: enough to see what scripts send, and to make trouble on the way."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tracker import wire

SECRET = "a secret only tests know"


@dataclass(frozen=True)
class Call:
    """One call as it arrived."""

    method: str
    params: list[Any]
    request_id: str
    lease: str
    project: str


@dataclass
class ScriptedTracker:
    """Tickets in memory; *trouble* lists mishaps, each of which befalls one call; methods in *stuck* never answer."""

    url: str = ""
    projects: list[dict[str, Any]] = field(default_factory=lambda: [{"id": 1, "slug": "demo", "read_only": False}])
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    waiting: dict[str, list[int]] = field(default_factory=dict)
    service_of: dict[int, str] = field(default_factory=dict)
    properties: dict[int, dict[str, str]] = field(default_factory=dict)
    jobfiles: dict[int, str] = field(default_factory=dict)
    withdrawals: list[int] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    logs: list[tuple[int, str]] = field(default_factory=list)
    ended: list[tuple[Any, ...]] = field(default_factory=list)
    moved: list[tuple[int, str]] = field(default_factory=list)
    faults: dict[str, tuple[int, str]] = field(default_factory=dict)
    trouble: deque[str] = field(default_factory=deque)
    stuck: set[str] = field(default_factory=set)
    commands: deque[str] = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)

    def add(self, ticket_id: int, state: str = "", *, service: str = "", **properties: str) -> None:
        """Put a ticket in; *service* names the working state that takes it. In property names __ stands for a dot."""
        self.tickets[ticket_id] = {"id": ticket_id, "title": f"talk {ticket_id}", "ticket_state": state, "attempt": 1}
        self.properties[ticket_id] = {name.replace("__", "."): value for name, value in properties.items()}
        if service:
            self.service_of[ticket_id] = service
            self.waiting.setdefault(service, []).append(ticket_id)

    def called(self, method: str) -> list[Call]:
        """Return the calls of *method* so far."""
        return [call for call in self.calls if call.method == method]

    def answer(self, call: Call) -> bytes:
        """Carry out a call, once per request id."""
        self.calls.append(call)
        if call.method in self.stuck:
            threading.Event().wait()
        if call.request_id not in self.answers:
            self.answers[call.request_id] = self._carry_out(call)
        return self.answers[call.request_id]

    def _carry_out(self, call: Call) -> bytes:
        if call.method in self.faults:
            return wire.fault(*self.faults[call.method])
        return wire.answer(getattr(self, f"do_{call.method}")(*call.params))

    def do_getVersion(self) -> str:
        return wire.VERSION

    def do_getProjects(self, _read_only: bool, _profiles: bool) -> list[dict[str, Any]]:
        return self.projects

    def do_getServices(self) -> list[str]:
        return ["recording", "merging"]

    def do_ping(self, ticket_id: Any, delta: str, _percent: int) -> str:
        if ticket_id == "":
            self.logs.append((0, delta))
        if ticket_id in self.lost:
            return wire.TICKET_LOST
        return self.commands.popleft() if self.commands else wire.OK

    def do_assignNextUnassignedForState(self, state: str) -> Any:
        queue = self.waiting.get(state, [])
        return self.tickets[queue.pop(0)] if queue else False

    def do_assignUnassignedSiblings(self, ticket_id: int, most: int, _spare: bool) -> list[dict[str, Any]]:
        queue = self.waiting.get(self.service_of[ticket_id], [])
        taken, queue[:most] = queue[:most], []
        return [self.tickets[number] for number in taken]

    def do_getTicketProperty(self, ticket_id: int, name: str) -> str:
        return self.properties[ticket_id].get(name, "")

    def do_getTicketProperties(self, ticket_id: int, _pattern: str = "") -> dict[str, str]:
        return self.properties[ticket_id]

    def do_setTicketProperty(self, ticket_id: int, name: str, value: str) -> bool:
        return self.do_setTicketProperties(ticket_id, {name: value})

    def do_setTicketProperties(self, ticket_id: int, values: dict[str, str]) -> bool:
        self.properties[ticket_id].update(values)
        return True

    def do_getUnassignedTicketsInState(self, state: str) -> list[dict[str, Any]]:
        return [ticket for ticket in self.tickets.values() if ticket["ticket_state"] == state]

    def do_setTicketNextState(self, ticket_id: int, state: str, _log: str) -> bool:
        ticket = self.tickets[ticket_id]
        if ticket["ticket_state"] != state:
            return False
        ticket["ticket_state"] = {"scheduled": "recording", "recording": "recorded"}[state]
        self.moved.append((ticket_id, ticket["ticket_state"]))
        return True

    def do_getJobfile(self, ticket_id: int) -> str:
        return self.jobfiles[ticket_id]

    def do_addLog(self, ticket_id: int, sentence: str) -> bool:
        self.logs.append((ticket_id, sentence))
        return True

    def do_getEncodingProfiles(self, *_profile: int) -> list[Any]:
        return []

    def do_setTicketDone(self, ticket_id: int, line: str) -> bool:
        return self._end("done", ticket_id, line)

    def do_setTicketFailed(self, ticket_id: int, sentence: str) -> bool:
        return self._end("failed", ticket_id, sentence)

    def do_giveBackTicket(self, ticket_id: int, reason: str, retry_s: int) -> bool:
        return self._end("given back", ticket_id, reason, int(retry_s))

    def _end(self, how: str, ticket_id: int, *words: Any) -> bool:
        if ticket_id in self.lost:
            return False
        self.ended.append((how, ticket_id, *words))
        return True

    def do_getWithdrawals(self) -> list[dict[str, Any]]:
        return [self.tickets[ticket_id] for ticket_id in self.withdrawals]

    def do_setWithdrawn(self, ticket_id: int, _log: str) -> bool:
        self.withdrawals.remove(ticket_id)
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    tracker: ScriptedTracker


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms for an acknowledgement
    server: _Server

    def do_POST(self) -> None:
        tracker = self.server.tracker
        body = self.rfile.read(int(self.headers["Content-Length"]))
        trouble = tracker.trouble.popleft() if tracker.trouble else ""
        if trouble == "refuse":
            self.close_connection = True
        elif trouble.isdigit():
            self._send(int(trouble), b"<html>away</html>")
        elif trouble == "html":
            self._send(200, b"<html>a proxy speaks</html>")
        elif trouble == "internal":
            self._send(200, wire.fault(-32500, "the database is away"))
        else:
            answer = self._answered(tracker, body)
            if trouble == "drop":
                self.close_connection = True
            else:
                self._send(200, answer)

    def _answered(self, tracker: ScriptedTracker, body: bytes) -> bytes:
        method, params = wire.read_call(body)
        _, rpc, login, fqdn, *project = self.path.split("/")
        if rpc != "rpc" or login != wire.login_hash(fqdn, SECRET):
            return wire.fault(403, "wrong login hash")
        request_id, lease = self.headers.get(wire.REQUEST_ID, ""), self.headers.get(wire.LEASE_SECONDS, "")
        return tracker.answer(Call(method.removeprefix(wire.PREFIX), params, request_id, lease, "".join(project)))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def running(tracker: ScriptedTracker, port: int = 0) -> Iterator[ScriptedTracker]:
    """Serve *tracker* on 127.0.0.1 while the block runs."""
    server = _Server(("127.0.0.1", port), _Door)
    server.tracker = tracker
    tracker.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield tracker
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
