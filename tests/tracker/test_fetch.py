"""Fetching from addresses that may lie, loop, drip, or point into the own network; real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tracker import fetch as module
from tracker.fetch import Answer, FetchError, ask, fetch, post, shown_address


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        getattr(self, "answer_" + path.strip("/").partition("/")[0], self.answer_missing)()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_good(self) -> None:
        self.give(b"<schedule/>")

    def answer_echo(self) -> None:
        self.give(f"{self.path} {self.headers['Host']} {self.headers['User-Agent']}".encode())

    def answer_missing(self) -> None:
        self.give(b"no", 404)

    def answer_tagged(self) -> None:
        if self.headers["If-None-Match"] == '"7"' or self.headers["If-Modified-Since"] == "yesterday":
            self.give(b"", 304)
        else:
            self.give(b"<schedule/>", ETag='"7"', Last_Modified="yesterday")

    def answer_stubborn(self) -> None:
        self.give(b"", 304)

    def answer_login(self) -> None:
        self.give(str(self.headers["Authorization"]).encode())

    def answer_busy(self) -> None:
        self.give(b"", 503, Retry_After="90")

    def do_POST(self) -> None:
        Server.posted.append((self.headers["X-Key"], self.rfile.read(int(self.headers["Content-Length"]))))
        self.give(b"", {"/taken": 204, "/to/x": 302}.get(self.path, 500), Location="/taken")

    def answer_to(self) -> None:
        self.give(b"", 302, Location=self.path.removeprefix("/to/"))

    def answer_loop(self) -> None:
        self.give(b"", 301, Location="/loop")

    def answer_short(self) -> None:
        self.give(b"<sched", Content_Length="100")

    def answer_huge(self) -> None:
        self.give(b"x" * 5000)

    def answer_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x" * 1000)

    def answer_drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.1)


class Server(ThreadingHTTPServer):
    """Does not complain when somebody hangs up."""

    daemon_threads = True
    posted: ClassVar[list[tuple[str, bytes]]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def refusal(source: str | Path, *, allow_private: bool = True, timeout_s: float = 5) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(source, allow_private=allow_private, timeout_s=timeout_s)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "s.xml").write_bytes(b"<schedule/>")
    assert fetch(tmp_path / "s.xml") == fetch(str(tmp_path / "s.xml")) == b"<schedule/>"


def test_what_is_no_readable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No such file" in refusal(tmp_path / "missing.xml")
    assert "is no file" in refusal(tmp_path)
    assert "is no file" in refusal("/dev/zero")
    assert "cannot be read" in refusal("a\0b")
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 3)
    (tmp_path / "s.xml").write_bytes(b"<schedule/>")
    assert "at most 3 are read" in refusal(tmp_path / "s.xml")


def test_an_address_is_fetched(url: str) -> None:
    assert fetch(f"{url}/good", allow_private=True) == b"<schedule/>"


def test_path_and_query_arrive_as_they_were_meant(url: str) -> None:
    host = url.removeprefix("http://")
    answer = fetch(f"{url}/echo/ü%20x;y?a=b%2Fc&d=ä#there", allow_private=True).decode()
    assert answer == f"/echo/%C3%BC%20x;y?a=b%2Fc&d=%C3%A4 {host} Fahrwerk"


def test_redirects_are_followed_a_few_times(url: str) -> None:
    assert fetch(f"{url}/to//good", allow_private=True) == b"<schedule/>"
    assert fetch(f"{url}/to/{url}/to//good", allow_private=True) == b"<schedule/>"
    assert "redirects more than 5 times" in refusal(f"{url}/loop")


def test_what_one_has_already_is_not_sent_again(url: str) -> None:
    first = ask(f"{url}/tagged", allow_private=True)
    assert first == Answer(b"<schedule/>", '"7"', "yesterday")
    assert ask(f"{url}/tagged", etag='"7"', allow_private=True).body is None
    assert ask(f"{url}/tagged", last_modified="yesterday", allow_private=True).body is None
    assert ask(f"{url}/to//tagged", etag='"7"', allow_private=True).body is None
    assert ask(f"{url}/tagged", etag='"6"', allow_private=True).body == b"<schedule/>"


def test_an_answer_that_nothing_changed_needs_the_question(url: str) -> None:
    assert "answers 304" in refusal(f"{url}/stubborn")


def test_credentials_stay_with_the_host_they_are_for(url: str) -> None:
    mine = {"Authorization": "Bearer abc"}
    elsewhere = url.replace("127.0.0.1", "localhost")
    assert ask(f"{url}/login", headers=mine, allow_private=True).body == b"Bearer abc"
    assert ask(f"{url}/to//login", headers=mine, allow_private=True).body == b"Bearer abc"
    assert ask(f"{url}/to/{elsewhere}/login", headers=mine, allow_private=True).body == b"None"
    assert ask(f"{url}/to/{elsewhere}/to/{url}/login", headers=mine, allow_private=True).body == b"None"


def test_how_long_to_wait_is_passed_on(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        ask(f"{url}/busy", allow_private=True)
    assert caught.value.retry_after_s == 90


def test_a_message_is_posted_once_and_only_where_it_was_meant_to_go(url: str) -> None:
    post(f"{url}/taken", b"{}", {"X-Key": "k"}, allow_private=True)
    assert Server.posted == [("k", b"{}")]
    for path, says in (("/to/x", "answers 302"), ("/else", "answers 500")):
        with pytest.raises(FetchError, match=says):
            post(url + path, b"{}", {"X-Key": "k"}, allow_private=True)
    with pytest.raises(FetchError, match="not public"):
        post(f"{url}/taken", b"{}", {})
    assert len(Server.posted) == 3


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/"])
def test_a_redirect_to_another_scheme_is_refused(url: str, target: str) -> None:
    assert "neither an http nor an https address" in refusal(f"{url}/to/{target}")


@pytest.mark.parametrize(
    "source",
    [
        "http://127.0.0.1/x",
        "http://localhost:1/x",
        "http://[::1]/x",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://224.0.0.1/",
    ],
)
def test_private_addresses_are_not_asked(source: str) -> None:
    assert "not public" in refusal(source, allow_private=False)


def test_a_redirect_into_the_own_network_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_public", lambda address: address == "127.0.0.1")
    assert "127.0.0.2, an address that is not public" in refusal(f"{url}/to/http://127.0.0.2:1/", allow_private=False)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("file:///etc/passwd", "neither an http nor an https"),
        ("ftp://example.org/x", "neither an http nor an https"),
        ("http:///x", "no valid address"),
        ("http://host:99999/", "no valid address"),
        ("http://[::1/", "no valid address"),
        ("http://host/a b", "no valid address"),
        ("http://host/\r\nX: y", "no valid address"),
        ("http://me:secret@host/x", "login inside the address"),
        ("http://xn--/", "cannot be fetched"),
        ("http://127.0.0.1:1/", "Connection refused"),
    ],
)
def test_what_is_no_usable_address_is_told(source: str, says: str) -> None:
    text = refusal(source)
    assert says in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("path", "says"),
    [("/nothing", "answers 404 Not Found"), ("/short", "was cut off after 6 of 100 bytes")],
)
def test_a_bad_answer_is_told(url: str, path: str, says: str) -> None:
    assert says in refusal(url + path)


@pytest.mark.parametrize("path", ["/huge", "/endless"])
def test_too_large_an_answer_is_refused(url: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 3000)
    assert "larger than 3000 bytes" in refusal(url + path)


def dripping_headers(connection: socket.socket) -> None:
    connection.recv(1000)
    for letter in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100:
        connection.sendall(bytes([letter]))
        time.sleep(0.1)


def silence(connection: socket.socket) -> None:
    connection.recv(1_000_000)
    connection.settimeout(3)
    connection.recv(1)


@pytest.fixture
def rude() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Return a function that starts a server with bad manners and returns where it is."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(manners: Callable[[socket.socket], None]) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                manners(connection)
            except OSError:
                return

    def start(manners: Callable[[socket.socket], None]) -> str:
        threads.append(threading.Thread(target=serve, args=(manners,)))
        threads[-1].start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for thread in threads:
        thread.join()
    listener.close()


@pytest.mark.parametrize(("scheme", "manners"), [("http", dripping_headers), ("https", silence)])
def test_a_slow_answer_is_given_up_in_time(
    rude: Callable[..., str], scheme: str, manners: Callable[[socket.socket], None]
) -> None:
    began = time.monotonic()
    assert "did not answer completely within 0.5 s" in refusal(f"{scheme}://{rude(manners)}/x", timeout_s=0.5)
    assert time.monotonic() - began < 2


def test_a_dripping_body_is_given_up_in_time(url: str) -> None:
    began = time.monotonic()
    assert "did not answer completely within 0.5 s" in refusal(f"{url}/drip", timeout_s=0.5)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
def test_garbage_is_no_answer(rude: Callable[..., str], answer: bytes) -> None:
    def manners(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(answer)

    place = rude(manners)
    if b"200" in answer:
        assert fetch(f"http://{place}/", allow_private=True) == b""
    else:
        assert "cannot be fetched" in refusal(f"http://{place}/")


def test_an_unencrypted_server_is_no_https(url: str) -> None:
    assert "cannot be fetched" in refusal(url.replace("http:", "https:") + "/good")


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown_address("https://me:pw@host:8/x/y?token=z#f") == "https://host:8/x/y"
