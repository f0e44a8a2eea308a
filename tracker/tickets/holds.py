"""A talk that must not be released yet: somebody who may say so held it, with a reason that everybody sees."""

from __future__ import annotations

from tracker import properties, queries
from tracker.db import db
from tracker.errors import Conflict
from tracker.models import Ticket, User
from tracker.statemachine import ENCODING, RECORDING
from tracker.tickets import guards, moves
from tracker.tickets.actor import Actor
from tracker.tickets.withdrawal import undecided

HOLD = "Release.Hold"
ON_THE_WAY = ("ready to release", "releasing")
PUBLISHING = (*ON_THE_WAY, "released")


def held(recording: Ticket) -> str:
    """Return why a talk must not be released, '' when it may."""
    return properties.own(recording).get(HOLD, "")


def check(recording: Ticket | None) -> None:
    """Raise Conflict while a talk is held."""
    if recording is not None and (reason := held(recording)):
        raise Conflict(f"{recording.title!r} is held: {reason} Nothing of it is released until the hold is lifted.")


def stops(child: Ticket, target: str) -> str:
    """Return why a file must not go on to *target*, '' when it may."""
    on_its_way = target in PUBLISHING and child.state not in PUBLISHING
    return held(child.parent) if on_its_way and child.parent is not None else ""


def hold(recording_id: int, who: User | Actor, reason: str) -> Ticket:
    """Hold a talk: what is on its way to the public comes back, and nothing of it is released until the hold is lifted.

    What is public already stays so, and its ticket asks for attention. Raises InvalidInput without a reason.
    """
    recording = guards.lock(recording_id, kind=RECORDING)
    text = guards.needs_reason(reason, "Say in a sentence why it must not be released.").strip()
    actor = who if isinstance(who, Actor) else Actor.of(who)
    properties.write(recording, {HOLD: text})
    _mark(recording, actor, "Hold", text)
    for child in queries.lock_children(recording.id):
        if child.type == ENCODING and child.state in ON_THE_WAY:
            moves.move(child, undecided(child), actor, "Hold", text)
        elif child.type == ENCODING and child.state == "released":
            _mark(child, actor, "Hold", f"{text}\nits public file stays until its release is reverted")
    db.session.flush()
    return recording


def _mark(ticket: Ticket, actor: Actor, event: str, text: str) -> None:
    ticket.needs_attention = True
    moves.touch(ticket)
    moves.log(ticket, actor, event, text, ticket.state, ticket.state)


def lift(recording_id: int, who: User | Actor, comment: str = "", *, version: int | None = None) -> Ticket:
    """Let a held talk be released again. Raises Conflict when it is not held."""
    recording = guards.lock(recording_id, kind=RECORDING, version=version)
    reason = held(recording)
    if not reason:
        raise Conflict(f"{recording.title!r} is not held.")
    actor = who if isinstance(who, Actor) else Actor.of(who)
    properties.write(recording, {HOLD: ""})
    recording.needs_attention = False
    moves.touch(recording)
    moves.log(recording, actor, "Hold.lifted", comment or reason, recording.state, recording.state)
    db.session.flush()
    return recording
