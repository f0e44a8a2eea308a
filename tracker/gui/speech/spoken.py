"""The language of a request, and what templates call to speak it."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, has_request_context, request
from markupsafe import Markup

from tracker.gui.speech.catalogue import LANGUAGES, catalogue
from tracker.gui.speech.nodes import Texts

COOKIE = "language"


def language() -> str:
    """Return the code of the reader's language: chosen by hand, else what the browser asks for, else English."""
    if not has_request_context():
        return "en"
    if "language" not in g:
        chosen = request.cookies.get(COOKIE, "")
        asked = [tag.partition("-")[0].lower() for tag in request.accept_languages.values()]  # best first
        g.language = next((code for code in (chosen, *asked) if code in LANGUAGES), "en")
    found: str = g.language
    return found


def say(text: str, *values: Any) -> Markup:
    """Return a message of the pages (markup as it stands in a template) with its values, {1} the first, escaped."""
    told = Markup(catalogue(language()).messages.get(text, text))
    return told.format("", *values) if values else told


def said(text: Any) -> str:
    """Return a sentence of the domain in the reader's language; what is no text yet is made one."""
    plain = str(text) if text is not None else ""
    return catalogue(language()).sentence(plain) if plain else ""


def counted(number: int, thing: str) -> Markup:
    """Write a number with its thing: 1 worker, 2 workers."""
    return say(f"{{1}} {thing}" if number == 1 else f"{{1}} {thing}s", number)


def init_app(app: Flask) -> None:
    """Make the templates of an app speak, and tell caches what an answer depends on."""
    app.jinja_env.add_extension(Texts)
    app.jinja_env.globals.update(_t=say, _=say, spoken=language, LANGUAGES=LANGUAGES)
    app.jinja_env.filters.update(said=said, counted=counted)
    app.after_request(_varies)


def _varies(response: Response) -> Response:
    if "language" in g:
        response.vary.update(("Cookie", "Accept-Language"))
        response.headers.setdefault("Content-Language", language())
    return response


__all__ = ["COOKIE", "counted", "init_app", "language", "said", "say"]
