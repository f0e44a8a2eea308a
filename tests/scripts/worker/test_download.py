"""Fetching finished videos from addresses that may lie, loop, drip, or point into the own network; real sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.media.ffmpeg import Stopped
from scripts.worker.download import DownloadFailed, Limits, download, shown
from tracker.fetch import FetchError, ask

HERE = Limits(most_bytes=100_000, seconds=60, private=True)


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        name = self.path.strip("/").partition("/")[0]
        if name == "far":
            self.answer(302, b"", Location="/good/x.mp4")
        elif name == "loop":
            self.answer(302, b"", Location="/loop")
        elif name == "inside":
            self.answer(302, b"", Location="file:///etc/passwd")
        elif name == "large":
            self.answer(200, b"", Content_Length="100001")
        elif name == "endless":
            self.endless()
        elif name == "short":
            self.answer(200, b"half", Content_Length="8")
        elif name in ("good", "empty"):
            self.answer(200, b"video" if name == "good" else b"")
        else:
            self.answer(404, b"")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def endless(self) -> None:
        """Drip until the other side has had enough."""
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * (2000 if self.path.endswith("fast") else 1))
                time.sleep(0.01)
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["good/x.mp4", "far"])
def test_a_file_is_fetched_whole(path: str, address: str, tmp_path: Path) -> None:
    seen: list[float] = []
    download(f"{address}/{path}", tmp_path / "a.mp4", 1, HERE, progress=seen.append)
    assert (tmp_path / "a.mp4").read_bytes() == b"video"
    assert seen == [100.0]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("gone", "answers 404"),
        ("loop", "redirects more than 5 times"),
        ("inside", "no valid http or https address"),
        ("large", "is larger than 0 MB"),
        ("endless/fast", "is larger than 0 MB"),
        ("short", "was cut off after 4 of 8 bytes"),
        ("empty", "is empty"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_leaves_nothing(path: str, said: str, address: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=said):
        download(f"{address}/{path}", tmp_path / "a.mp4", 1, HERE)
    assert not list(tmp_path.iterdir())


def test_who_drips_is_cut_off(address: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="the time for it is over"):
        download(f"{address}/endless", tmp_path / "a.mp4", 1, Limits(seconds=0.3, private=True))
    assert not list(tmp_path.iterdir())


def test_it_stops_on_request(address: str, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        download(f"{address}/endless", tmp_path / "a.mp4", 1, HERE, stopped=lambda: True)
    assert not list(tmp_path.iterdir())


def test_the_disk_is_not_the_address(address: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as caught:
        download(f"{address}/good", tmp_path / "file" / "a.mp4", 1, HERE)
    assert not isinstance(caught.value, DownloadFailed)


REFUSED = ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]"]


@pytest.mark.parametrize("host", REFUSED)
def test_the_own_network_is_not_asked_by_the_worker_nor_by_the_tracker(host: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="not public"):
        download(f"http://{host}/x.mp4", tmp_path / "a.mp4", 1, Limits())
    with pytest.raises(FetchError, match="not public"):
        ask(f"http://{host}/x.mp4")


@pytest.mark.parametrize(
    "url", ["ftp://x.example/a", "http://", "http://u:p@x.example/a", "http://x.example/a b", "//x"]
)
def test_other_addresses_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed):
        download(url, tmp_path / "a.mp4", 1, Limits())


def test_an_address_is_shown_without_what_is_secret() -> None:
    assert shown("https://u:p@x.example/a.mp4?token=7#z") == "https://x.example/a.mp4"


def test_limits_come_from_the_environment() -> None:
    limits = Limits.from_env({"FAHRWERK_DOWNLOAD_MB": "7", "FAHRWERK_DOWNLOAD_PRIVATE": "1"})
    assert (limits.most_bytes, limits.seconds, limits.private) == (7_000_000, 21600.0, True)
    with pytest.raises(DownloadFailed, match="FAHRWERK_DOWNLOAD_S is 'soon'"):
        Limits.from_env({"FAHRWERK_DOWNLOAD_S": "soon"})
