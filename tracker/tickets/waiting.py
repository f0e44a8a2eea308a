"""Why a ticket waits, in a sentence: nothing sits anywhere without a visible reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tracker import properties, queries
from tracker.db import now
from tracker.models import Ticket
from tracker.statemachine import ENCODING, MISC, PROCESS, STATIC, State, workflow
from tracker.tickets import blocks, holds, moves, prospects
from tracker.tickets.prospects import Around

ASKED_WITHIN = timedelta(minutes=10)
PEOPLE = {
    "cutting": "Waits for somebody to cut it.",
    "checking": "Waits for somebody to check it.",
    "ready to release": "Waits for the last look at all files of the talk.",
    "inprogress": "Waits for somebody to handle it.",
}
"""What a person has to do so that a ticket reaches a state."""


def why_waiting(ticket: Ticket, around: Around | None = None) -> str:
    """Return why nothing happens with a ticket right now; '' when somebody is at it or all is done.

    Who asks for several tickets of a project gives what is *around* them, which is looked up but once.
    """
    around = around or Around(ticket.project_id)
    if ticket.withdraw:
        return "Its public files are still up; script E will withdraw them."
    if ticket.off and ticket.state != "released":
        return f"This format is not made of this talk: {ticket.off}."
    if ticket.failed:
        return f"Failed since {_clock(ticket, ticket.modified)}: {ticket.waiting or 'see the log'}"
    if ticket.user_id is not None or ticket.worker_id is not None:
        return _silent(ticket)
    if ticket.not_before is not None and ticket.not_before > now():
        return f"{ticket.waiting} Next try at {_clock(ticket, ticket.not_before)}."
    if ticket.project.read_only:
        return "The project is archived."
    return _outlived(ticket) or _parent(ticket) or _master(ticket) or _service(ticket, around)


def _clock(ticket: Ticket, moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo(ticket.project.time_zone))
    return local.strftime("%H:%M" if local.date() == now().astimezone(local.tzinfo).date() else "%Y-%m-%d %H:%M")


def _silent(ticket: Ticket) -> str:
    """A worker without a lease is never taken from; say when it was last heard of, if that is too long ago."""
    worker, patience = ticket.worker, timedelta(seconds=ticket.project.node_timeout_s)
    if worker is not None and ticket.lease_until is None and worker.last_seen < now() - patience:
        return f"{worker.name} was last heard of at {_clock(ticket, worker.last_seen)}; it sends no heartbeat."
    return ""


def _outlived(ticket: Ticket) -> str:
    """A talk was cut anew after its file became public."""
    if ticket.state != "released" or not ticket.needs_attention or ticket.parent is None:
        return ""
    if not moves.has_material(ticket.parent):
        return f"The recording is {ticket.parent.state!r} again; the public file is of the cut before."
    made = properties.own(ticket).get("Encoding.Cut", "")
    if not made or made == moves.cut_of(ticket):
        return ""
    return "The public file is of an older cut; revert its release or reset the ticket to have it made again."


def _parent(ticket: Ticket) -> str:
    if ticket.type != ENCODING or ticket.parent is None or ticket.table.successor(ticket.state) is None:
        return ""
    if ticket.parent.failed:
        return "The recording failed."
    if ticket.state != workflow(ticket.project.workflow).needed:
        return f"The recording is {ticket.parent.state!r} again." if ticket.blocked == "recording" else ""
    if moves.has_material(ticket.parent):
        return "A person set it to 'material needed'."
    return f"The recording is not copied yet (it is {ticket.parent.state!r})."


def _master(ticket: Ticket) -> str:
    """Name the ticket that has to be further before this one may go on."""
    if ticket.blocked != "master" or ticket.parent_id is None:
        return ""
    master = blocks.master_of(ticket, queries.children(ticket.parent_id))
    if master is None:
        return ""
    slug = queries.profile_slug(master.profile_id)
    found, least = master.ticket, ticket.project.dependee_state
    if found is None:
        return f"Waits for {slug}, of which this talk has no ticket."
    if found.failed:
        return f"Waits for {slug}, which failed."
    if blocks.rank(found) >= found.table.position(least):
        return f"Waits for {slug} ({found.state}): it must not overtake it."
    return f"Waits for {slug}, which is {found.state!r} and has to be {least!r}."


def _service(ticket: Ticket, around: Around) -> str:
    """Say who has to act next: a script that has not asked lately, or a person."""
    state = ticket.table.by_name[ticket.state]
    if state.kind == PROCESS and state.name != "recording":
        return _left_alone(ticket, state)
    if state.name == "scheduled" and ticket.end is not None and ticket.end < now():
        return "The talk is over, but no script A has moved it on." if _unasked(around, "recording") else ""
    target = ticket.table.successor(state.name, ticket.disabled)
    if state.kind != STATIC or target is None or state.name in ("locked", "scheduled"):
        return ""
    if ticket.type == MISC and ticket.table.by_name[target].kind == STATIC:
        return ""
    script = ticket.table.by_name[target].script
    if target in holds.PUBLISHING and ticket.parent is not None and (reason := holds.held(ticket.parent)):
        return f"Held: {reason}"
    if script is None:
        return PEOPLE.get(target, f"Somebody has to take it to {target!r}.")
    return _held_up(ticket, target, around) or f"Queued for {script}."


def _held_up(ticket: Ticket, target: str, around: Around) -> str:
    """Say what keeps a script from taking a free ticket into *target*, '' for nothing."""
    script = ticket.table.by_name[target].script
    if ticket.priority == 0:
        return _no_priority(ticket)
    if told := prospects.withheld(ticket.project, target) or prospects.nobody(ticket, around):
        return told
    return f"No {script} asked for work in the last 10 minutes." if _unasked(around, target) else ""


def _no_priority(ticket: Ticket) -> str:
    """Say whose priority is 0."""
    if ticket.own_priority == 0:
        return "Its priority is 0: no script gets it."
    if ticket.parent is not None and ticket.parent.own_priority == 0:
        return "The priority of its recording is 0: no script gets it."
    return "Its profile is switched off (priority 0)."


def _left_alone(ticket: Ticket, state: State) -> str:
    """A ticket in a process state that nobody holds: no script will take it from there."""
    if state.script is None:
        return "Nobody is at it; somebody has to take it up."
    before = ticket.table.predecessor(state.name, ticket.disabled)
    return f"No {state.script} holds it; set it to {before!r} to have it done."


def _unasked(around: Around, state: str) -> bool:
    asked = around.last_poll(state)
    return asked is None or asked < now() - ASKED_WITHIN
