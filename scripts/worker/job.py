"""What a script is to the loop, and what it may do with the one ticket it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from scripts.worker import folders
from scripts.worker.chunking import ChunkSettings
from scripts.worker.client import Project, Ticket, TrackerClient
from scripts.worker.heartbeat import Halt, Heartbeat

if TYPE_CHECKING:
    from scripts.worker.loop import Shift


@dataclass(frozen=True)
class Work:
    """One ticket in work: its properties, and the way back to the tracker.

    `reserve_mb` is kept free on the mounts, after `retry_s` seconds a ticket that waits comes again.
    """

    ticket: Ticket
    tracker: TrackerClient
    roots: tuple[Path, ...]
    halt: Halt
    heart: Heartbeat
    show: Callable[[float], None]
    chunks: ChunkSettings = field(default_factory=ChunkSettings)
    reserve_mb: int = 0
    retry_s: int = 60

    @cached_property
    def properties(self) -> dict[str, str]:
        """Return the merged properties, as they were when first asked for."""
        return self.tracker.get_ticket_properties(self.ticket.id)

    def need(self, name: str) -> str:
        """Return a property; JobFailed names it and where to set it when it is missing."""
        return folders.needed(self.properties, name)

    def folder(self, name: str, *, make: bool = False) -> Path:
        """Return the folder a Processing.Path.* property names, checked against the worker's roots."""
        return folders.folder(self.properties, name, self.roots, make=make)

    def percent(self, value: float) -> None:
        """Show progress, 0 to 100, here and with the next ping."""
        self.heart.percent = max(0.0, min(100.0, value))
        self.show(self.heart.percent)

    def note(self, sentence: str) -> None:
        """Write *sentence* into the ticket's log."""
        self.tracker.add_log(self.ticket.id, sentence)

    def save(self, values: Mapping[str, str]) -> None:
        """Set properties of the ticket; '' deletes one."""
        self.tracker.set_ticket_properties(self.ticket.id, values)

    def confirm(self) -> None:
        """Ask whether the ticket still is ours; to be done before a result gets its final name. Raises TicketLost."""
        self.tracker.ping(self.ticket.id, progress=self.heart.percent)


class Job:
    """A script: the state it works in and what it does there. Subclasses say what differs."""

    kind: ClassVar[str]
    """Name of the worker: host-<kind>1."""
    state: ClassVar[str] = ""
    """The working state whose tickets it takes; '' when it takes none."""
    uses_mount: ClassVar[bool] = True
    failures: ClassVar[tuple[type[Exception], ...]] = ()
    """Exceptions whose text is a sentence for the ticket, besides those of loop.SPEAKING."""

    def run(self, work: Work) -> str:
        """Do the work and return a line for the ticket's log. Raise JobFailed or Wait."""
        raise NotImplementedError

    def further(self, ticket: Ticket, tracker: TrackerClient, shift: Shift) -> Sequence[Ticket]:
        """Take further tickets, to work on them and on *ticket*, which was just taken, at the same time."""
        return ()

    def together(self, tickets: Sequence[Ticket]) -> tuple[Sequence[Job], Callable[[], None]]:
        """Return a job for each of several tickets, and what runs beside them in the thread that waits for them."""
        raise NotImplementedError

    def left(self) -> None:
        """Hear that the work on the ticket is over, however it ended; called of jobs that `together` returned."""

    def turn(self, tracker: TrackerClient, project: Project, shift: Shift) -> bool:
        """Do what is due in *project* besides tickets, before one is taken; tell whether anything was."""
        return False
