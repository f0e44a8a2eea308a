"""Percent on a terminal: a bar when somebody is watching, a few plain lines otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging import Handler, StreamHandler, getLogger
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

log = getLogger(__name__)

STEP = 25


def watched() -> bool:
    """Tell whether the output goes to a person's terminal."""
    return sys.stderr.isatty()


def handler() -> Handler:
    """Return the log handler that fits: plain lines, or lines that leave the bar alone."""
    if not watched():
        return StreamHandler()
    from rich.logging import RichHandler  # loaded only for people

    return RichHandler(console=_console(), show_path=False, markup=False)


@contextmanager
def showing(label: str) -> Iterator[Callable[[float], None]]:
    """Show the progress of one ticket while the block runs; yields what takes the percent (0 to 100)."""
    if watched():
        with _bar(label) as update:
            yield update
    else:
        yield _Lines(label)


class _Lines:
    """Logs a line whenever another quarter is reached."""

    def __init__(self, label: str) -> None:
        self._label, self._next = label, STEP

    def __call__(self, percent: float) -> None:
        if percent >= self._next:
            log.info("%s: %d %%", self._label, percent)
            self._next = (int(percent) // STEP + 1) * STEP


@contextmanager
def _bar(label: str) -> Iterator[Callable[[float], None]]:
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_console(), transient=True) as progress:
        task = progress.add_task(escape(label), total=100)

        def update(percent: float) -> None:
            progress.update(task, completed=percent)

        yield update


def _console() -> Console:
    from rich import get_console

    return get_console()


def printable(text: str) -> str:
    """Return *text* without what could move a terminal's cursor."""
    return "".join(char if char.isprintable() else "?" for char in text)
