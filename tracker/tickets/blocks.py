"""What blocks an encoding ticket: computed here and stored, so that a claim need not look at other tickets.

A ticket whose `blocked` is not '' stands ready and no script gets it:

- ``off``: this format is not made of this talk; `Ticket.off` says why.
- ``recording``: its recording failed, or is worked on again while the ticket is beyond `ready to encode`: the file may
  be of another cut. At `ready to encode` itself a ticket is either put there by the tracker, which looks at the
  recording, or by a person, who knows better.
- ``master``: its profile depends on another one, whose ticket of the same talk is missing, failed, has not reached the
  project's `dependee_state`, or is not further than this one: nobody overtakes a master. A master that is off is
  stepped over: the ticket then waits for the master's own master, or for nothing.

Only what waits on its way to the public can be blocked: neither `material needed` nor the last state. A ticket in a
process state counts as being where its work began, so a claim changes no block: neither its own nor those of the
tickets that depend on it. Whatever else may change a block calls `refresh` with the recording locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker import queries
from tracker.models import Ticket
from tracker.statemachine import ENCODING, workflow
from tracker.tickets.actor import TRACKER
from tracker.tickets.journal import log, touch


@dataclass(frozen=True)
class Master:
    """What an encoding ticket has to wait for: the ticket of another profile, None when the talk has none."""

    profile_id: int
    ticket: Ticket | None


def has_material(recording: Ticket) -> bool:
    """Tell whether a recording's source may be encoded: it reached `copied` and did not fail."""
    table = recording.table
    least = table.position(workflow(recording.project.workflow).material)
    return not recording.failed and table.position(recording.state) >= least


def rank(ticket: Ticket) -> float:
    """Return how far a ticket is: the place in its table of the static state it has reached."""
    return ticket.table.position(ticket.table.reached(ticket.state, ticket.disabled))


def master_of(ticket: Ticket, siblings: Iterable[Ticket]) -> Master | None:
    """Return what *ticket* depends on among its *siblings*, masters that are off stepped over; None for nothing."""
    by_profile = {sibling.profile_id: sibling for sibling in siblings if sibling.profile_id is not None}
    wanted, seen = _depends_on(ticket), {ticket.profile_id}
    while wanted is not None and wanted not in seen:
        seen.add(wanted)
        found = by_profile.get(wanted)
        if found is None or not found.off:
            return Master(wanted, found)
        wanted = _depends_on(found)
    return None


def _depends_on(ticket: Ticket) -> int | None:
    return ticket.profile_version.profile.depends_on_id if ticket.profile_version is not None else None


def is_far_enough(master: Master, ticket: Ticket) -> bool:
    """Tell whether a master lets *ticket* go on."""
    found = master.ticket
    if found is None or found.failed:
        return False
    return rank(found) >= ticket.table.position(ticket.project.dependee_state) and rank(found) > rank(ticket)


def why(ticket: Ticket, recording: Ticket, siblings: Iterable[Ticket]) -> str:
    """Compute `blocked` of an encoding ticket from its recording and all encoding tickets of the talk."""
    if ticket.off:
        return "off"
    table, place = ticket.table, rank(ticket)
    ready = table.position(workflow(ticket.project.workflow).ready)
    if not ready <= place < table.position(table.order[-1]):
        return ""
    if recording.failed or (place > ready and not has_material(recording)):
        return "recording"
    master = master_of(ticket, siblings)
    return "master" if master is not None and not is_far_enough(master, ticket) else ""


def recompute(ticket: Ticket, siblings: Sequence[Ticket] | None = None) -> None:
    """Set `blocked` of a ticket that is about to be logged; the talk's tickets are locked unless they are given."""
    recording = ticket.parent
    if recording is None or ticket.profile_id is None:
        return
    if siblings is None:
        siblings = queries.lock_children(recording.id) if _depends_on(ticket) is not None else ()
    ticket.blocked = why(ticket, recording, siblings)


def refresh(recording: Ticket, children: Sequence[Ticket] | None = None) -> None:
    """Bring `blocked` of all encoding tickets of a locked recording up to date, each change with its log row."""
    children = queries.lock_children(recording.id) if children is None else children
    for child in children:
        blocked = why(child, recording, children)
        if blocked != child.blocked:
            child.blocked = blocked
            touch(child)
            log(child, TRACKER, f"Blocked.{blocked}" if blocked else "Unblocked", "", child.state, child.state)


def refresh_siblings(ticket: Ticket) -> None:
    """Do so for the talk of a locked encoding ticket that moved, failed or was switched off, if any depends on one."""
    if ticket.type != ENCODING or ticket.parent_id is None or not queries.has_dependants(ticket.parent_id):
        return
    if ticket.parent is not None:
        refresh(ticket.parent)
