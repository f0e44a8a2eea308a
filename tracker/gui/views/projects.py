"""The projects as such: make one, make one like another, archive."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import duplicates, profiles, projects, queries, users
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.gui import forms
from tracker.gui.access import bp, me, needs, project_or_404
from tracker.tickets import Actor


@bp.get("/projects")
@needs("admin")
def project_list() -> ResponseReturnValue:
    """List all projects, archived ones too, with forms that make one."""
    return _page(None)


def _page(_: None, error: InvalidInput | None = None) -> str:
    found = queries.all_projects(users.visible_projects(me()))
    there = {profile.slug: profile.name for profile in queries.all_profiles()}
    shipped = {slug: name for slug, (name, *_) in profiles.SHIPPED.items()}
    return render_template("project_list.html", projects=found, formats=shipped | there, form=request.form, error=error)


def _create() -> tuple[str, str]:
    project = projects.create(
        forms.text("slug"),
        forms.text("title"),
        time_zone=forms.text("time_zone"),
        languages=forms.text("languages").replace(",", " ").split(),
    )
    for slug in forms.texts("formats"):
        profiles.use(project, slug, actor=Actor.of(me()))
    return project.slug, "The project is there. Next: its folders and properties, then its Fahrplan."


def _duplicate() -> tuple[str, str]:
    source = project_or_404(forms.text("like"))
    made = duplicates.duplicate(source, forms.text("slug"), forms.text("title"))
    return made.slug, "The project is there, with the settings of the other one. Look through its properties."


def _archive() -> tuple[str, str]:
    project = project_or_404(forms.text("project"))
    queries.lock_again(project)
    projects.configure(project, read_only=forms.text("wanted") == "1")
    return "", (
        f"The project {project.slug} is archived: nothing in it changes any more."
        if project.read_only
        else f"The project {project.slug} is open again."
    )


ACTIONS: dict[str, Callable[[], tuple[str, str]]] = {"create": _create, "duplicate": _duplicate, "archive": _archive}
"""Each returns the slug of the project whose settings come next, '' for this page, and what to say."""


@bp.post("/projects")
@needs("admin")
def projects_post() -> ResponseReturnValue:
    """Make a project, duplicate one, archive one or open it again."""
    try:
        act = forms.action(ACTIONS)
        with transaction():
            slug, said = act()
    except InvalidInput as error:
        return forms.again(error, _page, None)
    flash(said)
    return redirect(url_for("gui.settings", slug=slug) if slug else url_for("gui.project_list"), 303)
