"""Back to the beginning: reset, commence, and the safe way to stop work under way."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tracker import queries
from tracker.db import db
from tracker.errors import Conflict, InvalidInput
from tracker.models import Ticket, User, Worker
from tracker.statemachine import ENCODING, RECORDING, TYPES, workflow
from tracker.tickets import guards, moves
from tracker.tickets.actor import Actor
from tracker.tickets.create import initial_state
from tracker.tickets.withdrawal import undecided


def reset_to_initial(ticket_id: int, who: User | Worker, *, version: int | None = None, comment: str = "") -> bool:
    """Take one ticket back to the state tickets begin in, not failed, nobody's. Tell whether its state changed."""
    ticket = guards.lock(ticket_id, version=version)
    return _reset(ticket, Actor.of(who), comment)


def reset(
    ticket_id: int,
    who: User | Worker,
    *,
    types: Collection[str] = (),
    force: bool = False,
    version: int | None = None,
    comment: str = "",
) -> list[Ticket]:
    """Take a ticket, its children and the tickets that depend on it back to the beginning; return those that moved.

    *types* leaves tickets of other types alone (none: all). A recording's children, an encoding's siblings whose
    profiles depend on its profile, also through others, go along. Public files are withdrawn. Raises Conflict when
    one of them is being published, unless *force*; InvalidInput for an unknown type.
    """
    unknown = [kind for kind in types if kind not in TYPES]
    if unknown:
        raise InvalidInput(f"{unknown[0]!r} is no type of ticket; there are: {', '.join(TYPES)}.", "types")
    ticket = guards.lock(ticket_id, version=version)
    wanted = [each for each in _family(ticket) if not types or each.type in types]
    busy = [each for each in wanted if each.state == guards.PUBLISHING and guards.holder_of(each) is not None]
    if busy and not force:
        raise Conflict(f"Ticket {busy[0].id} is being published just now; wait until it is released, or force it.")
    return [each for each in wanted if _reset(each, Actor.of(who), comment)]


def _family(ticket: Ticket) -> Iterable[Ticket]:
    """Return a locked ticket with those that are reset with it, recordings before encodings, masters first."""
    if ticket.type == RECORDING:
        return [ticket, *queries.lock_family(ticket.id)]
    if ticket.type == ENCODING and ticket.parent_id is not None:
        return _with_dependants(ticket, queries.lock_children(ticket.parent_id))
    return [ticket]


def _with_dependants(master: Ticket, siblings: Collection[Ticket]) -> list[Ticket]:
    found = [master]
    for known in found:  # grows while it is walked
        for sibling in siblings:
            profile = sibling.profile_version.profile if sibling.profile_version else None
            if profile is not None and profile.depends_on_id == known.profile_id and sibling not in found:
                found.append(sibling)
    return found


def _reset(ticket: Ticket, actor: Actor, comment: str) -> bool:
    initial = initial_state(ticket.project, ticket.type)
    old = ticket.state
    if old in (initial, _as_good(ticket)) and not ticket.failed and guards.holder_of(ticket) is None:
        return False
    ticket.losses = 0
    ticket.set_by_hand = False
    if old in (initial, _as_good(ticket)):
        initial = old
    moves.move(ticket, initial, actor, "Action.reset", comment)
    db.session.flush()
    return ticket.state != old


def _as_good(ticket: Ticket) -> str:
    """Return the state to which the tracker would take a reset encoding at once, '' for none."""
    if ticket.type == ENCODING and ticket.parent is not None and moves.has_material(ticket.parent):
        return workflow(ticket.project.workflow).ready
    return ""


def commence(ticket_id: int, who: User | Worker, *, version: int | None = None) -> Ticket:
    """Take a ticket from the state tickets begin in to the one just before the first that a script works in.

    Raises Conflict when it is elsewhere, failed or somebody's, or when no script works on this type of ticket here.
    """
    ticket = guards.lock(ticket_id, version=version)
    if ticket.state != initial_state(ticket.project, ticket.type) or ticket.failed:
        raise Conflict(f"Ticket {ticket.id} is {ticket.state!r}; only new tickets are commenced.")
    target = commence_state(ticket)
    if target is None:
        raise Conflict(f"No script of project {ticket.project.slug} works on {ticket.type} tickets.")
    if target != ticket.state:
        moves.move(ticket, target, Actor.of(who), "Action.commence", by_hand=True)
    return ticket


def commence_state(ticket: Ticket) -> str | None:
    """Return the state to which `commence` takes a ticket of this type and project, None when there is none."""
    project = ticket.project
    return workflow(project.workflow).commence(ticket.type, ticket.disabled, project.stopped_states)


def cancel(
    ticket_id: int,
    user: User,
    reason: str = "",
    *,
    force: bool = False,
    requeue: bool = False,
    version: int | None = None,
) -> Ticket:
    """Stop what a script does with a ticket: its worker is told `Ticket lost`, the ticket goes to the state before.

    It fails there, so that nobody begins anew until a person clears the flag; with *requeue* the next worker gets it.
    Once publishing has begun this is refused; with *force* the ticket goes back to where people decide about the
    release, and what may be public already is withdrawn. Raises Conflict when no script works on it.
    """
    ticket = guards.lock(ticket_id, version=version)
    if ticket.table.by_name[ticket.state].script is None:
        raise Conflict(f"No script works on ticket {ticket.id}; it is {ticket.state!r}.")
    if ticket.state == guards.PUBLISHING:
        if not force:
            raise Conflict(f"Ticket {ticket.id} is being published: cancelling withdraws what is public. Confirm that.")
        moves.move(ticket, undecided(ticket), Actor.of(user), "Action.cancel", reason)
        return ticket
    told = f"cancelled by {Actor.of(user).name}" + (f": {reason.strip()}" if reason.strip() else "")
    moves.move(ticket, guards.before(ticket), Actor.of(user), "Action.cancel", reason, failed="" if requeue else told)
    return ticket
