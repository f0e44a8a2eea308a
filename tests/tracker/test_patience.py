"""Clients that send slowly: on a socket, and against a server with one thread that they must not keep."""

from __future__ import annotations

import http.client
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import SECRET
from tests.places import scratch
from tests.tracker.rpc.conftest import path
from tests.tracker.test_serve import Tracker
from tracker import gui, wire
from tracker.patience import READ_S, Caller

HASTY = """
from tracker import cli, patience
patience.HEAD_S = patience.UPLOAD_S = 1.0
patience.UPLOAD_RATE = 1e9
cli.main(["serve"])
"""
"""The server with deadlines that a test can wait for."""


# --- one socket ----------------------------------------------------------------------------------------------


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Caller]]:
    theirs, ours = socket.socketpair()
    with theirs, Caller(fileno=ours.detach()) as caller:
        yield theirs, caller


def test_what_is_there_is_received_even_late(ends):
    theirs, caller = ends
    theirs.send(b"abc")
    caller.until = time.monotonic() - 10
    assert caller.recv(2) + caller.recv(10) == b"abc"


def test_what_is_not_there_by_the_deadline_looks_like_a_client_that_went_away(ends):
    _theirs, caller = ends
    caller.until = time.monotonic() + 0.05
    with pytest.raises(TimeoutError, match="did not arrive in time"):
        caller.recv(10)


def test_bytes_buy_time_for_a_form_but_not_for_a_call(ends):
    theirs, caller = ends
    for rate, gained in ((0, 0), (10, 0.5)):
        caller.until, caller.rate = 1e6, rate
        theirs.send(b"12345")
        caller.recv(10)
        assert caller.until == 1e6 + gained


def test_between_requests_it_is_a_socket_like_others(ends):
    theirs, caller = ends
    caller.settimeout(0)
    with pytest.raises(BlockingIOError):
        caller.recv(1)
    theirs.send(b"x")
    caller.until = time.monotonic() + 60
    assert caller.recv(1) == b"x" and caller.gettimeout() == READ_S


# --- a server with one thread --------------------------------------------------------------------------------


class Hasty(Tracker):
    argv = (sys.executable, "-c", HASTY)


@pytest.fixture(scope="module")
def server(new_database) -> Iterator[Hasty]:
    with scratch() as folder:
        given = {"DATABASE_URL": new_database(), "SECRET_KEY": "k" * 64, "SECRET": SECRET, "THREADS": "1"}
        running = Hasty(folder, **given, LOG_LEVEL="DEBUG")
        try:
            running.wait_for(lambda: running.ask() == 200)
            yield running
        finally:
            running.end()


def trickle(server: Hasty, head: bytes, limit_s: float = 60) -> bytes:
    """Send *head*, then a byte now and then until there is an answer; return it ('' when the line is cut)."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=limit_s)) as line:
        line.sendall(head)
        over = threading.Event()

        def drip() -> None:
            while not over.wait(0.1):
                try:
                    line.send(b" ")
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        answer = b""
        try:
            while piece := line.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        finally:
            over.set()
            dripping.join()
        return answer


def head(target: str, length: int = 1000) -> bytes:
    return f"POST {target} HTTP/1.1\r\nHost: tracker\r\nContent-Length: {length}\r\n\r\n".encode()


def test_a_call_that_trickles_in_gets_a_fault_and_frees_the_thread(server):
    answer = trickle(server, head(path(slug="")))
    status, _, body = answer.partition(b"\r\n\r\n")
    with pytest.raises(wire.Fault, match="did not arrive as a whole in time"):
        wire.read_answer(body)
    assert status.startswith(b"HTTP/1.1 200 ") and server.ask() == 200


def test_a_head_that_trickles_in_is_cut_off(server):
    assert trickle(server, b"POST /rpc/x HTTP/1.1\r\nX-Long: ") == b""
    assert server.ask() == 200


def test_a_form_that_trickles_in_is_an_error_page(server):
    assert trickle(server, head("/login")).startswith(b"HTTP/1.1 4")
    assert server.ask() == 200


def test_all_at_once_delays_the_others_only(server):
    """More slow clients than threads, and an honest one behind them."""
    found: list[bytes] = []
    target = head(path(slug=""))
    slow = [threading.Thread(target=lambda: found.append(trickle(server, target))) for _ in range(2)]
    for thread in slow:
        thread.start()
    server.wait_for(lambda: server.ask() == 200, timeout_s=60)
    for thread in slow:
        thread.join()
    assert len(found) == 2 and "Traceback" not in server.log.read_text()


def test_a_file_goes_out_whole(server):
    """By the system's sendfile, which is particular about sockets with a time limit."""
    file = Path(gui.__file__).parent / "static" / "vendor" / "hls.min.js"
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as line:
        for _ in range(2):
            line.request("GET", "/assets/vendor/hls.min.js")
            assert line.getresponse().read() == file.read_bytes()
