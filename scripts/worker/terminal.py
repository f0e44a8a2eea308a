"""Percent on a terminal: a bar when somebody is watching, a few plain lines otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging import Handler, StreamHandler, getLogger
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

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
        with _BARS.one(label) as update:
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


class _Bars:
    """All bars of this process: a terminal has room for one display, which has a line for each ticket."""

    def __init__(self) -> None:
        self._guard, self._progress, self._shown = Lock(), None, 0

    _progress: Progress | None
    _shown: int

    @contextmanager
    def one(self, label: str) -> Iterator[Callable[[float], None]]:
        from rich.markup import escape

        with self._guard:
            progress = self._progress = self._progress or self._display()
            task = progress.add_task(escape(label), total=100)
            self._shown += 1
        try:
            yield lambda percent: progress.update(task, completed=percent)
        finally:
            with self._guard:
                progress.remove_task(task)
                self._shown -= 1
                if not self._shown:
                    progress.stop()
                    self._progress = None

    def _display(self) -> Progress:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        progress = Progress(*columns, console=_console(), transient=True)
        progress.start()
        return progress


_BARS = _Bars()


def _console() -> Console:
    from rich import get_console

    return get_console()


def printable(text: str) -> str:
    """Return *text* without what could move a terminal's cursor."""
    return "".join(char if char.isprintable() else "?" for char in text)
