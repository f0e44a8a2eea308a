"""Files on the mount: whole or not there under their final name, and never outside the folders they may lie in."""

import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_ATTEMPT = re.compile(r"[A-Za-z0-9_-]{1,40}")

_PART = re.compile(r"\.(?P<stem>.+)\.[A-Za-z0-9_-]{1,40}\.part(?P<suffix>\.[^.]*|)")


class PathRefused(Exception):
    """A path leads out of the folders work may lie in."""


class NothingWritten(Exception):
    """A program ended without an error and without a result."""


@contextmanager
def partial(path: Path, attempt: str | int, confirm: Callable[[], None] | None = None) -> Iterator[Path]:
    """Yield the name to write to; when the block ends well, make it `path`, else drop it.

    The name is `.<stem>.<attempt>.part.<extension>` beside `path`, so the rename is atomic and ffmpeg still knows the
    format. Parts that older attempts left for the same `path` are removed first. The content is on the disk before it
    has its name. *confirm* is asked between the two, for the first may take long; what it raises drops the part, too.
    Raise NothingWritten when the block wrote nothing, ValueError for an attempt no name can carry.
    """
    if not _ATTEMPT.fullmatch(str(attempt)):
        raise ValueError(f"{attempt!r} cannot be part of a file name: letters, digits, '_' and '-' are.")
    path.parent.mkdir(parents=True, exist_ok=True)
    drop_parts(path)
    part = path.with_name(f".{path.stem}.{attempt}.part{path.suffix}")
    try:
        yield part
        if not part.is_file() or part.stat().st_size == 0:
            raise NothingWritten(f"Nothing was written for {path.name}.")
        sync(part)
        if confirm is not None:
            confirm()
        part.replace(path)
        sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def final_name(path: Path) -> str:
    """Return the name a file has or will have: messages should not speak of parts."""
    name = path.name
    while match := _PART.fullmatch(name):  # also the part of a part
        name = f"{match['stem']}{match['suffix']}"
    return name


def drop_parts(path: Path) -> None:
    """Remove what unfinished attempts at `path` left behind."""
    head, tail = f".{path.stem}.", f".part{path.suffix}"
    for entry in path.parent.iterdir() if path.parent.is_dir() else ():
        name = entry.name
        if name.startswith(head) and name.endswith(tail) and _ATTEMPT.fullmatch(name[len(head) : -len(tail)]):
            entry.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def inside(roots: Path | Sequence[Path], path: str | os.PathLike[str]) -> Path:
    """Resolve a path, symbolic links included, and refuse what lies in none of the roots (PathRefused).

    The path need not exist. A relative one counts from the root, if there is just one.
    """
    folders = [roots] if isinstance(roots, Path) else list(roots)
    asked = os.fspath(path)
    try:
        if len(folders) == 1:
            asked = os.path.join(folders[0], asked)
        resolved = Path(asked).resolve()
        allowed = [folder.resolve() for folder in folders]
    except (ValueError, OSError, RuntimeError) as error:  # a null byte, a name too long, links in a circle
        raise PathRefused(f"{os.fspath(path)!r} is no usable path: {error}.") from error
    if not os.path.isabs(asked):
        raise PathRefused(f"{asked!r} is no absolute path; give the whole path.")
    if not any(resolved.is_relative_to(folder) for folder in allowed):
        names = ", ".join(map(str, folders)) or "no folder at all"
        raise PathRefused(f"{asked!r} leads to {resolved}, outside of the folders work may lie in ({names}).")
    return resolved


def free_bytes(path: Path) -> float:
    """Tell how many bytes can still be written where `path` is or will be; infinitely many where a mount tells none."""
    while not path.exists() and path != path.parent:
        path = path.parent
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize if state.f_blocks else math.inf
