"""Fixing: somebody prepares new source video for a recording, or a correct file for an encoding."""

from __future__ import annotations

import re

from tracker import properties
from tracker.errors import InvalidInput
from tracker.models import Ticket, User
from tracker.statemachine import ENCODING
from tracker.tickets import guards, holding, moves
from tracker.tickets.actor import Actor

FIXING = "fixing"
SOURCE = "Record.SourceReplacement"
MEASURED = ("Encoding.Frames", "Encoding.Seconds", "Encoding.Bytes", "Encoding.Quality", "Encoding.Verdict")
"""What the encoder told about a file; a file that a person put there was measured by nobody."""
MAX_PATH = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def start_fix(ticket_id: int, user: User, *, take_over: bool = False, version: int | None = None) -> Ticket:
    """Begin to repair a recording or an encoding, from any state: -> `fixing`, held by *user*.

    Raises Conflict while somebody works on it, InvalidInput for another type of ticket.
    """
    ticket = guards.lock(ticket_id, version=version)
    if FIXING not in ticket.table.by_name:
        raise InvalidInput(f"Ticket {ticket.id} is a {ticket.type} ticket; there is nothing to fix.")
    holding.begin(ticket, user, (), FIXING, "Action.fix.start", take_over=take_over)
    return ticket


def finish_fix(ticket_id: int, user: User, source_replacement: str = "", *, version: int | None = None) -> Ticket:
    """The repair is done.

    A recording keeps the path of its new source in Record.SourceReplacement (without one, the stored one holds) and
    goes to `recorded`, so that script B builds from it; the state after `fixing` in the table, `merged`, is for a
    recording that was repaired in place. An encoding goes to `encoded`: its file is of the recording's present cut.
    Raises InvalidInput for a path that is none, Conflict when the user no longer holds the ticket.
    """
    ticket = guards.lock(ticket_id, version=version)
    guards.mine(ticket, user, FIXING)
    if ticket.type == ENCODING:
        return _fixed_file(ticket, user)
    path = source_replacement.strip() or properties.own(ticket).get(SOURCE, "")
    properties.write(ticket, {SOURCE: check_path(path)})
    moves.move(ticket, guards.source_of(ticket, "merging"), Actor.of(user), "Action.fix", f"{SOURCE}={path}")
    return ticket


def fix(ticket_id: int, user: User, source_replacement: str = "", *, version: int | None = None) -> Ticket:
    """Begin a repair and finish it at once: the new source or file is there already."""
    ticket = start_fix(ticket_id, user, version=version)
    return finish_fix(ticket.id, user, source_replacement)


def _fixed_file(ticket: Ticket, user: User) -> Ticket:
    cut = moves.cut_of(ticket)
    properties.write(ticket, {"Encoding.Cut": cut, **dict.fromkeys(MEASURED, "")})
    moves.move(ticket, guards.onward(ticket), Actor.of(user), "Action.fix", f"Encoding.Cut={cut}")
    return ticket


def check_path(path: str) -> str:
    """Return the path of a repaired source: relative or absolute, forward slashes, without `..`. Raises InvalidInput.

    Whether it is there and inside of a root that workers may read is for the worker to see.
    """
    if not path:
        raise InvalidInput("Name the file of the repaired source.", "source")
    parts = path.split("/")
    if len(path) > MAX_PATH or _CONTROL.search(path) or ".." in parts or parts[-1] in ("", "."):
        raise InvalidInput(
            f"{path[:80]!r} is no path of a file: relative or absolute, without '..', at most {MAX_PATH} characters.",
            "source",
        )
    return path
