"""The formats of a talk: what follows for its encoding tickets when profiles or a person's wishes change."""

from __future__ import annotations

from tracker import properties, queries
from tracker.db import db
from tracker.errors import Conflict, InvalidInput
from tracker.models import Profile, Project, ProjectProfile, Ticket, User
from tracker.statemachine import ENCODING
from tracker.tickets import blocks, guards, ladder, moves
from tracker.tickets.actor import Actor
from tracker.tickets.journal import log, touch

OTHER_VERSION = "Profile.version"
UNTOUCHED = ("Created", OTHER_VERSION)
"""Events of the log that are no work on a ticket, whoever caused them."""


def take_version(project: Project, used: ProjectProfile, actor: Actor) -> int:
    """Have the encoding tickets that have not begun made with the version the project pins now; return how many.

    Those that have begun keep theirs: what a file was made with never changes.
    """
    moved = 0
    for ticket in queries.lock_encodings(project.id, used.profile_id):
        old = ticket.profile_version
        if old is None or old.id == used.version.id or not ladder.not_begun(ticket):
            continue
        ticket.profile_version = used.version
        touch(ticket)
        text = f"revision {old.revision} -> {used.version.revision} of profile {used.version.profile.slug}"
        log(ticket, actor, OTHER_VERSION, text, ticket.state, ticket.state)
        moved += 1
    db.session.flush()
    return moved


def drop_unworked(project: Project, profile: Profile, actor: Actor) -> tuple[int, int, int]:
    """Delete the encoding tickets of a profile that nobody ever worked on, each told of in its recording's log.

    Return how many were deleted, how many stay because of work, and how many because their talk is locked.
    """
    recordings = {recording.id: recording for recording in queries.lock_recordings(project.id)}
    found = queries.lock_encodings(project.id, profile.id)
    worked = queries.worked_on([ticket.id for ticket in found], UNTOUCHED)
    idle = [t for t in found if t.id not in worked and t.attempt == 0 and not t.failed and ladder.not_begun(t)]
    gone = [ticket for ticket in idle if recordings[ticket.parent_id or 0].state != "locked"]
    for ticket in gone:
        recording = recordings[ticket.parent_id or 0]
        touch(recording)
        log(
            recording,
            actor,
            "Encoding.removed",
            f"ticket {ticket.id}, {profile.slug}",
            recording.state,
            recording.state,
        )
    db.session.flush()
    queries.delete_tickets([ticket.id for ticket in gone])
    db.session.expire_all()
    if gone:
        moves.settle_project(project)
    return len(gone), len(found) - len(idle), len(idle) - len(gone)


def settle_ladders(project: Project) -> None:
    """Switch the rungs of all talks of a project off or on anew: its profiles or their priorities changed."""
    recordings = {recording.id: recording for recording in queries.lock_recordings(project.id)}
    talks: dict[int, list[Ticket]] = {number: [] for number, found in recordings.items() if blocks.has_material(found)}
    for child in queries.lock_encodings(project.id):
        if child.parent_id in talks:
            talks[child.parent_id].append(child)
    ladder.apply_all(recordings, talks, project.id)
    for number, children in talks.items():
        blocks.refresh(recordings[number], children)
    db.session.flush()


def make_anyway(ticket_id: int, user: User) -> Ticket:
    """Have a format made of a talk although it was switched off, as long as the cut master keeps its size."""
    ticket = guards.lock(ticket_id, kind=ENCODING)
    recording = ticket.parent
    if recording is None or not ticket.off:
        raise Conflict(f"Ticket {ticket.id} is not switched off.")
    size = ladder.size_of(properties.own(recording))
    properties.write(ticket, {ladder.CHOICE: f"on {size}" if size else ""})
    moves.switch_off(ticket, Actor.of(user), "")
    _settle_talk(ticket)
    return ticket


def leave_out(ticket_id: int, user: User, reason: str) -> Ticket:
    """Have a format not made of a talk, whatever the size of its cut master. Raises Conflict once work has begun."""
    ticket = guards.lock(ticket_id, kind=ENCODING)
    if not reason.strip():
        raise InvalidInput("Say in a sentence why this format is not made.", "comment")
    if not ladder.not_begun(ticket):
        raise Conflict(f"Ticket {ticket.id} is {ticket.state!r}; only a format that has not begun can be left out.")
    properties.write(ticket, {ladder.CHOICE: "off"})
    moves.switch_off(ticket, Actor.of(user), reason.strip().split("\n", 1)[0][: moves.MAX_REASON])
    _settle_talk(ticket)
    return ticket


def _settle_talk(ticket: Ticket) -> None:
    """The other rungs of the talk look at which one is the smallest that is made."""
    if ticket.parent is not None and blocks.has_material(ticket.parent):
        children = queries.lock_children(ticket.parent.id)
        ladder.apply(ticket.parent, children)
        blocks.refresh(ticket.parent, children)
        db.session.flush()
