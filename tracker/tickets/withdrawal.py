"""Taking a talk back from the public: its speakers do not want to be seen."""

from __future__ import annotations

from tracker import queries
from tracker.errors import Conflict
from tracker.models import Ticket, User
from tracker.statemachine import ENCODING, RECORDING
from tracker.tickets import guards, moves
from tracker.tickets.actor import Actor

EVENT = "Action.withdraw"


def withdraw_talk(recording_id: int, who: User | Actor, reason: str = "", *, version: int | None = None) -> int:
    """Queue the withdrawal of every file of a talk that may be public (design D13); return how many there are.

    They go back to where people decide about a release; script E takes the files away, and until then they are still
    public. A copy that is under way is ended. Raises Conflict when there is nothing to withdraw.
    """
    recording = guards.lock(recording_id, kind=RECORDING, version=version)
    actor = who if isinstance(who, Actor) else Actor.of(who)
    children = [child for child in queries.lock_children(recording.id) if may_be_public(child)]
    if not children:
        raise Conflict(f"No file of {recording.title!r} is public; there is nothing to withdraw.")
    for child in children:
        moves.move(child, undecided(child), actor, EVENT, reason)
    return len(children)


def may_be_public(child: Ticket) -> bool:
    """Tell whether a file may be public and nothing is done about that yet."""
    return child.type == ENCODING and child.exposed and not child.withdraw


def undecided(child: Ticket) -> str:
    """Return the last state before people send a file on to be published, also where the project skips it."""
    return child.table.predecessor("ready to release") or guards.before(child)
