"""The room that is left for the room recorders: a worker takes no new work below the configured reserve."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.media.files import free_bytes

MB = 1024 * 1024
MEANWHILE = "No work is taken meanwhile."


@dataclass(frozen=True)
class Shortage:
    """The mount that is missing or too full, and a sentence that says how much and what to do."""

    mount: Path
    sentence: str


def shortage(roots: Iterable[Path], reserve_mb: int) -> Shortage | None:
    """Return what keeps a worker from taking work, None when there is room everywhere."""
    for root in roots:
        try:
            root.stat()
            free_mb = free_bytes(root) / MB
        except OSError as error:
            return Shortage(root, f"{root} cannot be read ({error.strerror}): mount it again. {MEANWHILE}")
        if free_mb < reserve_mb:
            mount = mount_of(root)
            return Shortage(
                mount,
                f"{mount} has only {int(free_mb)} MB left and FAHRWERK_RESERVE_MB keeps {reserve_mb} MB for the "
                f"recorders: make room there. {MEANWHILE}",
            )
    return None


def mount_of(path: Path) -> Path:
    """Return the mount point *path* lies on."""
    path = path.resolve()
    while not os.path.ismount(path):
        path = path.parent
    return path
