"""The same change to many tickets: all or none, each by the verb for one, each with its own log row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tracker import properties, queries
from tracker.errors import Conflict, InvalidInput, NotFound, TrackerError
from tracker.models import Project, Ticket, User
from tracker.tickets import byhand, moves

MOST = 1000
"""Tickets in one edit: more would hold their rows locked for too long."""


@dataclass(frozen=True)
class Edit:
    """What is to become of tickets; None leaves a thing alone, an empty property is deleted."""

    state: str | None = None
    failed: bool | None = None
    attention: bool | None = None
    priority: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""

    @property
    def empty(self) -> bool:
        """Tell whether nothing would change."""
        return not self.values and all(
            each is None for each in (self.state, self.failed, self.attention, self.priority)
        )


def preview(ticket: Ticket, edit: Edit) -> list[tuple[str, str, str]]:
    """List (what, value now, value then) of what *edit* would change of a ticket.

    Raises InvalidInput for a state of another type and for a failure without a reason.
    """
    if edit.state is not None and edit.state not in ticket.table.by_name:
        raise InvalidInput(f"Ticket {ticket.id} is a {ticket.type} ticket, which has no state {edit.state!r}.", "state")
    if edit.failed and not edit.comment.strip():
        raise InvalidInput("Say in a sentence what is wrong with the tickets.", "comment")
    return [row for row in _rows(ticket, edit) if row[1] != row[2]]


def _rows(ticket: Ticket, edit: Edit) -> Iterator[tuple[str, str, str]]:
    if edit.state is not None:
        yield "state", ticket.state, edit.state
    if edit.failed is not None:
        yield "failed", _yes(ticket.failed), _yes(edit.failed)
    if edit.attention is not None:
        yield "attention", _yes(ticket.needs_attention), _yes(edit.attention)
    if edit.priority is not None:
        yield "priority", f"{ticket.own_priority:g}", f"{edit.priority:g}"
    stored = properties.own(ticket) if edit.values else {}
    for name, value in edit.values.items():
        yield name, stored.get(name, ""), value


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def edit_many(project: Project, versions: Mapping[int, int], user: User, edit: Edit) -> int:
    """Change tickets of *project* (id -> the version that was shown), parents first; return how many changed.

    Raises NotFound for a ticket of another project, and Conflict, naming the ticket, when one changed since it was
    shown; then none is changed.
    """
    if len(versions) > MOST:
        raise InvalidInput(f"{len(versions)} tickets are too many for one edit; {MOST} are the most.")
    locked = {found.id: found for found in queries.lock_tickets(project.id, list(versions))}
    for number, version in sorted(versions.items()):
        found = locked.get(number)
        if found is None:
            raise NotFound(f"There is no ticket {number} in project {project.slug}; nothing was edited.")
        if found.version != version:
            raise Conflict(
                f"Ticket {number} changed since it was shown (it is {found.state!r} now); nothing was edited."
            )
    return sum(_edit(number, user, edit) for number in sorted(versions))


def _edit(number: int, user: User, edit: Edit) -> bool:
    found = moves.get(number)
    wanted = {what: then for what, _, then in preview(found, edit)}
    try:
        if "state" in wanted:
            byhand.set_state(number, user, wanted["state"], comment=edit.comment)
        if edit.failed is not None and edit.failed != found.failed:
            byhand.set_failed(number, user, edit.failed, comment=edit.comment)
        if "attention" in wanted:
            byhand.set_attention(number, user, bool(edit.attention), comment=edit.comment)
        if edit.priority is not None and "priority" in wanted:
            byhand.set_priority(number, user, edit.priority, comment=edit.comment)
        if values := {name: value for name, value in edit.values.items() if name in wanted}:
            byhand.edit_properties(number, user, values)
    except TrackerError as error:
        error.args = (f"Ticket {number}: {error} Nothing was edited.",)
        raise
    return bool(wanted)
