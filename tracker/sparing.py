"""Answers that are kept for a while when finding them took long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

SHARE = 0.05
"""The share of a process's time that finding one answer anew may take."""
LONG_S = 1.0
"""What is found sooner is never kept: it is always of this moment."""


class Sparing(Generic[K, V]):
    """What was found for each key, for so long that looking for it takes no more than SHARE of the time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing; *clock* counts seconds."""
        self._clock = clock
        self._kept: dict[K, tuple[float, V]] = {}

    def get(self, key: K, find: Callable[[], V]) -> V:
        """Return what is kept, else what *find* returns."""
        began = self._clock()
        until, value = self._kept.get(key, (began, None))
        if value is not None and began < until:
            return value
        found = find()
        took = self._clock() - began
        if took >= LONG_S:
            self._kept[key] = (began + took / SHARE, found)
        else:
            self._kept.pop(key, None)
        return found
