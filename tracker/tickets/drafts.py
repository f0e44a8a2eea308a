"""What a cutter has typed so far, kept while it is typed: a closed browser or a stopped server loses nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracker import queries
from tracker.db import db, now
from tracker.errors import Conflict, InvalidInput
from tracker.models import CutDraft, Ticket, User
from tracker.tickets import moves

FIELDS = frozenset(("cut_in", "cut_out", "leave_out", "chapters", "language", "track", "av_delay", "audio", "apology"))
MAX_VALUE = 50_000


def save_draft(ticket_id: int, user: User, fields: Mapping[str, Sequence[str]]) -> CutDraft:
    """Keep what *user* typed into the cut form, by field; other fields are left out. No change of the ticket.

    Raises Conflict when the user no longer holds the recording, InvalidInput for a value no form has.
    """
    ticket = moves.lock(ticket_id)
    if ticket.state != "cutting" or ticket.user_id != user.id:
        holder = ticket.user.name if ticket.user else "nobody"
        raise Conflict(f"Ticket {ticket.id} is {ticket.state!r} and held by {holder}; your draft is not kept there.")
    kept = {name: list(values)[:50] for name, values in fields.items() if name in FIELDS}
    if any(len(value) > MAX_VALUE or "\x00" in value for values in kept.values() for value in values):
        raise InvalidInput(f"A field of the draft is longer than {MAX_VALUE} characters.")
    draft = draft_of(ticket)
    if draft is None:
        draft = CutDraft(ticket_id=ticket.id)
        db.session.add(draft)
    draft.user_id, draft.fields, draft.saved = user.id, kept, now()
    db.session.flush()
    return draft


def draft_of(ticket: Ticket) -> CutDraft | None:
    """Return what was typed for a recording and not sent off yet."""
    return queries.cut_draft(ticket.id)


def drop_draft(ticket: Ticket) -> None:
    """Forget the draft of a recording: it was sent off, or the recording is put together anew."""
    queries.forget_cut_draft(ticket.id)
