"""Distinct names for any number of workers on one host; a restarted one gets its old name back."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?\Z")
MOST_WORKERS = 1000


class NameTaken(Exception):
    """Another process on this host works under the wanted name."""


@dataclass
class Name:
    """A worker's FQDN and the open lock file that keeps it ours until the process ends."""

    fqdn: str
    label: str
    _lock: IO[bytes]

    def release(self) -> None:
        """Let another process have the name."""
        self._lock.close()


def mangled(host: str, label: str) -> str:
    """Put *label* into the first label of *host*: ``cube.example.org`` and ``encoder1`` give
    ``cube-encoder1.example.org`` (seed 003: several clients per host).
    """
    first, dot, domain = host.partition(".")
    return f"{first}-{label}{dot}{domain}"


def claim(host: str, kind: str, folder: Path, *, label: str | None = None) -> Name:
    """Take the name *label*, or the lowest free ``<kind><n>``, by a lock in *folder*.

    Raise NameTaken when *label* is in use, ValueError when it cannot be part of a host name.
    """
    if label is not None:
        if not LABEL.match(label):
            raise ValueError(f"The name {label!r} cannot be part of a host name: use letters, digits and hyphens.")
        return _lock(host, label, folder) or _refuse(label, folder)
    for number in itertools.takewhile(lambda n: n <= MOST_WORKERS, itertools.count(1)):
        if name := _lock(host, f"{kind}{number}", folder):
            return name
    raise NameTaken(f"All {MOST_WORKERS} names {kind}1, {kind}2 ... are in use ({folder}).")


def _refuse(label: str, folder: Path) -> Name:
    raise NameTaken(f"Another worker on this host is called {label}: stop it or choose another --name ({folder}).")


def _lock(host: str, label: str, folder: Path) -> Name | None:
    lock = (folder / f"{label}.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return Name(mangled(host, label), label, lock)


def runtime_folder(environ: Mapping[str, str]) -> Path:
    """Return this user's own folder for lock files, made when absent (mode 0700).

    systemd's RUNTIME_DIRECTORY, else XDG_RUNTIME_DIR, else the folder for temporary files. Raise NameTaken when
    somebody else owns it.
    """
    given = environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or environ.get("XDG_RUNTIME_DIR", "")
    base = Path(given) if given and Path(given).is_dir() else Path(tempfile.gettempdir())
    folder = base / f"fahrwerk-workers-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid():
        raise NameTaken(f"{folder} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR to a folder of yours.")
    return folder
