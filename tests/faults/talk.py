"""A talk of a test's own, and the scripts that work on it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from scripts.publish.copies import write_sidecar
from tracker import properties, queries, tickets
from tracker.models import LogEntry, Ticket

if TYPE_CHECKING:
    from tests.faults.works import Works

SLUG, VIDEO, SOUND = "faults", "hd", "mp3"
T = TypeVar("T")

TIMELINE = (
    *("timeline.json", "index.m3u8", "peaks.json", "peaks.bin", "thumbs.jpg", "thumbs.json"),
    *("recording.ffconcat", "recording.mlt", "recording.kdenlive"),
)
MERGED = tuple(
    f"Record.{name}"
    for name in ("Starttime", "Stoptime", "Room", "DurationFrames", "DurationSeconds", "Framerate", "Holes")
)
CUT = ("Record.Cutin", "Record.Cutout", "Record.Language", "Record.AVDelay")
COPIED = tuple(
    f"Record.{name}"
    for name in ("Cutintime", "Cutouttime", "Cutinseconds", "Cutoutseconds", "Cutdiffseconds", "Cutdiffframes")
)
ENCODED = ("Encoding.Frames", "Encoding.Seconds", "Encoding.Bytes", "Encoding.Cut")
POSTPROCESSED = ("Release.SHA256", "Release.Bytes")


@dataclass(frozen=True)
class Script:
    """A script that takes tickets: the states before, while and after it worked, and the properties it writes."""

    kind: str
    before: str
    during: str
    after: str
    writes: tuple[str, ...] = ()


SCRIPTS = {
    script.kind: script
    for script in (
        Script("merge", "recorded", "merging", "merged", MERGED),
        Script("copy", "cut", "copying", "copied", COPIED),
        Script("encode", "ready to encode", "encoding", "encoded", ENCODED),
        Script("postprocess", "checked", "postprocessing", "postprocessed"),
        Script("release", "ready to release", "releasing", "released"),
    )
}
OF_RECORDING = ("scheduled", "recorded", "cut")
GIVEN = {
    "scheduled": (),
    "recorded": (),
    "cut": MERGED + CUT,
    "ready to encode": COPIED,
    "checked": ENCODED,
    "ready to release": POSTPROCESSED,
}
"""State -> what is known in it beyond the states before, in order."""


@dataclass(frozen=True)
class Talk:
    """A talk, and what the tracker and the mount have of it and of nothing else."""

    works: Works
    id: int
    children: Mapping[str, int]
    number: int

    def ticket(self, which: str = "") -> int:
        """Return the number of the recording ticket, or of the encoding ticket for a profile."""
        return self.children[which] if which else self.id

    def of(self, script: Script) -> int:
        """Return the number of the ticket that *script* works on."""
        return self.id if script.before in OF_RECORDING else self.children[VIDEO]

    def look(self, number: int, what: Callable[[Ticket], T]) -> T:
        """Look at a ticket of the talk."""
        with self.works.app.app_context():
            return what(tickets.get(number))

    def state(self, which: str = "") -> str:
        """Return the state of a ticket."""
        return self.look(self.ticket(which), lambda ticket: ticket.state)

    def state_of(self, script: Script) -> str:
        """Return the state of the ticket that *script* works on."""
        return self.look(self.of(script), lambda ticket: ticket.state)

    def failed(self) -> bool:
        """Tell whether a ticket of the talk failed."""
        return any(self.look(number, lambda ticket: ticket.failed) for number in (self.id, *self.children.values()))

    def why(self, which: str = "") -> str:
        """Return the sentence the page of a ticket shows."""
        return self.look(self.ticket(which), tickets.why_waiting)

    def why_of(self, script: Script) -> str:
        """Return the sentence about the ticket that *script* works on."""
        return self.look(self.of(script), tickets.why_waiting)

    def values(self, which: str = "") -> dict[str, str]:
        """Return the properties in force for a ticket."""
        return self.look(self.ticket(which), properties.merged)

    def write(self, values: Mapping[str, str], which: str = "") -> None:
        """Set properties by hand."""
        with self.works.hand() as user:
            tickets.edit_properties(self.ticket(which), user, values)

    def entries(self, event: str) -> list[LogEntry]:
        """Return the log rows of an event on any ticket of the talk, oldest first."""
        with self.works.app.app_context():
            rows = queries.history([self.id, *self.children.values()])
        return [row for row in reversed(rows) if row.event == event]

    def history(self) -> str:
        """Return the whole log as text."""
        with self.works.app.app_context():
            rows = queries.history([self.id, *self.children.values()])
        return "\n".join(f"{r.ticket_id} {r.event} {r.from_state}->{r.to_state} {r.comment}" for r in reversed(rows))

    def moves(self) -> list[tuple[str | None, str | None]]:
        """Return where the recording went from and to, oldest first."""
        with self.works.app.app_context():
            rows = queries.history([self.id])
        return [(row.from_state, row.to_state) for row in reversed(rows) if row.from_state != row.to_state]

    # -- files

    @property
    def folder(self) -> Path:
        """Return the work folder."""
        return self.works.stage.path("Tmp") / SLUG / str(self.number)

    @property
    def master(self) -> Path:
        """Return the cut master."""
        return self.folder / "cut.mkv"

    def file(self, place: str, which: str = VIDEO) -> Path:
        """Return the encoded file in one of the folders Output, Prerelease and Release."""
        values = self.values(which)
        name = f"{values['EncodingProfile.Basename']}.{values['EncodingProfile.Extension']}"
        return self.works.stage.path(place) / name

    def files(self) -> set[Path]:
        """List all files of the talk, hidden ones and parts too."""
        stage, mark = self.works.stage, f"{SLUG}-{self.number}-"
        shared = (stage.path(name).rglob("*") for name in ("Output", "Prerelease", "Release"))
        own = {path for paths in shared for path in paths if path.name.lstrip(".").startswith(mark)}
        return own | {path for path in self.folder.rglob("*") if path.is_file()}

    def furnish(self, state: str) -> None:
        """Put onto the mount what the scripts before *state* leave there."""
        for path, source in self._copies(state):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)
        if state == "ready to release":
            write_sidecar(self.file("Prerelease"), self.values(VIDEO)["Release.SHA256"], "hand")

    def enlarge(self, size: int) -> None:
        """Replace the encoded file, and its hidden copy if there is one, by *size* bytes that mean nothing."""
        noise, hidden = os.urandom(size), self.file("Prerelease")
        self.file("Output").write_bytes(noise)
        self.write({"Encoding.Bytes": str(size)}, VIDEO)
        if hidden.exists():
            hidden.write_bytes(noise)
            self.write({"Release.SHA256": hashlib.sha256(noise).hexdigest(), "Release.Bytes": str(size)}, VIDEO)

    def _copies(self, state: str) -> Iterator[tuple[Path, Path]]:
        """Yield what lies on the mount in *state*, each with the file of the model it is a copy of."""
        model, known = self.works.model, known_in(state)
        for name in (*TIMELINE, *(["cut.mkv"] if COPIED[0] in known else [])) if MERGED[0] in known else ():
            yield self.folder / name, model.folder / name
        if ENCODED[0] in known:
            yield self.file("Output"), model.file("Output")
        if POSTPROCESSED[0] in known:
            yield self.file("Prerelease"), model.file("Output")

    def results(self, kind: str, which: str = VIDEO) -> set[Path]:
        """List what a script has to leave, under final names."""
        if kind == "merge":
            return {self.folder / name for name in TIMELINE}
        if kind == "copy":
            return {self.master}
        if kind == "encode":
            file = self.file("Output", which)
            return {file, self.folder / f"{file.stem}.timeline.json"}
        public = self.file("Prerelease" if kind == "postprocess" else "Release", which)
        note = {public.parent / ".meta" / f"{public.name}.json"} if kind == "release" else set()
        return {public, public.with_name(public.name + ".sha256")} | note


def known_in(state: str) -> tuple[str, ...]:
    """List the properties that are known to the scripts in *state*."""
    states = list(GIVEN)
    return tuple(name for each in states[: states.index(state) + 1] for name in GIVEN[each])
