"""The one way to fetch something from a foreign address, and to read a file in its place.

Whoever can name an address could make the server call its own network, or hang on an endless answer. So: http and
https only, public addresses only unless the caller allows private ones, every redirect checked like the first
address, the connection made to exactly the address that was checked, and limits on size, time and redirects.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from tracker.errors import TrackerError

MAX_BYTES = 32 * 1024 * 1024
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_REDIRECTS = 5
TIMEOUT_S = 60.0
"""Limit of one fetch as a whole, with all its redirects counted singly."""
CONNECT_S = 15.0
_REDIRECTS = (301, 302, 303, 307, 308)
_SAFE = "/?%:@!$&'()*+,;=~-._[]"
_PORTS = {"http": 80, "https": 443}


class FetchError(TrackerError):
    """The address cannot be fetched."""


def fetch(source: str | Path, *, allow_private: bool = False, timeout_s: float = TIMEOUT_S) -> bytes:
    """Return the bytes of a file or of an http(s) address.

    *allow_private* lets addresses inside the own network through (an operator typed them, nobody else). Raises
    FetchError, one sentence with the source and the reason, without what a query or a login in the address says.
    """
    if isinstance(source, Path) or "://" not in source:
        return _read_file(Path(source))
    return _fetch_url(source, allow_private, timeout_s)


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


def _fetch_url(url: str, allow_private: bool, timeout_s: float) -> bytes:
    for _ in range(MAX_REDIRECTS + 1):
        parts = _checked(url)
        shown = shown_address(url)
        try:
            with _deadline(parts, allow_private, timeout_s) as connection, _ask(connection, parts) as answer:
                if answer.status not in _REDIRECTS:
                    return _body(answer, shown)
                url = urljoin(url, answer.headers.get("Location", ""))
        except TimeoutError:
            raise FetchError(f"{shown} did not answer completely within {timeout_s:g} s.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchError(f"{shown} cannot be fetched: {_reason(error)}.") from None
    raise FetchError(f"{shown} redirects more than {MAX_REDIRECTS} times.")


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


def _public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None and not inner.is_global:
            return False
        if address in _NAT64:
            return ipaddress.IPv4Address(address.packed[-4:]).is_global
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


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


def _ask(connection: http.client.HTTPConnection, parts: SplitResult) -> http.client.HTTPResponse:
    path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    headers = {
        "Host": parts.netloc,
        "User-Agent": "Fahrwerk",
        "Accept": "application/xml, text/xml, */*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def _body(answer: http.client.HTTPResponse, shown: str) -> bytes:
    """Read an answer to its end. Raise FetchError unless it is a complete 200 of a bearable size."""
    if answer.status != 200:
        raise FetchError(f"{shown} answers {answer.status} {' '.join(answer.reason.split())[:60]}.")
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
