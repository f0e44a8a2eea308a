"""A folder of links for one run of ffmpeg, on this host: a mount need not know symbolic links."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "fahrwerk-cut-"
_YOUNG_S = 60.0
"""A folder that was made just now may not be locked yet."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new folder that goes when the block ends; those that killed processes left behind are removed first.

    Its process holds a lock on it, so that the folder of one that lives is told from a leftover.
    """
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(descriptor)


def sweep(place: Path) -> None:
    """Remove what nobody holds any more; what belongs to another user or cannot be removed stays."""
    for folder in place.glob(f"{PREFIX}*"):
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            if _is_leftover(descriptor):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


def _is_leftover(descriptor: int) -> bool:
    state = os.fstat(descriptor)
    if state.st_uid != os.getuid() or time.time() - state.st_mtime < _YOUNG_S:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
