"""What people do with a ticket from its page besides cutting and checking: take it up, repair, send back, reset."""

from __future__ import annotations

from collections.abc import Callable

from flask import request, url_for
from flask.typing import ResponseReturnValue

from tracker import queries, tickets, users
from tracker.errors import InvalidInput, NotFound
from tracker.gui import acts, forms
from tracker.gui.access import bp, me, needs, ticket_or_404
from tracker.gui.views.ticket import ticket_page
from tracker.models import Ticket, User


@bp.post("/<slug>/ticket/<int:ticket_id>/work")
@needs("user")
def work(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Take a ticket up, leave it, repair it, send it back, mark it, or end a miscellaneous one."""
    return _perform(slug, ticket_id, WORK)


@bp.post("/<slug>/ticket/<int:ticket_id>/manage")
@needs("superuser")
def manage(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Assign a ticket, give it a priority, reset, cancel or duplicate it."""
    return _perform(slug, ticket_id, MANAGE)


def _perform(slug: str, ticket_id: int, known: dict[str, acts.Act]) -> ResponseReturnValue:
    found = ticket_or_404(slug, ticket_id)
    return acts.perform(found, known, ticket_page, url_for("gui.ticket", slug=slug, ticket_id=ticket_id))


def _plain(verb: Callable[..., object], said: str) -> acts.Act:
    """Make an act of a verb that takes the ticket, the user and the version the page was drawn from."""

    def act(found: Ticket) -> str:
        verb(found.id, me(), version=forms.version())
        return said

    return act


def _told(verb: Callable[..., object], said: str) -> acts.Act:
    """Do so for a verb that takes the form's comment, too."""

    def act(found: Ticket) -> str:
        verb(found.id, me(), forms.text("comment"), version=forms.version())
        return said

    return act


def _attention(found: Ticket) -> str:
    wanted = request.form.get("wanted") == "1"
    tickets.set_attention(found.id, me(), wanted, version=forms.version(), comment=forms.text("comment"))
    return "Marked: somebody has to look at this ticket." if wanted else "The mark is taken away."


def _finish_fix(found: Ticket) -> str:
    tickets.finish_fix(found.id, me(), forms.text("source"), version=forms.version())
    return "Repaired; the ticket goes on."


def _delete_comment(found: Ticket) -> str:
    number = forms.whole("number")
    row = queries.comment(number)
    if row is None or row.ticket_id not in {found.id, *(child.id for child in found.children)}:
        raise NotFound(f"There is no comment {number} on ticket {found.id}.")
    tickets.delete_comment(number, me())
    return "The comment is gone; the log keeps what it said."


WORK: dict[str, acts.Act] = {
    "attention": _attention,
    "take_over": _plain(tickets.take_over, "You work on the ticket now."),
    "leave": _plain(tickets.leave, "You left the ticket."),
    "start_fix": _plain(tickets.start_fix, "You repair it now; nobody else takes it meanwhile."),
    "finish_fix": _finish_fix,
    "send_back": _told(tickets.send_back, "The recording goes back to cutting, with your reason."),
    "handle": _plain(tickets.handle, "You work on the ticket now."),
    "resolve": _told(tickets.resolve, "Resolved."),
    "wontfix": _told(tickets.wontfix, "It will not be done."),
    "delete_comment": _delete_comment,
}


def _priority(found: Ticket) -> str:
    text = forms.text("priority").replace(",", ".", 1)
    try:
        priority = float(text)
    except ValueError:
        raise InvalidInput(f"The priority {text[:20]!r} is no number.", "priority") from None
    tickets.set_priority(found.id, me(), priority, version=forms.version(), comment=forms.text("comment"))
    return f"The ticket has priority {priority:g}."


def _assign(found: Ticket) -> str:
    name = forms.text("holder")
    to: User | None = users.get(name) if name else None
    tickets.assign(found.id, me(), to, version=forms.version(), comment=forms.text("comment"))
    return f"{name} works on the ticket now." if to else "Nobody works on the ticket any more."


def _reset(found: Ticket) -> str:
    if forms.text("confirm") != "1":
        raise InvalidInput("Tick that the work done so far is thrown away.", "confirm_reset")
    comment = forms.text("comment")
    moved = tickets.reset(found.id, me(), version=forms.version(), comment=comment)
    return f"{len(moved)} ticket{'s' if len(moved) != 1 else ''} went back to the beginning."


def _cancel(found: Ticket) -> str:
    force, requeue = forms.text("force") == "1", forms.text("requeue") == "1"
    tickets.cancel(found.id, me(), forms.text("comment"), force=force, requeue=requeue, version=forms.version())
    return "Cancelled; the worker is told."


def _duplicate(found: Ticket) -> str:
    made = tickets.duplicate(found.id, me(), with_cut=forms.text("with_cut") == "1")
    return f"Ticket {made.id} is a duplicate, with the number {made.fahrplan_id}."


def _make_anyway(found: Ticket) -> str:
    tickets.make_anyway(found.id, me())
    return "This format is made of this talk after all."


def _leave_out(found: Ticket) -> str:
    tickets.leave_out(found.id, me(), forms.text("comment"))
    return "This format is not made of this talk."


MANAGE: dict[str, acts.Act] = {
    "priority": _priority,
    "assign": _assign,
    "reset": _reset,
    "cancel": _cancel,
    "duplicate": _duplicate,
    "make_anyway": _make_anyway,
    "leave_out": _leave_out,
}
