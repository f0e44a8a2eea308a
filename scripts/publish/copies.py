"""Copies that are proven: hashed while written, read back from the disk, and only then given their name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scripts.media.ffmpeg import Stopped
from scripts.media.files import partial

BLOCK = 4 * 1024 * 1024


class ChecksumDiffers(Exception):
    """A file is not the one it should be; the sentence names it and the remedy."""


@dataclass(frozen=True)
class Copied:
    """What a file holds: SHA-256 in hex, and bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Watcher:
    """Takes progress (percent) and is asked whether to stop."""

    percent: Callable[[float], None]
    halted: Callable[[], bool]

    def part(self, begin: float, end: float) -> Watcher:
        """Return a watcher whose 0 to 100 is *begin* to *end* of this one."""
        return Watcher(lambda value: self.percent(begin + (end - begin) * value / 100), self.halted)


def copy(source: Path, target: Path, watcher: Watcher) -> Copied:
    """Write *source* to *target*, hashing on the way; the content is on the disk then. Raise Stopped, OSError."""
    total, size, digest = source.stat().st_size, 0, hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        for block in _blocks(reading, watcher):
            writing.write(block)
            digest.update(block)
            size += len(block)
            watcher.percent(100 * size / max(total, size))
        writing.flush()
        os.fsync(writing.fileno())
    return Copied(digest.hexdigest(), size)


def measure(path: Path, watcher: Watcher) -> Copied:
    """Read a file, from the disk and not from memory where the system allows, and return what it holds."""
    total, size, digest = path.stat().st_size, 0, hashlib.sha256()
    with path.open("rb") as reading:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(reading.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        for block in _blocks(reading, watcher):
            digest.update(block)
            size += len(block)
            watcher.percent(100 * size / max(total, size))
    return Copied(digest.hexdigest(), size)


def _blocks(reading: BinaryIO, watcher: Watcher) -> Iterator[bytes]:
    while block := reading.read(BLOCK):
        if watcher.halted():
            raise Stopped("The copy was broken off on request.")
        yield block


def copy_proven(source: Path, part: Path, watcher: Watcher, *, expected: str = "") -> Copied:
    """Copy *source* to *part* and read the copy back. Raise ChecksumDiffers when either is not as *expected*."""
    copied = copy(source, part, watcher.part(0, 60))
    if expected and copied.sha256 != expected:
        raise ChecksumDiffers(
            f"{source} has SHA-256 {copied.sha256[:16]}…, Release.SHA256 says {expected[:16]}…: it is not the file "
            "that was postprocessed. Move the ticket back to 'checked'."
        )
    if measure(part, watcher.part(60, 100)) != copied:
        raise ChecksumDiffers(
            f"The copy of {source} in {part.parent} reads back differently: check the disk, then reset the ticket."
        )
    return copied


def sidecar(path: Path) -> Path:
    """Return where the checksum of *path* is kept."""
    return path.with_name(path.name + ".sha256")


def write_sidecar(path: Path, sha256: str, attempt: str | int) -> None:
    """Write the checksum beside *path*, in the form ``sha256sum --check`` reads."""
    with partial(sidecar(path), attempt) as part:
        part.write_text(f"{sha256}  {path.name}\n", encoding="utf-8")
