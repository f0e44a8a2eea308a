"""Clients in a process of their own: ``python -m tests.drain.clients`` with what to do as JSON on its standard input.

Each ends when the standard input does, and writes what it got, finished and was refused as lines of JSON. There are
three kinds: ours, which repeats a call under its request id at the same server, and two old ones that send no request
id and no lease: one of API 3, one of API 4. Where a server does not answer they ask the next one, as a proxy would.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from scripts.worker.client import TicketLost, TrackerClient
from scripts.worker.transport import Patience
from tests.drain import SLUG, STATE
from tests.tracker.rpc.v4.clients import Python
from tracker import wire

PAUSE_S, PATIENCE_S = 0.05, 120.0
Answer = Callable[[], Any]


class Ours:
    """The client of the scripts."""

    def __init__(self, servers: list[str], number: int, given: dict[str, str]) -> None:
        """Stay with one server, however often it has to be asked."""
        url = servers[number % len(servers)]
        door = TrackerClient(url, f"ours{number}.example.org", given["secret"], patience=Patience(PATIENCE_S))
        self._client = door.in_project(SLUG)

    def claim(self) -> int | None:
        """Ask for a ticket; return its number."""
        ticket = self._client.assign_next_unassigned_for_state(STATE)
        return ticket.id if ticket else None

    def done(self, ticket: int) -> bool:
        """Report it done; False when it is lost."""
        try:
            self._client.set_ticket_done(ticket, "drained")
        except TicketLost:
            return False
        return True


class Old:
    """A client without request ids; what it sends is said by the kind."""

    def __init__(self, servers: list[str], number: int, given: dict[str, str]) -> None:
        """Begin with one of the servers."""
        self._servers, self._turn, self.number, self.given = servers, number, number, given
        self._connection: http.client.HTTPConnection | None = None

    def claim(self) -> int | None:
        """Ask for a ticket; return its number."""
        answer = self._call("assignNextUnassignedForState", *self.claiming)
        return int(answer["id"]) if answer else None

    def done(self, ticket: int) -> bool:
        """Report it done; False when it is lost."""
        return bool(self._call("setTicketDone", ticket))

    claiming: tuple[str, ...] = (STATE,)

    def request(self, server: str, method: str, params: tuple[Any, ...]) -> tuple[str, bytes]:
        """Return path and body of a call."""
        raise NotImplementedError

    def _call(self, method: str, *params: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return wire.read_answer(self._post(*self.request(self._server(), method, params)))
            except (OSError, http.client.HTTPException):
                self._connection = None
                self._turn += 1
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _server(self) -> str:
        return self._servers[self._turn % len(self._servers)]

    def _post(self, path: str, body: bytes) -> bytes:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(urlsplit(self._server()).netloc, timeout=60)
        self._connection.request("POST", path, body, {"Content-Type": "text/xml"})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise OSError(f"HTTP status {answer.status}")
        return content


class Old3(Old):
    """A script of API 3."""

    def request(self, server: str, method: str, params: tuple[Any, ...]) -> tuple[str, bytes]:
        """Return path and body of a call."""
        fqdn = f"old3-{self.number}.example.org"
        path = f"/rpc/{wire.login_hash(fqdn, self.given['secret'])}/{fqdn}/{SLUG}"
        return path, wire.call(wire.PREFIX + method, params)


class Old4(Old):
    """A script of API 4, which signs each call for the server that gets it."""

    claiming = (STATE, STATE)

    def request(self, server: str, method: str, params: tuple[Any, ...]) -> tuple[str, bytes]:
        """Return path and body of a call."""
        token, host = self.given["token"], f"old4-{self.number}.example.org"
        client = Python(f"{server}/rpc", token, host, self.given["group_secret"])
        return f"/rpc?group={token}&hostname={host}", client.call(f"C3TT.{method}", *params)


KINDS: dict[str, type[Ours | Old]] = {"ours": Ours, "old3": Old3, "old4": Old4}


def drain(client: Ours | Old, name: str, stop: threading.Event, tell: Callable[[dict[str, Any]], None]) -> None:
    """Claim and finish until there is nothing more and it is time to stop."""
    while True:
        begun = time.time()
        ticket = client.claim()
        tell({"who": name, "event": "got" if ticket else "nothing", "ticket": ticket, "from": begun, "to": time.time()})
        if ticket is None:
            if stop.is_set():
                return
            time.sleep(PAUSE_S)
            continue
        kept = client.done(ticket)
        tell({"who": name, "event": "done" if kept else "lost", "ticket": ticket})


def main() -> None:
    """Run the clients that the first line asks for."""
    given = json.loads(sys.stdin.readline())
    guard, stop = threading.Lock(), threading.Event()

    def tell(line: dict[str, Any]) -> None:
        with guard:
            print(json.dumps(line), flush=True)

    clients = [(f"{kind}-{n}", KINDS[kind](given["servers"], n, given["known"])) for n, kind in given["clients"]]
    threads = [threading.Thread(target=drain, args=(client, name, stop, tell)) for name, client in clients]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
