"""Scratch folders that another user may pass through: as root, PostgreSQL runs as a user of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder with a short name, open for passing through, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="fahrwerk-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
