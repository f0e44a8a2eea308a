"""What is missing before the event."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from tracker.gui.access import bp, needs, project_or_404
from tracker.models import Project
from tracker.readiness import Lack, lacking


@bp.get("/<slug>/missing")
@needs("admin")
def missing(slug: str) -> ResponseReturnValue:
    """List what a project lacks, with links to where it is set."""
    project = project_or_404(slug)
    rows = [(lack, _link(project, lack)) for lack in lacking(project)]
    return render_template("missing.html", project=project, rows=rows)


def _link(project: Project, lack: Lack) -> str:
    where = lack.where
    if where == "groups":
        return url_for("gui.worker_groups")
    if where == "workers":
        return url_for("gui.workers")
    if where == "fahrplan":
        return url_for("gui.fahrplan_settings", slug=project.slug)
    name = lack.name if where == "properties" else None  # the form begins with a row for it
    return url_for("gui.settings", slug=project.slug, name=name, _anchor=where)
