"""The heart: how a ticket changes its state, what follows from it, and the log row that tells it."""

from __future__ import annotations

from collections.abc import Sequence

from tracker import properties, queries, statemachine
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound
from tracker.models import LogEntry, Ticket
from tracker.statemachine import ENCODING, RECORDING
from tracker.tickets.actor import TRACKER, Actor

MAX_COMMENT = 200_000
"""Characters of a log comment; ffmpeg can write megabytes, of which the end matters."""


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


def log(
    ticket: Ticket,
    actor: Actor,
    event: str,
    comment: str = "",
    from_state: str | None = None,
    to_state: str | None = None,
) -> None:
    """Add the log row of a change."""
    text = comment.replace("\x00", "\ufffd")
    if len(text) > MAX_COMMENT:
        text = "[...]\n" + text[-MAX_COMMENT:]
    entry = LogEntry(
        ticket_id=ticket.id,
        actor=actor.name,
        user_id=actor.user_id,
        worker_id=actor.worker_id,
        event=event,
        from_state=from_state,
        to_state=to_state,
        comment=text,
    )
    db.session.add(entry)


def touch(ticket: Ticket) -> None:
    """Count a change of the ticket, so that a page drawn before it can be told."""
    ticket.version += 1
    ticket.modified = now()


def unassign(ticket: Ticket) -> None:
    """Take the ticket from whoever holds it."""
    ticket.user_id = None
    ticket.worker_id = None
    ticket.lease_s = None
    ticket.lease_until = None
    ticket.named = False
    ticket.percent = 0.0


def move(ticket: Ticket, target: str, actor: Actor, event: str, comment: str = "", *, by_hand: bool = False) -> None:
    """Move a locked ticket to *target*: fire, log, settle what hangs on it, flush.

    Clears the failed flag, the assignee, and what it waited for, and queues the withdrawal of files that may be public
    (design D13). Raises InvalidInput for a state of another type.
    """
    if target not in ticket.table.by_name:
        raise InvalidInput(f"{target!r} is no state of a {ticket.type} ticket.", "state")
    old, new = statemachine.fire(ticket.table, ticket, target)
    unassign(ticket)
    ticket.failed = False
    ticket.waiting = ""
    ticket.not_before = None
    ticket.set_by_hand = ticket.set_by_hand or by_hand
    if old != new:
        ticket.state_since = now()
        _note_release(ticket, old, new)
    touch(ticket)
    log(ticket, actor, event, comment, old, new)
    if ticket.type == RECORDING and old != new:
        _freeze_name(ticket)
        settle(ticket, reset_hand=True)
    elif ticket.type == ENCODING and ticket.parent is not None:
        _follow(ticket, has_material(ticket.parent))
    db.session.flush()


_PUBLISHING = ("ready to release", "releasing", "released")


def _note_release(ticket: Ticket, old: str, new: str) -> None:
    """Remember that files may be public from `releasing` on, and queue their withdrawal (design D13).

    Queued by leaving `released` for anywhere, and by leaving the publishing states half-way for anywhere else: a
    script may have been killed after its copy was public.
    """
    if new in ("releasing", "released"):
        ticket.exposed = True
    if new == "released":
        ticket.withdraw = False
    elif ticket.exposed and (old == "released" or new not in _PUBLISHING):
        ticket.withdraw = True


def has_material(recording: Ticket) -> bool:
    """Tell whether a recording's source may be encoded: it reached `copied` and did not fail."""
    flow = statemachine.workflow(recording.project.workflow)
    table = recording.table
    return not recording.failed and table.position(recording.state) >= table.position(flow.material)


def settle(recording: Ticket, *, reset_hand: bool = False) -> None:
    """Bring the encoding tickets not yet worked on to `ready to encode` or back to `material needed` (design D4).

    A state set by hand stands until the recording moves (*reset_hand*).
    """
    ready = has_material(recording)
    children = queries.lock_children(recording.id)
    for child in children:
        if reset_hand:
            child.set_by_hand = False
        _follow(child, ready)
    if ready:
        _encode_again(recording, children)


def cut_of(recording: Ticket) -> str:
    """Name the cut of a recording as it is now: in, out, language and A/V delay."""
    values = properties.merged(recording)
    names = ("Record.Cutin", "Record.Cutout", "Record.Language", "Record.AVDelay")
    return "-".join(values.get(name) or "0" for name in names)


def _encode_again(recording: Ticket, children: Sequence[Ticket]) -> None:
    """Send the files of another cut back to be encoded: nobody may check or release what the marks no longer say.

    A file that is public stays so until a person reverts it.
    """
    done = ("material needed", "ready to encode", "released", "fixing")
    cuts = queries.values_of([child.id for child in children if child.state not in done], "Encoding.Cut")
    now_cut = cut_of(recording)
    for child in children:
        if child.id in cuts and cuts[child.id] != now_cut:
            text = f"the file was made from the cut {cuts[child.id]}, the recording has {now_cut} now"
            move(child, "ready to encode", TRACKER, "Recording.recut", text)


def _follow(child: Ticket, ready: bool) -> None:
    """Move an encoding ticket that nobody works on to where its recording has it, unless a person put it there."""
    source, target = ("material needed", "ready to encode") if ready else ("ready to encode", "material needed")
    if child.state == source and not child.set_by_hand and child.worker_id is None and child.user_id is None:
        move(child, target, TRACKER, "Recording.copied" if ready else "Recording.reverted")


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
