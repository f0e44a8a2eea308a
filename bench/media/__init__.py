"""``python -m bench media``: what cutting, merging and encoding costs; prints a Markdown table.

Everything is made in a scratch folder (about 2 GB) and takes some CPU minutes, most of them for the full cut; a quick
run encodes 15 seconds once, and cuts nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.media import cutting, encoding, merging

HEAD = "| what | clock s | CPU s | compared with | ratio of CPU |\n|---|---|---|---|---|"


def rows(folder: Path, *, quick: bool = False) -> Iterator[str]:
    """Measure in an empty folder; yield rows of the table as they come."""
    if not quick:
        yield from merging.rows(folder)
        yield from cutting.rows(folder)
    yield from encoding.rows(folder / "encoding", encoding.Size(15, 1) if quick else encoding.Size())


def main(*, quick: bool = False) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="fahrwerk-bench-") as folder:
        print(HEAD)
        for row in rows(Path(folder), quick=quick):
            print(row, flush=True)
