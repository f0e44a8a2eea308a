"""What went wrong, as a page, or as JSON for a client that asked for it."""

from __future__ import annotations

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from tracker.errors import Conflict, TrackerError
from tracker.gui.access import wants_json
from tracker.gui.speech.spoken import said, say

SENTENCES = {
    404: "The address is wrong, or what was there is gone.",
    405: "This address takes a form only. Go back to the page with the form.",
    413: "The form is larger than this server accepts.",
    500: "The tracker failed to answer; its log says why. Try again, and tell an admin if it stays.",
}
OLD_FORM = "The form is too old or your login ended meanwhile. Go back, reload the page and send it again."


def _titles() -> dict[int, str]:
    return {
        400: say("That does not work"),
        403: say("You may not do that"),
        404: say("Not found"),
        405: say("Not this way"),
        409: say("Somebody was faster"),
        413: say("Too large"),
        429: say("Too many attempts"),
        500: say("Our mistake"),
        503: say("Not available now"),
    }


def refused(error: TrackerError) -> ResponseReturnValue:
    """Answer a refusal of the domain with its sentence and status."""
    if wants_json():
        return jsonify(error=said(error), field=getattr(error, "field", "")), error.http_status
    return page(error.http_status, str(error), hint=isinstance(error, Conflict)), error.http_status


def http(error: HTTPException) -> ResponseReturnValue:
    """Answer what Flask refuses: unknown addresses, wrong methods, missing tokens, our own crashes."""
    code = error.code or 500
    if error.response is not None or code < 400:
        return error
    sentence = OLD_FORM if isinstance(error, CSRFError) else SENTENCES.get(code, error.description or "")
    if wants_json():
        return jsonify(error=said(sentence), field=""), code
    return page(code, sentence, bare=isinstance(error, InternalServerError)), code


def page(code: int, sentence: str, *, bare: bool = False, hint: bool = False) -> str:
    """Draw the page; *bare* asks the database nothing (it may be the one that is gone)."""
    return render_template(
        "error.html",
        title=_titles().get(code) or say("Error {1}", code),
        sentence=sentence,
        back=request.path if hint and request.method == "POST" else "",
        bare=bare or not current_user.is_authenticated,
    )
