"""Where the files of a job really are: results and temporary files bear part names until all is proven."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from scripts.media.files import drop_parts, inside, partial
from scripts.media.jobfile import JobfileError, Task


class JobPlaces:
    """Keeps the files of a job inside *roots*; results get their names when *stack* is left without an error."""

    def __init__(
        self,
        roots: Sequence[Path],
        attempt: str | int,
        stack: ExitStack,
        confirm: Callable[[], None] | None = None,
    ) -> None:
        """Begin with no file known. *confirm* is asked before a result gets its name; it may raise."""
        self._roots, self._attempt, self._stack, self._confirm = roots, attempt, stack, confirm
        self._parts: dict[Path, Path] = {}

    def commands(self, task: Task) -> list[list[str]]:
        """Return the commands of *task* with the names to use now. Raise PathRefused, and JobfileError for a file that
        is read and not there.
        """
        for path in task.files("out"):
            self._write(inside(self._roots, path))
        for path in task.files("tmp"):
            self._write(inside(self._roots, path), temporary=True)
        return [command.argv(self._place) for command in task.commands]

    def part_of(self, target: Path) -> Path:
        """Return the part that becomes *target*. Raise JobfileError when no task writes it."""
        if target not in self._parts:
            raise JobfileError(
                f'The job does not write {target}: name it as <option filetype="out"> in the profile\'s template.'
            )
        return self._parts[target]

    def _write(self, path: Path, *, temporary: bool = False) -> None:
        if path in self._parts:
            return
        if temporary:
            drop_parts(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = self._parts[path] = path.with_name(f".{path.stem}.{self._attempt}.part{path.suffix}")
            self._stack.callback(drop_parts, path)
            self._stack.callback(_drop_logs, part)
        else:
            self._parts[path] = self._stack.enter_context(partial(path, self._attempt, self._confirm))

    def _place(self, path: Path) -> Path:
        real = inside(self._roots, path)
        if real not in self._parts and not real.is_file():
            raise JobfileError(
                f"The job reads {path}, which is not there: move the recording ticket back to 'cut', so that script C "
                "makes the cut master anew, or correct the profile's template."
            )
        return self._parts.get(real, real)


def _drop_logs(part: Path) -> None:
    """Remove what ffmpeg makes of the name behind -passlogfile."""
    for log in part.parent.glob(f"{glob.escape(part.name)}-*.log*"):
        log.unlink(missing_ok=True)
