"""Seconds by the clock and of the processor, children included."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Spent(NamedTuple):
    """What a piece of work took: seconds by the clock, seconds of the processor."""

    wall_s: float
    cpu_s: float


def spent(work: Callable[[], T]) -> tuple[T, Spent]:
    """Do a piece of work; return its result and what it took, the programs it ran included."""
    wall, cpu = time.perf_counter(), _cpu()
    done = work()
    return done, Spent(time.perf_counter() - wall, _cpu() - cpu)


def _cpu() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def row(what: str, took: Spent, other: str = "", ratio: float | None = None) -> str:
    """Return a row of the table."""
    return f"| {what} | {took.wall_s:.1f} | {took.cpu_s:.1f} | {other} | {'' if ratio is None else f'{ratio:.4f}'} |"
