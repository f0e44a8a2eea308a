"""What is public: a hidden note per file that says whose it is. The notes decide who may replace or remove a file.

The public folder may be shared by projects and by any number of scripts on several hosts; whoever changes it holds the
lock. A note is written before its file appears and removed after it went, so no public file is ever without one.
"""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.media.ffmpeg import Stopped
from scripts.media.files import partial, sync
from scripts.publish import subtitles
from scripts.publish.copies import sidecar
from scripts.publish.entry import Entry

log = logging.getLogger(__name__)

NOTES, LOCK, USED = ".meta", ".lock", ".used"
_RETRY_S = 0.1


class NotOurs(Exception):
    """A file of that name is public already and belongs to another ticket or to nobody known."""


class Catalogue:
    """The public folder and its notes."""

    def __init__(self, folder: Path) -> None:
        """Look after *folder*, which exists."""
        self.folder = folder
        self._notes = folder / NOTES

    @contextmanager
    def locked(self, halted: Callable[[], bool]) -> Iterator[None]:
        """Hold the folder's lock during the block. Raise Stopped when asked to stop while waiting."""
        self._notes.mkdir(exist_ok=True)
        with (self._notes / LOCK).open("ab") as lock:
            while not _try_lock(lock.fileno()):
                if halted():
                    raise Stopped("Broken off on request while another script changed the public folder.")
                time.sleep(_RETRY_S)
            yield

    def is_there(self) -> bool:
        """Tell whether something was ever released into this folder; nothing was into an empty mount point."""
        return (self._notes / USED).exists() or any(self._notes.glob("*.json"))

    def entries(self) -> list[Entry]:
        """Return the notes whose file is there, by name."""
        found = (self._read(path) for path in sorted(self._notes.glob("*.json")))
        return [entry for entry in found if entry and (self.folder / entry.name).is_file()]

    def of_ticket(self, project: str, ticket: int) -> list[Entry]:
        """Return all notes of a ticket, also those whose file never appeared or is gone already."""
        found = (self._read(path) for path in sorted(self._notes.glob("*.json")))
        return [entry for entry in found if entry and (entry.project, entry.ticket) == (project, ticket)]

    def check_free(self, name: str, project: str, ticket: int) -> None:
        """Make sure that *name* may be written for the ticket. Raise NotOurs."""
        owner = self._read(self._note(name))
        if owner and (owner.project, owner.ticket) == (project, ticket):
            return
        if owner and (self.folder / name).exists():
            raise NotOurs(
                f"{self.folder / name} belongs to ticket {owner.ticket} of {owner.project} ({owner.title}): "
                "give one of the talks another slug or language, or revert that release first."
            )
        if owner is None and (self.folder / name).exists():
            raise NotOurs(
                f"{self.folder / name} exists and no script put it there: move it away, then reset the ticket."
            )

    def put(self, entry: Entry, attempt: str | int) -> None:
        """Note whose file *entry.name* is, before the file appears."""
        (self._notes / USED).touch()
        with partial(self._note(entry.name), attempt) as part:
            part.write_text(entry.to_json(), encoding="utf-8")

    def remove(self, entry: Entry) -> None:
        """Remove the file, its checksum, its subtitles and, last, the note."""
        (self._notes / USED).touch()
        file = self.folder / entry.name
        for path in (file, sidecar(file), *subtitles.beside(file)):
            path.unlink(missing_ok=True)
        sync(self.folder)
        self._note(entry.name).unlink(missing_ok=True)

    def _note(self, name: str) -> Path:
        return self._notes / f"{name}.json"

    def _read(self, path: Path) -> Entry | None:
        """Read a note; one that is broken or speaks of another file owns nothing."""
        try:
            entry = Entry.from_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            log.warning("%s is no note of a release (%s)", path, error)
            return None
        return entry if path == self._note(entry.name) else None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
