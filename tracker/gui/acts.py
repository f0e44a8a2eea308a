"""What the cut, check and release pages have in common: one form, several buttons, each an act on the ticket."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput
from tracker.gui import conflicts, forms
from tracker.models import Ticket

Act = Callable[[Ticket], str]
"""Changes a ticket and returns what to tell the person; '' to stay on the page."""


def perform(
    found: Ticket,
    acts: Mapping[str, Act],
    page: Callable[[Ticket, InvalidInput | None], str],
    after: str | Callable[[], str],
    wanted: Callable[[], Mapping[str, str]] = dict,
) -> ResponseReturnValue:
    """Do what the form's `action` names, all or nothing, and go to *after* (computed then).

    What is wrong is shown on the *page* again, a Conflict with what was *wanted* (property names to values).
    """
    try:
        act = forms.action(acts)
        with transaction():
            said = act(found)
    except InvalidInput as error:
        return forms.again(error, page, found)
    except Conflict as error:
        return conflicts.page(error, found.id, wanted())
    if not said:
        return redirect(request.path, 303)
    flash(said)
    return redirect(after if isinstance(after, str) else after(), 303)
