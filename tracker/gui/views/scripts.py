"""The texts of the browser's scripts in another language than English, which they have in themselves."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from flask import Flask, Response, url_for

from tracker.errors import NotFound
from tracker.gui.access import bp, public
from tracker.gui.speech import language
from tracker.gui.speech.catalogue import LANGUAGES, catalogue

FOR_EVER = "public, max-age=31536000, immutable"


@cache
def _texts(code: str) -> tuple[bytes, str]:
    """Return the texts of a language as JSON, and what tells them from those of another release."""
    known = catalogue(code).scripts
    content = json.dumps(known, ensure_ascii=False, sort_keys=True).encode() if known else b""
    return content, hashlib.sha256(content).hexdigest()[:12]


@bp.get("/assets/speech/<code>-<digest>.json")
@public
def script_texts(code: str, digest: str) -> Response:
    """Give the texts of a language; a browser keeps them until a release has others, which get another address."""
    content, now = _texts(code) if code in LANGUAGES else (b"", "")
    if not content:
        raise NotFound(f"There are no texts in {code[:20]!r}.")
    caching = FOR_EVER if digest == now else "no-cache"
    return Response(content, mimetype="application/json", headers={"Cache-Control": caching})


def script_speech() -> str:
    """Return the address of the reader's texts, '' where scripts need none."""
    content, digest = _texts(language())
    return url_for("gui.script_texts", code=language(), digest=digest) if content else ""


def init_app(app: Flask) -> None:
    """Let pages name the address."""
    app.jinja_env.globals["script_speech"] = script_speech
