"""The page about the present: what waits for whom and how long, what failed, who is at what."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from tracker import daymap, projects, reports
from tracker.gui import live
from tracker.gui.access import bp, project_or_404
from tracker.models import Project
from tracker.statemachine import HUMAN


@bp.get("/<slug>/now")
def now_page(slug: str) -> ResponseReturnValue:
    """Show how a project stands."""
    project = project_or_404(slug)
    tag = live.stamp(project)
    return live.unchanged(tag) or live.tagged(_page(project), tag)


def _page(project: Project) -> str:
    return render_template(
        "now.html",
        project=project,
        overview=projects.overviews([project])[0],
        standing=reports.present(project),
        day=daymap.day_of(project),
        order=reports.AFTER_TALK,
        human=HUMAN,
    )
