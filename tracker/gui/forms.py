"""Reading what a form sent: texts without NUL, whole numbers, the action, the version a page was drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import request
from flask.typing import ResponseReturnValue

from tracker.errors import InvalidInput
from tracker.gui.access import wants_json

Act = TypeVar("Act")
Subject = TypeVar("Subject")


def text(name: str) -> str:
    """Return a field of the form, '' when it is missing; PostgreSQL stores no NUL, so none gets through."""
    return request.form.get(name, "").replace("\x00", "").strip()


def texts(name: str) -> list[str]:
    """Return all values of a field that may come several times, as `text` returns one."""
    return [found.replace("\x00", "").strip() for found in request.form.getlist(name)]


def whole(name: str, field: str = "") -> int:
    """Return a field as a whole number, 0 when it is empty. Raises InvalidInput, naming *field* (default: *name*)."""
    found = text(name) or "0"
    digits = found.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise InvalidInput(f"{found[:40]!r} is no whole number.", field or name)
    return int(found)


def version() -> int | None:
    """Return the ticket's version the page was drawn from, None when the form does not tell."""
    found = request.form.get("version", "")
    return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else None


def action(known: Mapping[str, Act]) -> Act:
    """Return what to do for the form's `action`. Raises InvalidInput for an unknown one."""
    name = text("action")
    if name not in known:
        raise InvalidInput(f"Action {name[:40]!r} is unknown; there are: {', '.join(known)}.", "action")
    return known[name]


def again(
    error: InvalidInput, page: Callable[[Subject, InvalidInput | None], str], subject: Subject
) -> ResponseReturnValue:
    """Answer a form that says something wrong: its page once more, with what was typed and the sentence."""
    if wants_json():
        raise error
    return page(subject, error), error.http_status
