"""The slides of a talk before the event: how intro, apology and outro will look, and what is wrong with a template."""

from __future__ import annotations

from base64 import b64encode

from flask import current_app, render_template, request

from tracker import queries, slides
from tracker.errors import NotFound
from tracker.gui.access import bp, project_or_404, ticket_or_404

SIZE = (960, 540)
MOST_TALKS = 2000
MOST_CHARS = 500
EXAMPLE = "The first minutes of this recording are missing."


@bp.get("/<slug>/slides")
def slide_preview(slug: str) -> str:
    """Show the slides of the talk that was chosen, of the first one else."""
    project, asked = project_or_404(slug), request.args.get("talk", "")
    apology = request.args.get("apology", "")[:MOST_CHARS].strip()
    names = queries.talk_names(project.id, MOST_TALKS)
    if asked and not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise NotFound(f"There is no talk {asked[:40]}: choose one of the list.")
    number = int(asked) if asked else next((each[0] for each in names), 0)
    talk = ticket_or_404(slug, number, "recording") if number else None
    roots = current_app.config["SETTINGS"].media_roots
    drawn = slides.previews(talk, roots, apology or EXAMPLE, SIZE) if talk else []
    return render_template(
        "slides.html",
        project=project,
        talk=talk,
        names=names,
        apology=apology,
        width=SIZE[0],
        height=SIZE[1],
        slides=[(each, b64encode(each.png).decode()) for each in drawn],
    )
