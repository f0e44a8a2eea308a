"""How this worker deals with chunks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True)
class ChunkSettings:
    """Seconds of a chunk, seconds of a talk from which on it is split, chunks at a time here, address of Dask."""

    seconds: float = 60.0
    least_s: float = 1800.0
    threads: int = 2
    scheduler: str = ""


def scheduler(environ: Mapping[str, str]) -> str:
    """Return the address of the Dask scheduler, '' for none. Raise ValueError with a sentence for an unusable one.

    Who reaches a scheduler may run programs on its workers, so one on another machine has to be asked by TLS.
    """
    address = environ.get("FAHRWERK_DASK_SCHEDULER", "").strip()
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("tcp", "tls") and bool(parts.hostname) and (parts.port or 0) > 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("FAHRWERK_DASK_SCHEDULER must look like tls://host:8786")
    if parts.scheme == "tcp" and not _on_loopback(parts.hostname or ""):
        raise ValueError(
            "FAHRWERK_DASK_SCHEDULER names another machine without TLS, where anybody could run programs: use tls:// "
            "(docs/chunks.md)"
        )
    return address


def _on_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
