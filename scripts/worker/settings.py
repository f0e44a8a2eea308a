"""The worker's settings, read once from ``FAHRWERK_*``; all mistakes are reported together."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from scripts.media.programs import ProgramRefused, allowed
from scripts.worker.chunking import ChunkSettings, scheduler
from scripts.worker.hours import Hours

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,200}[A-Za-z0-9])?")
Number = TypeVar("Number", int, float)


class SettingsError(Exception):
    """The environment does not describe a worker; the message has one line per mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        """Keep the *mistakes*, one sentence each."""
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker has to know before it can ask for its first ticket."""

    tracker_url: str
    secret: str = field(repr=False)
    roots: tuple[Path, ...]
    host: str
    project: str | None = None
    reserve_mb: int = 1024
    poll_s: float = 10.0
    lease_s: int = 60
    retry_s: int = 300
    beat_s: float = 1.0
    nice: int = 0
    hours: Hours = field(default_factory=Hours)
    chunks: ChunkSettings = field(default_factory=ChunkSettings)
    together: int = 4
    """Formats of a talk that this host may encode in one run, in projects that want it."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str], *, needs_roots: bool = True) -> WorkerSettings:
        """Read the settings from *environ*. Raises SettingsError with every mistake at once."""
        mistakes: list[str] = []
        settings = cls(
            tracker_url=_url(environ, mistakes),
            secret=_secret(environ, mistakes),
            roots=_roots(environ, mistakes) if needs_roots else (),
            host=_host(environ, mistakes),
            project=environ.get("FAHRWERK_PROJECT", "").strip() or None,
            reserve_mb=_number(environ, "FAHRWERK_RESERVE_MB", cls.reserve_mb, int, mistakes, least=0),
            poll_s=_number(environ, "FAHRWERK_POLL_S", cls.poll_s, float, mistakes, least=0.1),
            lease_s=_number(environ, "FAHRWERK_LEASE_S", cls.lease_s, int, mistakes, least=2),
            retry_s=_number(environ, "FAHRWERK_RETRY_S", cls.retry_s, int, mistakes, least=1),
            beat_s=_number(environ, "FAHRWERK_BEAT_S", cls.beat_s, float, mistakes, least=0.2),
            nice=_number(environ, "FAHRWERK_NICE", cls.nice, int, mistakes, least=0),
            hours=_hours(environ, mistakes),
            chunks=_chunks(environ, mistakes),
            together=_number(environ, "FAHRWERK_TOGETHER", cls.together, int, mistakes, least=1),
        )
        mistakes += _programs(environ)
        if mistakes:
            raise SettingsError(mistakes)
        return settings


def _hours(environ: Mapping[str, str], mistakes: list[str]) -> Hours:
    try:
        return Hours.read(environ.get("FAHRWERK_HOURS", ""))
    except ValueError as mistake:
        mistakes.append(f"FAHRWERK_HOURS: {mistake}")
        return Hours()


def _chunks(environ: Mapping[str, str], mistakes: list[str]) -> ChunkSettings:
    usual = ChunkSettings()
    try:
        address = scheduler(environ)
    except ValueError as mistake:
        mistakes.append(str(mistake))
        address = ""
    return ChunkSettings(
        seconds=_number(environ, "FAHRWERK_CHUNK_S", usual.seconds, float, mistakes, least=1),
        least_s=_number(environ, "FAHRWERK_CHUNK_FROM_S", usual.least_s, float, mistakes, least=0),
        threads=_number(environ, "FAHRWERK_CHUNK_THREADS", usual.threads, int, mistakes, least=1),
        scheduler=address,
    )


def _programs(environ: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the list of further programs; jobs ask for it each time."""
    try:
        allowed(environ)
    except ProgramRefused as mistake:
        return [str(mistake)]
    return []


def _url(environ: Mapping[str, str], mistakes: list[str]) -> str:
    text = environ.get("FAHRWERK_TRACKER_URL", "").strip().rstrip("/")
    if not text:
        mistakes.append("FAHRWERK_TRACKER_URL is missing: set it to the tracker's address, like http://tracker:8020")
        return ""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        mistakes.append("FAHRWERK_TRACKER_URL must look like http://host:port, without user, query and fragment")
    return text.removesuffix("/rpc")


def _secret(environ: Mapping[str, str], mistakes: list[str]) -> str:
    """Read the secret itself, or from the file that FAHRWERK_SECRET_FILE names."""
    secret, file = environ.get("FAHRWERK_SECRET", ""), environ.get("FAHRWERK_SECRET_FILE", "")
    if secret and file:
        mistakes.append("FAHRWERK_SECRET and FAHRWERK_SECRET_FILE are both set: keep one")
    elif file:
        try:
            secret = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"FAHRWERK_SECRET_FILE names {file}, which cannot be read: {error}")
            return ""
    if not secret:
        mistakes.append("FAHRWERK_SECRET is missing: set it to the tracker's FAHRWERK_SECRET")
    return secret


def _host(environ: Mapping[str, str], mistakes: list[str]) -> str:
    """Return the base of the worker's name, which has to tell this machine from all others that work."""
    host = environ.get("FAHRWERK_WORKER_HOST", "").strip() or own_name(socket.getfqdn(), socket.gethostname())
    if not HOST.fullmatch(host):
        mistakes.append(f"FAHRWERK_WORKER_HOST is {host[:60]!r}, which is no host name like encoder.example.org")
    elif _is_localhost(host) and not _on_loopback(environ.get("FAHRWERK_TRACKER_URL", "")):
        mistakes.append(
            f"FAHRWERK_WORKER_HOST: this machine calls itself {host}, as others do, and two of them would pass for one "
            "worker: set FAHRWERK_WORKER_HOST to this machine's name, like encoder.example.org"
        )
    return host


def own_name(full: str, short: str) -> str:
    """Return the *full* name of a machine, the *short* one where the full one is that of every machine."""
    return short if _is_localhost(full) else full


def _is_localhost(host: str) -> bool:
    return host.lower().startswith("localhost")


def _on_loopback(url: str) -> bool:
    """Tell whether the tracker runs on this machine, so that no other machine's workers can be mistaken for ours."""
    try:
        name = urlsplit(url.strip()).hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _roots(environ: Mapping[str, str], mistakes: list[str]) -> tuple[Path, ...]:
    texts = [text for text in environ.get("FAHRWERK_WORKER_ROOTS", "").split(os.pathsep) if text.strip()]
    if not texts:
        mistakes.append("FAHRWERK_WORKER_ROOTS is missing: name the folders all work lies under, like /video")
    return tuple(root for root in (_root(text.strip(), mistakes) for text in texts) if root is not None)


def _root(text: str, mistakes: list[str]) -> Path | None:
    if not text.startswith("/"):
        mistakes.append(f"FAHRWERK_WORKER_ROOTS names {text}, which is no absolute path")
        return None
    root = Path(text).resolve()
    if root == Path("/"):
        mistakes.append("FAHRWERK_WORKER_ROOTS names /: name the folder of the video files only")
    elif not root.is_dir():
        mistakes.append(f"FAHRWERK_WORKER_ROOTS names {text}, which is no folder here: mount or create it")
    return root


def _number(
    environ: Mapping[str, str],
    name: str,
    default: Number,
    kind: Callable[[str], Number],
    mistakes: list[str],
    *,
    least: float,
) -> Number:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = kind(text)
    except ValueError:
        mistakes.append(f"{name} is {text!r}, which is no number")
        return default
    if not least <= value < 10**9:
        mistakes.append(f"{name} is {text}: it must be at least {least:g}")
    return value
