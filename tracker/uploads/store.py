"""The files of uploads: `<key>.part` while pieces arrive, `<key><suffix>` once it is whole. The file tells how far."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from scripts.media.files import free_bytes
from tracker.errors import Conflict, InvalidInput

KEY = re.compile(r"[A-Za-z0-9_-]{22}\Z")
SUFFIXES = (".ts", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mxf", ".mpg", ".mpeg", ".dv", ".ogv")
BLOCK = 256 * 1024
RESERVE = 1 << 30
"""Bytes that stay free: a full mount stops every script."""


def suffix_of(name: str) -> str:
    """Return the ending that a stored file gets; '' for one that no recording has."""
    found = Path(name).suffix.lower()
    return found if found in SUFFIXES else ""


def part(folder: Path, key: str) -> Path:
    """Return where the pieces of an upload are put together."""
    if not KEY.match(key):
        raise InvalidInput(f"{key[:30]!r} names no upload.", "key")
    return folder / f"{key}.part"


def whole(folder: Path, key: str, name: str) -> Path:
    """Return where the whole file lies in the end."""
    return part(folder, key).with_name(key + suffix_of(name))


def begin(folder: Path, key: str) -> None:
    """Make the empty file of a new upload."""
    os.close(os.open(part(folder, key), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))


def room_for(folder: Path, size: int) -> bool:
    """Tell whether *size* more bytes fit into the folder with some to spare."""
    return free_bytes(folder) - RESERVE > size


def received(folder: Path, key: str, name: str, size: int) -> int:
    """Return how many bytes of an upload are there."""
    if whole(folder, key, name).is_file():
        return size
    try:
        return min(part(folder, key).stat().st_size, size)
    except FileNotFoundError:
        return 0


def touched(folder: Path, key: str, name: str) -> float:
    """Return when the last piece of an upload came, in seconds since 1970; 0 when nothing is there."""
    for path in (whole(folder, key, name), part(folder, key)):
        if path.is_file():
            return path.stat().st_mtime
    return 0.0


@contextmanager
def _alone(path: Path) -> Iterator[IO[bytes]]:
    """Open a part for appending. Raises Conflict while another request writes to it or when it is gone."""
    if not path.is_file():
        raise Conflict("The pieces of this upload are gone; begin it again.")
    with open(path, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("Another piece of this file is being written just now; try again in a moment.") from None
        yield file


def append(folder: Path, key: str, size: int, offset: int, stream: IO[bytes]) -> int:
    """Write what *stream* brings from *offset* on, up to *size* bytes in all; return how many are there then.

    What arrived before a connection broke stays. Raises Conflict unless *offset* is where the part ends.
    """
    with _alone(part(folder, key)) as file:
        end = file.seek(0, os.SEEK_END)
        if end != offset:
            raise Conflict(f"{end} bytes are there, not {offset}; go on from {end}.")
        try:
            while end < size and (block := stream.read(min(BLOCK, size - end))):
                file.write(block)
                end += len(block)
        finally:
            file.flush()
            os.fsync(file.fileno())
        return end


def complete(folder: Path, key: str, name: str) -> Path:
    """Give the whole file its final name, for good, and return it."""
    source, target = part(folder, key), whole(folder, key, name)
    if source.exists():
        os.replace(source, target)
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return target


def remove(folder: Path, key: str, name: str) -> None:
    """Delete what there is of an upload."""
    part(folder, key).unlink(missing_ok=True)
    whole(folder, key, name).unlink(missing_ok=True)
