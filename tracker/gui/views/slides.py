"""The slides of a talk before the event: how intro, apology and outro will look, and what is wrong with a template."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from flask import current_app, render_template, request

from tracker import queries, slides
from tracker.errors import NotFound
from tracker.gui.access import bp, project_or_404, ticket_or_404
from tracker.gui.speech.spoken import said
from tracker.models import Ticket

SIZE = (960, 540)
MOST_TALKS = 200
"""Talks that are offered; the others are found by their number or title."""
MOST_CHARS = 500
EXAMPLE = "The first minutes of this recording are missing."


@bp.get("/<slug>/slides")
def slide_preview(slug: str) -> str:
    """Show the slides of the talk that was chosen, of the first one that is offered else."""
    project, asked = project_or_404(slug), request.args.get("talk", "")
    apology = request.args.get("apology", "")[:MOST_CHARS].strip()
    text = request.args.get("q", "")[:MOST_CHARS].replace("\x00", "").strip()
    if asked and not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise NotFound(f"There is no talk {asked[:40]}: choose one of the list.")
    names = list(queries.talk_names(project.id, MOST_TALKS, text))
    talk = _talk(slug, int(asked or 0), [each[0] for each in names], searched=bool(text))
    roots = current_app.config["SETTINGS"].media_roots
    drawn = slides.previews(talk, roots, apology or said(EXAMPLE), SIZE) if talk else []
    return render_template(
        "slides.html",
        project=project,
        talk=talk,
        names=names,
        text=text,
        most=MOST_TALKS,
        apology=apology,
        width=SIZE[0],
        height=SIZE[1],
        slides=[(each, b64encode(each.png).decode()) for each in drawn],
    )


def _talk(slug: str, asked: int, offered: Sequence[int], *, searched: bool) -> Ticket | None:
    """Return the talk that was asked for; the first that is offered when none was, or a search left it out."""
    if offered and (not asked or (searched and asked not in offered)):
        asked = offered[0]
    return ticket_or_404(slug, asked, "recording") if asked else None
