"""The one way to fetch something from a foreign address, and to read a file in its place.

Whoever can name an address could make the server call its own network, or hang on an endless answer. So: http and
https only, public addresses only unless the caller allows private ones, every redirect checked like the first
address, the connection made to exactly the address that was checked, and limits on size, time and redirects.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from tracker.errors import TrackerError
from tracker.wire import public_address as _public

MAX_BYTES = 32 * 1024 * 1024
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_REDIRECTS = 5
MAX_TAG = 1000
"""Characters of an ETag that are remembered."""
TIMEOUT_S = 60.0
"""Limit of one fetch as a whole, with all its redirects counted singly."""
CONNECT_S = 15.0
_REDIRECTS = (301, 302, 303, 307, 308)
_SAFE = "/?%:@!$&'()*+,;=~-._[]"
_PORTS = {"http": 80, "https": 443}


MAX_WAIT_S = 86_400
"""An address is left alone for at most so long, whatever it asks for."""


class FetchError(TrackerError):
    """The address cannot be fetched; *retry_after_s* is how long it asks to be left alone, 0 if it does not say."""

    retry_after_s = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address gave: its *body*, None if it is what one has already, and what to ask for a newer one with."""

    body: bytes | None
    etag: str = ""
    last_modified: str = ""


def fetch(source: str | Path, *, allow_private: bool = False, timeout_s: float = TIMEOUT_S) -> bytes:
    """Return the bytes of a file or of an http(s) address.

    *allow_private* lets addresses inside the own network through (an operator typed them, nobody else). Raises
    FetchError, one sentence with the source and the reason, without what a query or a login in the address says.
    """
    if isinstance(source, Path) or "://" not in source:
        return _read_file(Path(source))
    return ask(source, allow_private=allow_private, timeout_s=timeout_s).body or b""


def ask(
    url: str,
    *,
    etag: str = "",
    last_modified: str = "",
    headers: Mapping[str, str] | None = None,
    allow_private: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Get an http(s) address unless it is what *etag* and *last_modified* are of.

    *headers* are the caller's credentials: a redirect to another host does not get them. Raises FetchError as `fetch`.
    """
    known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    conditions = {name: value for name, value in known.items() if value}
    own = dict(headers or {})
    for _ in range(MAX_REDIRECTS + 1):
        parts = _checked(url)
        with (
            _told(url, timeout_s),
            _deadline(parts, allow_private, timeout_s) as connection,
            _send(connection, parts, "GET", {**own, **conditions}) as answer,
        ):
            if answer.status not in _REDIRECTS:
                return _answer(answer, shown_address(url), bool(conditions))
            target = urljoin(url, answer.headers.get("Location", ""))
        if _origin(target) != _origin(url):
            own = {}
        url = target
    raise FetchError(f"{shown_address(url)} redirects more than {MAX_REDIRECTS} times.")


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool = False, timeout_s: float = TIMEOUT_S
) -> None:
    """Send *body* to an http(s) address. Raises FetchError unless it is taken (2xx); redirects are not followed."""
    parts = _checked(url)
    with (
        _told(url, timeout_s),
        _deadline(parts, allow_private, timeout_s) as connection,
        _send(connection, parts, "POST", headers, body) as answer,
    ):
        if not 200 <= answer.status < 300:
            raise _refused(answer, shown_address(url))


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return what credentials belong to; nothing that equals itself for what is no address."""
    parts = _checked(url)
    return parts.scheme, parts.hostname, parts.port


def _read_file(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise FetchError(f"{path} is no file.")
        if found.st_size > MAX_FILE_BYTES:
            raise FetchError(f"{path} has {found.st_size} bytes; at most {MAX_FILE_BYTES} are read.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FetchError(f"{path} cannot be read: {reason}.") from None


@contextmanager
def _told(url: str, timeout_s: float) -> Iterator[None]:
    """Turn what goes wrong on the way into a sentence."""
    shown = shown_address(url)
    try:
        yield
    except TimeoutError:
        raise FetchError(f"{shown} did not answer completely within {timeout_s:g} s.") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(f"{shown} cannot be fetched: {_reason(error)}.") from None


def shown_address(url: str) -> str:
    """Return an address as it may be shown: without login, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "the address"
    return f"{parts.scheme}://{host}{parts.path}"[:300]


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:200].rstrip(".")


def _checked(url: str) -> SplitResult:
    """Return the parts of an address that may be asked. Raise FetchError."""
    shown = shown_address(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchError(f"{shown} is no valid address.") from None
    if parts.scheme not in _PORTS:
        raise FetchError(f"{shown} is neither an http nor an https address.")
    if not parts.hostname or port == 0 or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise FetchError(f"{shown} is no valid address.")
    if parts.username is not None or parts.password is not None:
        raise FetchError(f"{shown}: a login inside the address is not supported; remove it.")
    return parts


def _addresses(parts: SplitResult, allow_private: bool) -> list[str]:
    """Return the numeric addresses of a host, all of them checked. Raise FetchError for a private one."""
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found if not allow_private else []:
        if not _public(address):
            raise FetchError(f"{host} is at {address}, an address that is not public; it is not asked.")
    return list(dict.fromkeys(found))


def _connect(parts: SplitResult, allow_private: bool, timeout_s: float) -> socket.socket:
    """Connect to the first address that answers."""
    port = parts.port or _PORTS[parts.scheme]
    failure: OSError = OSError("its name has no address")
    for address in _addresses(parts, allow_private):
        try:
            return socket.create_connection((address, port), timeout=min(CONNECT_S, timeout_s))
        except OSError as error:
            failure = error
    raise failure


@contextmanager
def _deadline(parts: SplitResult, allow_private: bool, timeout_s: float) -> Iterator[http.client.HTTPConnection]:
    """Give a connection that is cut after *timeout_s*, however slowly the other side drips."""
    raw = _connect(parts, allow_private, timeout_s)
    over = threading.Event()
    handle = raw.dup()

    def cut() -> None:
        over.set()
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout_s, cut)
    timer.daemon = True
    timer.start()
    raw.settimeout(timeout_s)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port or _PORTS[parts.scheme])
    connection.auto_open = 0
    connection.sock = raw
    try:
        if parts.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname)
        yield connection
        if over.is_set():
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError, FetchError):
        if over.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
        connection.close()
        raw.close()
        handle.close()


def _send(
    connection: http.client.HTTPConnection,
    parts: SplitResult,
    method: str,
    more: Mapping[str, str],
    body: bytes | None = None,
) -> http.client.HTTPResponse:
    path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    headers = {
        "Host": parts.netloc,
        "User-Agent": "Fahrwerk",
        "Accept": "application/xml, text/xml, */*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    connection.request(method, path, body=body, headers={**headers, **more})
    return connection.getresponse()


def _answer(answer: http.client.HTTPResponse, shown: str, conditional: bool) -> Answer:
    if answer.status == 304 and conditional:
        return Answer(None)
    etag, last_modified = (" ".join(answer.headers.get(name, "").split()) for name in ("ETag", "Last-Modified"))
    return Answer(_body(answer, shown), etag[:MAX_TAG], last_modified[:MAX_TAG])


def _refused(answer: http.client.HTTPResponse, shown: str) -> FetchError:
    error = FetchError(f"{shown} answers {answer.status} {' '.join(answer.reason.split())[:60]}.")
    wait = answer.headers.get("Retry-After", "").strip()
    if wait.isascii() and wait.isdigit():
        error.retry_after_s = min(int(wait[:9]), MAX_WAIT_S)
    return error


def _body(answer: http.client.HTTPResponse, shown: str) -> bytes:
    """Read an answer to its end. Raise FetchError unless it is a complete 200 of a bearable size."""
    if answer.status != 200:
        raise _refused(answer, shown)
    announced = answer.length
    chunks: list[bytes] = []
    size = 0
    while chunk := answer.read1(65536):
        size += len(chunk)
        if size > MAX_BYTES:
            raise FetchError(f"{shown} is larger than {MAX_BYTES} bytes.")
        chunks.append(chunk)
    if announced is not None and size != announced:
        raise FetchError(f"{shown} was cut off after {size} of {announced} bytes.")
    return b"".join(chunks)
