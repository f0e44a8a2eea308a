"""The ledger of a job: a folder with the plan, a record for each chunk that is done, and a beat for each run.

The plan is written once and never changed; a record appears at once or not at all, and the first one counts. So a
run that is killed loses what it was at, nothing else, and two that work on the same job cannot harm each other.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.media.chunks.plan import SUFFIX, Plan
from scripts.media.files import sync

PLAN, REST = "plan.json", "rest"
SILENT_S = 60.0
"""Seconds without a beat after which a run is over: the process that led it is gone."""
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS)
_RECORD = re.compile(r"(\d{5}|rest)\.json")


@dataclass(frozen=True)
class Record:
    """A chunk that is done: its file, bytes, pictures, and a name for the headers of its codec."""

    file: str
    size: int
    frames: int
    headers: str


class Ledger:
    """What is planned and done of one job, in *folder* on the mount."""

    def __init__(self, folder: Path) -> None:
        """Look at *folder*; nothing is read yet."""
        self.folder = folder

    # -- the plan

    def adopt(self, wanted: Plan) -> Plan:
        """Return the plan to work by: the one that is there when it is for the same job, else *wanted*, begun anew."""
        try:
            found = self.plan()
            if found.key == wanted.key:
                return found
        except (OSError, ValueError):
            pass
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write(PLAN, wanted.to_json())
        return self.plan()

    def plan(self) -> Plan:
        """Read the plan. Raise OSError, ValueError."""
        return Plan.from_json((self.folder / PLAN).read_text(encoding="utf-8"))

    # -- records

    def record(self, name: str) -> Record | None:
        """Return the record of a chunk (or of the rest) whose file is there, whole; None when it is to be made."""
        try:
            data: Any = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            found = Record(**data)
            return found if (self.folder / found.file).stat().st_size == found.size else None
        except (OSError, ValueError, TypeError):
            return None

    def chunk(self, plan: Plan, number: int) -> Record | None:
        """Return the record of a chunk, which has to have the planned number of pictures."""
        found = self.record(chunk_name(number))
        return found if found and found.frames == plan.planned[number] else None

    def todo(self, plan: Plan) -> list[int]:
        """List the chunks that are not done. It looks at the files each time and remembers nothing."""
        return [number for number in range(plan.count) if self.chunk(plan, number) is None]

    def part(self, name: str, suffix: str = SUFFIX) -> Path:
        """Return a name to write to that nobody else uses."""
        return self.folder / f".{name}.{uuid.uuid4().hex[:12]}.part{suffix}"

    def settle(self, name: str, part: Path, frames: int, headers: str) -> bool:
        """Make *part* what stands for a chunk, once it is on the disk; drop it and return False if one is there."""
        sync(part)
        file = part.with_name(part.name.removeprefix(".").replace(".part", ""))
        part.replace(file)
        record = Record(file.name, file.stat().st_size, frames, headers)
        if self.record(name) is None:
            (self.folder / f"{name}.json").unlink(missing_ok=True)  # of a file that is gone or cut short
            if self._write(f"{name}.json", json.dumps(asdict(record))):
                return True
        file.unlink(missing_ok=True)
        return False

    def forget(self, name: str) -> None:
        """Have a chunk made anew."""
        (self.folder / f"{name}.json").unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> bool:
        """Write a file that appears whole, unless there is one already; tell whether it was written."""
        part = self.folder / f".{name}.{uuid.uuid4().hex[:12]}.part"
        part.write_text(text, encoding="utf-8")
        sync(part)
        try:
            os.link(part, self.folder / name)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            part.replace(self.folder / name)  # a mount without links: nearly as good
        finally:
            part.unlink(missing_ok=True)
        sync(self.folder)
        return True

    # -- runs

    def begin_run(self) -> str:
        """Begin a run, which ends all others; sweep what they left. Return its name."""
        for path in self.folder.iterdir():
            if path.suffix == ".beat" or (path.name.startswith(".") and ".part" in path.name):
                path.unlink(missing_ok=True)
        kept = {found.file for path in self.folder.iterdir() if (found := self._recorded(path))}
        for path in self.folder.iterdir():
            if path.suffix != ".json" and path.name not in kept:
                path.unlink(missing_ok=True)
        run = uuid.uuid4().hex[:12]
        (self.folder / f"{run}.beat").write_text("0")
        return run

    def _recorded(self, path: Path) -> Record | None:
        match = _RECORD.fullmatch(path.name)
        return self.record(match[1]) if match else None

    def beat(self, run: str) -> bool:
        """Show that the one who leads *run* is alive; False when another run took over."""
        try:
            with (self.folder / f"{run}.beat").open("r+") as file:
                file.write(str(time.time_ns()))
        except FileNotFoundError:
            return False
        return True

    def end_run(self, run: str) -> None:
        """End a run: whatever still works for it stops."""
        (self.folder / f"{run}.beat").unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder: the result stands."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Pulse:
    """Watches the beat of a run from wherever a chunk is encoded; clocks of different hosts are never compared."""

    def __init__(self, ledger: Ledger, run: str) -> None:
        """Watch *run*."""
        self._path = ledger.folder / f"{run}.beat"
        self._last, self._heard = "", time.monotonic()

    def is_over(self) -> bool:
        """Tell whether the run ended, or nobody has led it for a minute."""
        try:
            found = self._path.read_text()
        except FileNotFoundError:
            return True
        except OSError:  # the mount is away for a moment
            found = self._last
        if found != self._last:
            self._last, self._heard = found, time.monotonic()
        return time.monotonic() - self._heard > SILENT_S


def chunk_name(number: int) -> str:
    """Return the name of a chunk in the ledger."""
    return f"{number:05}"
