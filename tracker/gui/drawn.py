"""Forms that store settings carry what they were drawn from: who is late is told so (409) and loses nothing typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from tracker.errors import Conflict
from tracker.gui.access import bp, wants_json

FIELD = "drawn"
NOT_SENT_AGAIN = frozenset(("csrf_token", FIELD))


class Stale(Conflict):
    """Somebody changed these settings after you opened the page; nothing was stored."""

    def __init__(self, rows: list[tuple[str, str, str]]) -> None:
        """Keep *rows*: (what, as the page showed it, as it is now)."""
        super().__init__()
        self.rows = rows


@bp.app_template_filter("drawn")
def seal(values: Mapping[str, Any]) -> str:
    """Write what a form shows, by the names people read, for its hidden field."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def shown() -> dict[str, Any] | None:
    """Return what the form that was sent had shown; None when it does not tell."""
    try:
        found = json.loads(request.form.get(FIELD, ""))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def unmoved(present: Mapping[str, Any]) -> None:
    """Raise Stale when *present*, read under the row's lock, is not what the form that was sent had shown."""
    was = shown()
    if was is None:
        return
    moved = [name for name in sorted({*was, *present}) if was.get(name) != present.get(name)]
    if moved:
        raise Stale([(name, _words(was.get(name)), _words(present.get(name))) for name in moved])


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str("" if value is None else value)


def page(error: Stale) -> ResponseReturnValue:
    """Answer 409 with both versions and what was sent, which can be sent again as it is."""
    if wants_json():
        raise error
    resend = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_SENT_AGAIN]
    return render_template("stale.html", sentence=str(error), rows=error.rows, resend=resend), error.http_status
