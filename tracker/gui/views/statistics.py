"""The statistics of a project, as a page and as JSON."""

from __future__ import annotations

from flask import Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from tracker import users
from tracker.figures import figures
from tracker.gui import live
from tracker.gui.access import bp, me, project_or_404
from tracker.models import Project
from tracker.reports import AFTER_TALK


@bp.get("/<slug>/statistics")
def statistics(slug: str) -> ResponseReturnValue:
    """Show hours, times and speeds; `format=json` answers the same. What each person did is for superusers."""
    project = project_or_404(slug)
    tag = live.stamp(project)
    return live.unchanged(tag) or live.tagged(_answer(project), tag)


def _answer(project: Project) -> str | Response:
    found, people = figures(project), users.may(me(), "superuser")
    if request.args.get("format") == "json":
        return jsonify(project=project.slug, **found.plain(people=people))
    works = ("cutting", "checking") if people else ()
    return render_template("statistics.html", project=project, figures=found, order=AFTER_TALK, works=works)
