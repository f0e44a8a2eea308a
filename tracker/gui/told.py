"""What changed besides the state, in words, for the log on a ticket's page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from tracker import queries
from tracker.models import LogEntry

SWITCHES = {
    "failed": ("failed", "no longer failed"),
    "needs_attention": ("somebody has to look at it", "nobody has to look at it any more"),
}
BLOCKS = {
    "": "free to be handed out",
    "recording": "waits: its recording is worked on again",
    "master": "waits for the master of its format",
    "off": "not made of this talk",
}


def changes(log: Iterable[LogEntry]) -> dict[int, str]:
    """Return, by id of the log entry, what else changed with it: holder, failed, priority, what it waits for."""
    changed = [entry for entry in log if entry.changes]
    names = queries.holder_names(
        {entry.changes.get("user_id") for entry in changed}, {entry.changes.get("worker_id") for entry in changed}
    )
    return {entry.id: ", ".join(_words(entry, names)) for entry in changed}


def _words(entry: LogEntry, names: dict[tuple[str, int], str]) -> Iterator[str]:
    found = entry.changes
    held = [names.get((kind, found[kind]), "somebody") for kind in ("user_id", "worker_id") if found.get(kind)]
    if held:
        yield f"held by {held[0]}"
    elif "user_id" in found or "worker_id" in found:
        yield "given back"
    for name, (yes, no) in SWITCHES.items():
        if name in found:
            yield yes if found[name] else no
    if "priority" in found:
        yield f"priority {found['priority']:g}" if found["priority"] else "priority 0: not handed out"
    if "blocked" in found:
        yield BLOCKS.get(found["blocked"], found["blocked"])
    if found.get("off"):
        yield found["off"]


def stays(log: Iterable[LogEntry]) -> dict[int, float]:
    """Return, by id of the log entry that ended it, how many seconds a ticket stood in the state before.

    The log comes newest first; where it is cut off, the first stay is not known.
    """
    found: dict[int, float] = {}
    began: dict[int, datetime] = {}
    for entry in reversed(list(log)):
        if entry.to_state and entry.from_state != entry.to_state:
            if entry.ticket_id in began:
                found[entry.id] = (entry.created - began[entry.ticket_id]).total_seconds()
            began[entry.ticket_id] = entry.created
    return found
