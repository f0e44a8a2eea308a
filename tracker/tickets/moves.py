"""The heart: how a ticket changes its state, what follows from it, and the log row that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import md5

from tracker import properties, queries, statemachine
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound
from tracker.models import Project, Ticket, User, Worker
from tracker.queries.handouts import RANGES, TOLD
from tracker.statemachine import ENCODING, RECORDING, workflow
from tracker.tickets import blocks, ladder
from tracker.tickets.actor import TRACKER, Actor
from tracker.tickets.blocks import has_material
from tracker.tickets.journal import MAX_COMMENT, log, touch

__all__ = [
    "CUT",
    "MAX_COMMENT",
    "MAX_REASON",
    "amend",
    "cut_of",
    "exposes",
    "fail",
    "get",
    "has_material",
    "lease",
    "lock",
    "log",
    "move",
    "settle",
    "settle_project",
    "switch_off",
    "touch",
    "unassign",
]

MAX_LEASE_S = 24 * 3600
MAX_REASON = 500
"""Characters of a reason that are shown on the ticket."""


def get(ticket_id: int) -> Ticket:
    """Return a ticket; raise NotFound."""
    found = queries.ticket(ticket_id) if 0 < ticket_id < 2**31 else None
    if found is None:
        raise NotFound(f"There is no ticket {ticket_id}.")
    return found


def lock(ticket_id: int) -> Ticket:
    """Return a ticket with its row locked; for an encoding ticket the parent is locked first.

    Everybody locks parents before children, so that two changes of one talk wait instead of deadlocking.
    """
    parent_id = get(ticket_id).parent_id
    if parent_id is not None:
        queries.lock_ticket(parent_id)
    found = queries.lock_ticket(ticket_id)
    if found is None:
        raise NotFound(f"There is no ticket {ticket_id}.")
    return found


def unassign(ticket: Ticket) -> None:
    """Take the ticket from whoever holds it."""
    ticket.user_id = None
    ticket.worker_id = None
    ticket.lease_s = None
    ticket.lease_until = None
    ticket.named = False
    ticket.percent = 0.0
    db.session.expire(ticket, ["user", "worker"])  # whoever they were, if somebody looked


def _hold(ticket: Ticket, holder: User | Worker | None, lease_s: int | None = None) -> None:
    """Give the ticket to *holder*, for *lease_s* seconds without a sign of life if given, or to nobody."""
    unassign(ticket)
    if isinstance(holder, User):
        ticket.user_id = holder.id
    elif holder is not None:
        ticket.worker_id = holder.id
        lease(ticket, lease_s)


def lease(ticket: Ticket, lease_s: int | None) -> None:
    """Let the lease of a held ticket begin anew, with *lease_s* seconds from now on; without any it has none."""
    if lease_s:
        ticket.lease_s = min(lease_s, MAX_LEASE_S)
    if ticket.lease_s:
        ticket.lease_until = now() + timedelta(seconds=ticket.lease_s)


def move(
    ticket: Ticket,
    target: str,
    actor: Actor,
    event: str,
    comment: str = "",
    *,
    by_hand: bool = False,
    holder: User | Worker | None = None,
    lease_s: int | None = None,
    failed: str = "",
) -> None:
    """Move a locked ticket to *target*: fire, log, settle what hangs on it, flush.

    It is nobody's then, or *holder*'s, who may have it for *lease_s* seconds without a sign of life; not failed, or for
    the reason *failed*. What it waited for is forgotten, and the withdrawal of files that may be public is queued
    (design D13). Raises InvalidInput for a state of another type.
    """
    before = _standing(ticket)
    old = ticket.state
    _step(ticket, target, actor, event, comment, by_hand=by_hand, holder=holder, lease_s=lease_s, failed=failed)
    if ticket.type == RECORDING and before != _standing(ticket):
        _freeze_name(ticket)
        settle(ticket, reset_hand=old != target)
    elif ticket.type == ENCODING and ticket.state in _waiting(ticket) and ticket.parent is not None:
        _follow(ticket, has_material(ticket.parent))
    _tell_dependants(ticket, before)
    db.session.flush()


def _standing(ticket: Ticket) -> tuple[object, ...]:
    """Return what other tickets of the talk look at; a claim changes nothing of it."""
    if ticket.type == ENCODING:
        return blocks.rank(ticket), ticket.failed, ticket.off
    return ticket.state, ticket.failed


def _tell_dependants(ticket: Ticket, before: tuple[object, ...]) -> None:
    if ticket.type == ENCODING and before != _standing(ticket):
        blocks.refresh_siblings(ticket)


def _step(
    ticket: Ticket,
    target: str,
    actor: Actor,
    event: str,
    comment: str = "",
    *,
    by_hand: bool = False,
    holder: User | Worker | None = None,
    lease_s: int | None = None,
    failed: str = "",
    siblings: Sequence[Ticket] | None = None,
) -> None:
    """Fire and log; what follows for other tickets is the caller's."""
    if target not in ticket.table.by_name:
        raise InvalidInput(f"{target!r} is no state of a {ticket.type} ticket.", "state")
    before = _standing(ticket)
    old, new = statemachine.fire(ticket.table, ticket, target)
    _hold(ticket, holder, lease_s)
    ticket.failed = bool(failed)
    ticket.waiting = _first_line(failed)
    ticket.not_before = None
    ticket.set_by_hand = ticket.set_by_hand or by_hand
    if old != new:
        ticket.state_since = now()
        _note_release(ticket, old, new)
    if ticket.type == ENCODING and before != _standing(ticket):
        blocks.recompute(ticket, siblings)
    touch(ticket)
    log(ticket, actor, event, comment, old, new)


def _first_line(reason: str) -> str:
    return reason.strip().split("\n", 1)[0][:MAX_REASON]


def fail(ticket: Ticket, actor: Actor, event: str, reason: str, comment: str | None = None) -> None:
    """Mark a locked ticket failed where it stands: nobody's, with the first line of *reason* shown on it.

    *comment* goes into the log instead of the reason if it is given.
    """
    unassign(ticket)
    ticket.failed = True
    ticket.waiting = _first_line(reason)
    amend(ticket, actor, event, reason if comment is None else comment)


def amend(ticket: Ticket, actor: Actor, event: str, comment: str = "") -> None:
    """Log a change of a locked ticket that left its state alone, settle what hangs on it, flush."""
    touch(ticket)
    log(ticket, actor, event, comment, ticket.state, ticket.state)
    if ticket.type == RECORDING:
        settle(ticket)
    elif ticket.type == ENCODING and ticket.parent is not None:
        _follow(ticket, has_material(ticket.parent))
        blocks.refresh_siblings(ticket)
    db.session.flush()


def switch_off(ticket: Ticket, actor: Actor, reason: str) -> None:
    """Take an encoding ticket out of its talk because of *reason*, or in again ('').

    It counts neither for progress nor for the release while it is off, no script gets it, and tickets that depend on it
    step over it. Its state and its files stay as they are. The ticket and its recording are locked.
    """
    if reason == ticket.off:
        return
    ticket.off, ticket.blocked = reason, "off" if reason else ""
    if not reason:
        blocks.recompute(ticket)
    amend(ticket, actor, "Off" if reason else "On", reason)


_PUBLISHING = ("ready to release", "releasing", "released")


def _note_release(ticket: Ticket, old: str, new: str) -> None:
    """Remember that files may be public from `releasing` on, and queue their withdrawal (design D13).

    Queued by leaving `released` for anywhere, and by leaving the publishing states half-way for anywhere else: a
    script may have been killed after its copy was public. What a person had to see about an older release is over then.
    """
    if exposes(new):
        ticket.exposed = True
    if new == "released":
        ticket.withdraw = ticket.needs_attention = False
    elif ticket.exposed and (old == "released" or new not in _PUBLISHING):
        ticket.withdraw = True


def exposes(state: str) -> bool:
    """Tell whether files may become public in a state."""
    return state in ("releasing", "released")


def settle(recording: Ticket, *, reset_hand: bool = False) -> None:
    """Bring the encoding tickets of a locked recording to where it has them now (design D4).

    Those not yet worked on go to `ready to encode` or back to `material needed`, files of another cut back to be
    encoded, and what blocks each is computed anew. A state set by hand stands until the recording moves (*reset_hand*).
    """
    ready = has_material(recording)
    children = queries.lock_children(recording.id)
    for child in children:
        if reset_hand:
            child.set_by_hand = False
        _follow(child, ready, children)
    if ready:
        _encode_again(recording, children)
        ladder.apply(recording, children)
    blocks.refresh(recording, children)


def settle_project(project: Project) -> None:
    """Compute anew what blocks the encoding tickets of a project: its switches or a profile's dependence changed."""
    queries.lock_project(project.id)
    recordings = queries.lock_recordings(project.id)
    talks: dict[int | None, list[Ticket]] = {}
    for child in queries.lock_encodings(project.id):
        talks.setdefault(child.parent_id, []).append(child)
    for recording in recordings:
        blocks.refresh(recording, talks.get(recording.id, []))
    db.session.flush()


CUT = ("Record.Cutin", "Record.Cutout", "Record.Language", "Record.AVDelay", RANGES, *TOLD)


def cut_of(ticket: Ticket) -> str:
    """Name the cut in force for a recording or an encoding: what differs is encoded again.

    In, out, language, A/V delay; ranges if there are any, and marks of what else was said of the sound, an apology,
    chapters. Scripts and the statement of a claim join the same in the same way.
    """
    values = properties.merged(ticket)
    return "-".join(filter(None, (_part(name, values.get(name, "")) for name in CUT)))


def _part(name: str, value: str) -> str:
    if name in TOLD:
        return md5(value.encode(), usedforsecurity=False).hexdigest()[:8] if value else ""
    return value if name == RANGES else value or "0"


def _encode_again(recording: Ticket, children: Sequence[Ticket]) -> None:
    """Send the files of another cut back to be encoded: nobody may check or release what the marks no longer say.

    A file that is public stays so until a person reverts it; its ticket asks for attention meanwhile.
    """
    flow = workflow(recording.project.workflow)
    done = (flow.needed, flow.ready, "fixing")
    cuts = queries.values_of([child.id for child in children if child.state not in done], "Encoding.Cut")
    for child in children:
        now_cut = cut_of(child) if child.id in cuts else ""
        if cuts.get(child.id, "") == now_cut:
            continue
        text = f"the file was made from the cut {cuts[child.id]}, the recording has {now_cut} now"
        if child.state == "released":
            _outlived(child, text)
        else:
            _step(child, flow.ready, TRACKER, "Recording.recut", text, siblings=children)


def _outlived(child: Ticket, text: str) -> None:
    """Ask for attention to a public file of an old cut, once."""
    if not child.needs_attention:
        child.needs_attention = True
        touch(child)
        log(child, TRACKER, "Recording.recut", f"{text}; the public file stays until its release is reverted")


def _waiting(ticket: Ticket) -> tuple[str, str]:
    """Return the two states between which the tracker moves encoding tickets."""
    flow = workflow(ticket.project.workflow)
    return flow.needed, flow.ready


def _follow(child: Ticket, ready: bool, siblings: Sequence[Ticket] | None = None) -> None:
    """Move an encoding ticket that nobody works on to where its recording has it.

    One that a person put there or that failed stays.
    """
    needed, waits = _waiting(child)
    source, target = (needed, waits) if ready else (waits, needed)
    free = child.worker_id is None and child.user_id is None
    if child.state == source and free and not child.set_by_hand and not child.failed:
        event = "Recording.copied" if ready else "Recording.reverted"
        _step(child, target, TRACKER, event, siblings=siblings)


def _freeze_name(recording: Ticket) -> None:
    """Fix Encoding.Basename when the recording is copied; unique in the project, kept while a file is public."""
    if not has_material(recording) or _public(recording):
        return
    values = properties.merged(recording)
    name = properties.basename(recording.project, recording, values)
    if name and queries.basename_taken(recording.project_id, name, recording.id):
        name = f"{name[: properties.BASENAME_BYTES - 12]}-{recording.id}"
    recording.basename = name


def _public(recording: Ticket) -> bool:
    return any(child.state == "released" or child.withdraw for child in recording.children if child.type == ENCODING)
