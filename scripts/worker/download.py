"""Fetch a finished video from a foreign address, with the guards the tracker has for what it fetches itself.

http and https only, no login in the address, public addresses only unless the worker is told otherwise, every redirect
checked like the first address, the connection made to exactly the address that was checked; limits on size and time.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from scripts.media.ffmpeg import Stopped
from scripts.media.files import partial
from tracker.wire import public_address

MAX_REDIRECTS = 5
CONNECT_S = 15.0
SILENCE_S = 60.0
"""How long an address may say nothing."""
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
_SAFE = "/?%:@!$&'()*+,;=~-._[]"
_CHUNK = 1 << 18


class DownloadFailed(Exception):
    """An address was not or not wholly fetched; the sentence names it and the reason."""


@dataclass(frozen=True)
class Limits:
    """What a download may cost: bytes, seconds in all; and whether addresses inside the own network may be asked."""

    most_bytes: int = 50_000_000_000
    seconds: float = 6 * 3600
    private: bool = False

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Limits:
        """Read FAHRWERK_DOWNLOAD_MB, FAHRWERK_DOWNLOAD_S and FAHRWERK_DOWNLOAD_PRIVATE. Raises DownloadFailed."""
        megabytes = _whole(environ, "FAHRWERK_DOWNLOAD_MB", cls.most_bytes // 1_000_000)
        seconds = _whole(environ, "FAHRWERK_DOWNLOAD_S", round(cls.seconds))
        return cls(megabytes * 1_000_000, float(seconds), environ.get("FAHRWERK_DOWNLOAD_PRIVATE", "").strip() == "1")


def _whole(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and int(text[:12]) > 0):
        raise DownloadFailed(f"{name} is {text[:40]!r}, which is no whole number above 0: correct it on the worker.")
    return int(text[:12])


def download(
    url: str,
    target: Path,
    attempt: str | int,
    limits: Limits,
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[float], None] = lambda percent: None,
) -> None:
    """Write what an address gives to `target`, which has its name only when it is whole.

    `progress` gets percent where the size is known. Raises DownloadFailed; Stopped when *stopped* says so; OSError of
    the disk.
    """
    until = time.monotonic() + limits.seconds
    for _ in range(MAX_REDIRECTS + 1):
        with _asked(_checked(url), limits, until) as source:
            if source.answer.status not in _REDIRECTS:
                with partial(target, attempt) as part:
                    _save(source, part, limits, stopped, progress)
                return
            url = urljoin(url, source.answer.headers.get("Location", ""))
    raise DownloadFailed(f"{shown(url)} redirects more than {MAX_REDIRECTS} times.")


def shown(url: str) -> str:
    """Return an address as it may be shown: without login, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:300]


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and parts.scheme in _PORTS
    except ValueError:
        usable = False
    if not usable or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise DownloadFailed(f"{shown(url)} is no valid http or https address.")
    if parts.username is not None or parts.password is not None:
        raise DownloadFailed(f"{shown(url)}: a login inside the address is not supported; remove it.")
    return parts


@dataclass(frozen=True)
class _Source:
    """An address that answers; `over` is set when the time is."""

    where: str
    answer: http.client.HTTPResponse
    over: threading.Event

    def read(self) -> bytes:
        """Return what came, nothing at the end."""
        with _told(self.where, self.over):
            chunk = self.answer.read1(_CHUNK)
            if self.over.is_set():
                raise TimeoutError
            return chunk


@contextmanager
def _told(where: str, over: threading.Event) -> Iterator[None]:
    """Turn what goes wrong on the way into a sentence."""
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = "the time for it is over" if over.is_set() else _reason(error)
        raise DownloadFailed(f"{where} cannot be fetched: {reason}.") from error


@contextmanager
def _asked(parts: SplitResult, limits: Limits, until: float) -> Iterator[_Source]:
    """Ask an address; the connection is cut when the time is over, however slowly the other side drips."""
    where, over = shown(parts.geturl()), threading.Event()
    with _told(where, over):
        raw = _connected(parts, limits)
    with raw, raw.dup() as handle, _cut_at(until, handle, over):
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port or _PORTS[parts.scheme])
        connection.auto_open = 0
        path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
        with _told(where, over):
            connection.sock = raw
            if parts.scheme == "https":
                connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname)
            connection.request("GET", path, headers={"User-Agent": "Fahrwerk", "Accept-Encoding": "identity"})
            answer = connection.getresponse()
        with closing(connection), answer:
            yield _Source(where, answer, over)


@contextmanager
def _cut_at(until: float, handle: socket.socket, over: threading.Event) -> Iterator[None]:
    def cut() -> None:
        over.set()
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(until - time.monotonic(), 0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _connected(parts: SplitResult, limits: Limits) -> socket.socket:
    """Connect to the first numeric address that answers, after all of them were checked."""
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    found = dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    for address in found if not limits.private else ():
        if not public_address(address):
            raise DownloadFailed(
                f"{host} is at {address}, an address that is not public; set FAHRWERK_DOWNLOAD_PRIVATE=1 on the "
                "worker if it may be asked."
            )
    failure: OSError = OSError("its name has no address")
    for address in found:
        try:
            raw = socket.create_connection((address, port), timeout=CONNECT_S)
            raw.settimeout(SILENCE_S)
            return raw
        except OSError as error:
            failure = error
    raise failure


def _save(
    source: _Source,
    part: Path,
    limits: Limits,
    stopped: Callable[[], bool],
    progress: Callable[[float], None],
) -> None:
    where, answer = source.where, source.answer
    if answer.status != 200:
        raise DownloadFailed(f"{where} answers {answer.status} {' '.join(answer.reason.split())[:60]}.")
    announced, size = answer.length, 0
    too_large = DownloadFailed(f"{where} is larger than {limits.most_bytes // 1_000_000} MB (FAHRWERK_DOWNLOAD_MB).")
    if announced is not None and announced > limits.most_bytes:
        raise too_large
    with part.open("wb") as file:
        while chunk := source.read():
            size += len(chunk)
            if size > limits.most_bytes:
                raise too_large
            if stopped():
                raise Stopped
            file.write(chunk)
            progress(100 * size / announced if announced else 0)
    if announced is not None and size != announced:
        raise DownloadFailed(f"{where} was cut off after {size} of {announced} bytes.")
    if size == 0:
        raise DownloadFailed(f"{where} is empty.")


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:200].rstrip(".")
