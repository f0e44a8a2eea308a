"""How fast the pages answer: lists, search and tickets by HTTP from a real server, the cut page in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bench.dispatch import places
from bench.pages import cut, http

LONG_S, SEEKS, VISITS, ROUNDS = 90 * 60, 40, 5, 20
QUICK_S, QUICK_SEEKS, QUICK_VISITS, QUICK_ROUNDS = 10 * 60, 10, 2, 5


def table(folder: Path, sizes: tuple[int, ...], *, quick: bool = False) -> Iterator[str]:
    """Measure, and yield the lines of the tables; *quick* with a short recording and few turns."""
    seconds, seeks, visits = (QUICK_S, QUICK_SEEKS, QUICK_VISITS) if quick else (LONG_S, SEEKS, VISITS)
    mount = folder / "mount"
    mount.mkdir()
    yield f"load of the machine before: {os.getloadavg()[0]:.1f}; {os.cpu_count()} cores"
    yield from cut.film(mount, seconds)
    with places(folder, sizes, {"MEDIA_ROOTS": str(mount)}) as found:
        for place in found:
            http.enliven(place)
        yield from cut.table(found[0], mount, seeks, visits)
        yield ""
        yield from http.table(found, QUICK_ROUNDS if quick else ROUNDS)
    yield f"load of the machine after: {os.getloadavg()[0]:.1f}"
