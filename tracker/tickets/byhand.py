"""What people change by hand: state, failed flag, attention, priority, properties, comments."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tracker import properties, queries, veil
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound, NotPermitted
from tracker.models import Comment, Ticket, User
from tracker.statemachine import RECORDING
from tracker.tickets import guards, holds, moves, priorities
from tracker.tickets.actor import Actor

MAX_PRIORITY = 1000.0


def set_state(ticket_id: int, user: User, state: str, *, version: int | None = None, comment: str = "") -> Ticket:
    """Move a ticket to any state of its type by hand (seed 003). Raises Conflict if it changed since *version*."""
    ticket = guards.lock(ticket_id, version=version)
    if state in holds.PUBLISHING and ticket.state not in holds.PUBLISHING:
        holds.check(ticket.parent)
    if state in ticket.disabled:
        raise InvalidInput(f"State {state!r} is switched off in project {ticket.project.slug}.", "state")
    moves.move(ticket, state, Actor.of(user), "Edit.state", comment, by_hand=True)
    ticket.losses = 0
    return ticket


def set_failed(ticket_id: int, user: User, failed: bool, *, version: int | None = None, comment: str = "") -> Ticket:
    """Set or clear the failed flag, which keeps scripts away, by hand.

    A script failed in its own state: clearing the flag means try again, so the ticket goes to the state before.
    """
    ticket = guards.lock(ticket_id, version=version)
    ticket.losses = 0
    if failed:
        moves.fail(ticket, Actor.of(user), "Edit.failed", guards.needs_reason(comment))
    elif ticket.table.by_name[ticket.state].script is not None and ticket.state != "recording":
        moves.move(ticket, guards.before(ticket), Actor.of(user), "Edit.unfailed", comment)
    else:
        ticket.failed, ticket.waiting, ticket.not_before = False, "", None
        moves.amend(ticket, Actor.of(user), "Edit.unfailed", comment)
    return ticket


def set_attention(ticket_id: int, user: User, wanted: bool, *, version: int | None = None, comment: str = "") -> Ticket:
    """Mark a ticket as one that a person has to look at, or take the mark away. Scripts go on."""
    ticket = guards.lock(ticket_id, version=version)
    if ticket.needs_attention != wanted:
        ticket.needs_attention = wanted
        _note(ticket, user, "Edit.attention", comment)
    return ticket


def _note(ticket: Ticket, user: User, event: str, comment: str) -> None:
    """Log a change that nothing else depends on."""
    moves.touch(ticket)
    moves.log(ticket, Actor.of(user), event, comment, ticket.state, ticket.state)
    db.session.flush()


def set_priority(
    ticket_id: int, user: User, priority: float, *, version: int | None = None, comment: str = ""
) -> Ticket:
    """Give a ticket a priority of its own (1 is normal, 0 never handed out); for a recording its children follow.

    In force is the product with that of the recording and that of the profile in the project, each once.
    """
    ticket = guards.lock(ticket_id, version=version)
    if not (math.isfinite(priority) and 0 <= priority <= MAX_PRIORITY):
        raise InvalidInput(f"A priority is a number from 0 to {MAX_PRIORITY:g}, not {priority}.", "priority")
    if priority == ticket.own_priority:
        return ticket
    profiles = priorities.of_profiles(ticket.project)
    ticket.own_priority = priority
    ticket.priority = priorities.of(ticket, profiles)
    _note(ticket, user, "Edit.priority", comment)
    if ticket.type == RECORDING:
        priorities.refresh(queries.lock_family(ticket.id), profiles, f"the recording has priority {priority:g}")
        db.session.flush()
    return ticket


def edit_properties(
    ticket_id: int, user: User, values: Mapping[str, str], *, version: int | None = None
) -> Mapping[str, str]:
    """Write properties of a ticket by hand; '' deletes. Return what changed.

    Other cut marks, language or A/V delay on a recording that is being copied or was: it goes back to `cut`, to be
    copied anew, and the files of the old cut go back with it.
    """
    ticket = guards.lock(ticket_id, version=version)
    before = properties.own(ticket)
    changed = properties.write(
        ticket, properties.typed({name: v for name, v in values.items() if before.get(name, "") != v})
    )
    if not changed:
        return changed
    text = veil.written(changed)
    if _is_cut_anew(ticket, changed):
        target = guards.source_of(ticket, "copying")
        moves.move(ticket, target, Actor.of(user), "Edit.properties", f"{text}\nanother cut: it is copied anew")
    else:
        _note(ticket, user, "Edit.properties", text)
    return changed


def _is_cut_anew(ticket: Ticket, changed: Mapping[str, str]) -> bool:
    table = ticket.table
    if ticket.type != RECORDING or not set(moves.CUT) & set(changed):
        return False
    return table.position(ticket.state) >= table.position("copying")


def comment(ticket_id: int, who: User | Actor, text: str, *, attention: bool | None = None) -> Comment:
    """Write a comment on a ticket; *attention* sets or takes away the mark that a person has to look."""
    actor = who if isinstance(who, Actor) else Actor.of(who)
    ticket = guards.lock(ticket_id)
    if not text.strip():
        raise InvalidInput("The comment is empty.", "comment")
    row = Comment(ticket_id=ticket.id, user_id=actor.user_id, author=actor.name, text=text.strip().replace("\x00", ""))
    db.session.add(row)
    if attention is not None and attention != ticket.needs_attention:
        ticket.needs_attention = attention
        moves.touch(ticket)
    ticket.modified = now()
    moves.log(ticket, actor, "Comment.Add", text.strip())
    db.session.flush()
    return row


def delete_comment(comment_id: int, user: User) -> Ticket:
    """Take a comment of one's own away, an admin anybody's; the log keeps what it said. Returns its ticket."""
    row = queries.comment(comment_id) if 0 < comment_id < 2**31 else None
    if row is None:
        raise NotFound(f"There is no comment {comment_id}.")
    ticket = guards.lock(row.ticket_id)
    if row.user_id != user.id and user.role != "admin":
        raise NotPermitted(f"The comment is {row.author}'s; only {row.author} and admins may delete it.")
    db.session.delete(row)
    ticket.modified = now()
    moves.log(ticket, Actor.of(user), "Comment.Delete", f"of {row.author}: {row.text[:200]}")
    db.session.flush()
    return ticket
