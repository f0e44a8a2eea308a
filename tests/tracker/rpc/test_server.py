"""The API over real sockets: the worker of the documentation, and requests as old clients send them."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from tests import factories
from tests.conftest import SECRET
from tests.places import scratch
from tests.tracker.rpc.conftest import path
from tests.tracker.test_serve import Tracker
from tests.tracker.test_serve import tracker as serving
from tracker import properties, tickets, wire
from tracker.db import transaction

DOCUMENT = Path(__file__).parents[3] / "docs" / "worker-in-20-lines.md"


@dataclass
class Place:
    """A running server, an application over its database, the folder of encoded files, an encoding ticket."""

    server: Tracker
    app: Flask
    output: Path
    ticket_id: int
    file: Path


@pytest.fixture(scope="module")
def place(new_database) -> Iterator[Place]:
    url = new_database()
    with (
        scratch() as folder,
        factories.committing(url) as app,
        serving(folder, DATABASE_URL=url, SECRET_KEY="k" * 64, SECRET=SECRET, LOG_LEVEL="DEBUG") as server,
    ):
        with app.app_context(), transaction():
            project = factories.make_project(values={"Processing.Path.Output": str(folder)})
            ticket = factories.make_encoding(project, "checked")
            name = properties.merged(ticket)["EncodingProfile.Basename"]
            number = ticket.id
        server.wait_for(lambda: server.ask() == 200)
        yield Place(server, app, folder, number, folder / f"{name}.mp4")


def lines_of_the_document() -> str:
    (block,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return str(block)


def run(place: Place) -> subprocess.CompletedProcess[str]:
    """Run the worker of the document in a bare interpreter."""
    script = place.output / "worker.py"
    script.write_text(lines_of_the_document(), encoding="utf-8")
    env = {"FAHRWERK_TRACKER_URL": f"http://127.0.0.1:{place.server.port}", "FAHRWERK_SECRET": SECRET}
    argv = [sys.executable, "-I", str(script), "demo"]
    return subprocess.run(argv, env=env | {"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60)


def put(place: Place, state: str) -> None:
    with place.app.app_context(), transaction():
        factories.put(tickets.get(place.ticket_id), state)


def test_the_worker_has_20_lines():
    assert len([line for line in lines_of_the_document().splitlines() if line.strip()]) <= 20


def test_the_worker_takes_a_ticket_reads_its_properties_and_finishes_it(place):
    put(place, "checked")
    place.file.write_bytes(b"encoded")
    done = run(place)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with place.app.app_context():
        ticket = tickets.get(place.ticket_id)
        events = [entry.event for entry in factories.log_of(ticket)][-3:]
        checksum = properties.own(ticket)["Release.SHA256"]
        assert (ticket.state, ticket.worker_id) == ("postprocessed", None)
    assert checksum == hashlib.sha256(b"encoded").hexdigest()
    assert events == ["RPC.assignNextUnassignedForState", "RPC.setTicketProperties", "RPC.setTicketDone"]


def test_the_worker_says_when_there_is_nothing_to_do(place):
    put(place, "encoded")
    done = run(place)
    assert (done.returncode, done.stderr) == (1, "nothing to do\n")


def test_the_worker_reports_a_missing_file_as_failed(place):
    put(place, "checked")
    place.file.unlink(missing_ok=True)
    assert run(place).returncode == 0
    with place.app.app_context(), transaction():
        ticket = tickets.get(place.ticket_id)
        assert (ticket.state, ticket.failed) == ("postprocessing", True)
        assert "No such file" in ticket.waiting


# --- requests as they come -----------------------------------------------------------------------------------


def raw(place: Place, request: bytes) -> bytes:
    """Send bytes as they are; return all that comes back."""
    with closing(socket.create_connection(("127.0.0.1", place.server.port), timeout=20)) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def request_to(target: str, body: bytes) -> bytes:
    head = (
        f"POST {target} HTTP/1.1\r\nHost: tracker\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


VERSION = wire.call("C3TT.getVersion", [])


@pytest.mark.parametrize("start", ["", "http://tracker", "http://tracker.example.org:8020", "HTTP://Tracker.X"])
@pytest.mark.parametrize("name", ["vm.example.org", "host-.dom", "vm-"])
def test_an_absolute_request_target_is_understood(place, start, name):
    """As unmodified scripts of 2013 send it through http_proxy."""
    for slug in ("", "demo"):
        head, _, body = raw(place, request_to(start + path(name, slug), VERSION)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert wire.read_answer(body) == "3.0"


def test_xml_rpc_answers_have_no_cookie_and_the_right_type(place):
    with closing(http.client.HTTPConnection("127.0.0.1", place.server.port, timeout=20)) as connection:
        connection.request("POST", path(), VERSION, {"Accept-Encoding": "gzip", "Content-Type": "text/plain"})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Content-Type")) == (200, "text/xml; charset=utf-8")
        assert (answer.getheader("Set-Cookie"), answer.getheader("Content-Encoding")) == (None, None)


def test_a_wrong_hash_and_a_broken_body_are_faults_here_too(place):
    for target, body, code in (
        (path(secret="wrong"), VERSION, 403),
        (path(), b"<garbage", -32700),
        (path(), b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x"><methodCall/>', -32700),
    ):
        answer = raw(place, request_to(target, body)).partition(b"\r\n\r\n")[2]
        with pytest.raises(wire.Fault) as caught:
            wire.read_answer(answer)
        assert caught.value.code == code


@pytest.mark.parametrize("announced", [True, False])
def test_a_call_that_is_far_too_long_is_answered_all_the_same(place, announced):
    """The sender reads nothing before it has sent all."""
    body = wire.call("C3TT.addLog", [1, "x"]).replace(b">x<", b">" + b"x" * (wire.MAX_BYTES + 1) + b"<")
    request = request_to(path(), body)
    if not announced:
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        request = request_to(path(), b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + chunked
    head, _, answer = raw(place, request).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and b"33554432 bytes" in answer


def test_the_log_has_the_calls_but_neither_secret_nor_hash(place):
    """At the most talkative level, after all of the above."""
    raw(place, request_to(path(), VERSION))
    raw(place, request_to(path(secret="wrong"), VERSION))
    signature, token = "a1" * 32, "fahrwerk_" + "t0ken-" * 8
    encoded = f"/rpc/%{ord(path()[5]):02x}{path()[6:]}"
    for target in (path().replace("/rpc/", "/rcp/"), path().replace("/rpc", "/rpc/"), encoded):
        raw(place, request_to(target, VERSION))
    raw(
        place,
        request_to(f"/rpc?group=scripts&hostname=vm&signature={signature}", wire.call("C3TT.getVersion", [signature])),
    )
    for name, header in (
        (f"getVersion?token={token}", "Accept: */*"),
        ("getVersion", f"Authorization: Bearer {token}"),
    ):
        raw(place, f"GET /api/3/{name} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{header}\r\n\r\n".encode())
    text = place.server.log.read_text()
    assert "POST /rpc/***/vm-encoder1.example.org/demo" in text and "refused" in text
    assert "hostname=vm&signature=***" in text and "GET /api/3/getVersion" in text
    for hidden in (
        SECRET,
        signature,
        token,
        wire.login_hash("vm-encoder1.example.org", SECRET)[1:],
        wire.login_hash("vm-encoder1.example.org", SECRET),
        wire.login_hash("vm-", SECRET),
    ):
        assert hidden not in text
