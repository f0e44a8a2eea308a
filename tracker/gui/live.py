"""Pages that keep themselves up to date: they ask again for the same address, and 304 costs next to nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime

from flask import Response, make_response, request

from tracker import queries
from tracker.db import now
from tracker.gui.access import me
from tracker.gui.speech import language
from tracker.models import Project


def stamp(project: Project, moment: datetime | None = None) -> str:
    """Return what changes whenever a page about the project, as this user asked for it, would look different.

    Sentences about waiting depend on the clock too, so it changes with the minute of *moment* (now) in any case.
    """
    user = me()
    parts = (*queries.project_stamp(project.id), project.read_only, user.id, user.role, request.full_path, language())
    return hashlib.sha256(repr((*parts, f"{moment or now():%Y-%m-%d %H:%M}")).encode()).hexdigest()[:32]


def unchanged(tag: str) -> Response | None:
    """Return the answer 304 when the browser has this very page."""
    if not request.if_none_match.contains_weak(tag):
        return None
    answer = Response(status=304)
    answer.set_etag(tag)
    return answer


def tagged(page: str | Response, tag: str) -> Response:
    """Return a page with its tag."""
    answer = make_response(page)
    answer.set_etag(tag)
    return answer
