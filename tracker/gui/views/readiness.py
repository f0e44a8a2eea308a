"""What is missing before the event."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from tracker.gui.access import bp, needs, project_or_404
from tracker.models import Project
from tracker.readiness import lacking


@bp.get("/<slug>/missing")
@needs("admin")
def missing(slug: str) -> ResponseReturnValue:
    """List what a project lacks, with links to where it is set."""
    project = project_or_404(slug)
    rows = [(lack, _link(project, lack.where)) for lack in lacking(project)]
    return render_template("missing.html", project=project, rows=rows)


def _link(project: Project, where: str) -> str:
    if where == "groups":
        return url_for("gui.worker_groups")
    if where == "fahrplan":
        return url_for("gui.fahrplan_settings", slug=project.slug)
    return url_for("gui.settings", slug=project.slug, _anchor=where)
