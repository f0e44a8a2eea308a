"""Encoding profiles: what they make, their versions, and an editor that tries a template before it is stored."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import profiles, properties, queries, tickets
from tracker.db import transaction
from tracker.errors import InvalidInput, TrackerError
from tracker.gui import forms
from tracker.gui.access import bp, me, needs
from tracker.gui.commands import command_lines
from tracker.models import Profile, Project
from tracker.users import require_project, visible_projects

EMPTY_ROWS = 3


@bp.get("/profiles")
@needs("superuser")
def profile_list() -> ResponseReturnValue:
    """List the encoding profiles."""
    return _list(None)


def _list(_: None, error: InvalidInput | None = None) -> str:
    found, uses = queries.all_profiles(), queries.profile_uses(visible_projects(me()))
    names = {each.id: each.slug for each in found}
    rows = [(each, *uses.get(each.id, (0, [])), names.get(each.depends_on_id or 0, "")) for each in found]
    shipped = [slug for slug in profiles.SHIPPED if slug not in names.values()]
    return render_template("profiles.html", rows=rows, shipped=shipped, form=request.form, error=error)


def _seen(found: Sequence[Project]) -> list[Project]:
    """Leave out the projects that the user may not see; not even their names are told."""
    only = visible_projects(me())
    return [project for project in found if only is None or project.id in only]


@bp.post("/profiles")
@needs("admin")
def profile_add() -> ResponseReturnValue:
    """Make a profile: one that is shipped, or a copy of another to change."""
    try:
        with transaction():
            if forms.text("shipped"):
                slug = profiles.get(forms.text("shipped")).slug
            else:
                slug = _copy(profiles.find(forms.text("like"))).slug
    except InvalidInput as error:
        return forms.again(error, _list, None)
    return redirect(url_for("gui.profile", profile=slug), 303)


def _copy(like: Profile) -> Profile:
    return profiles.create(
        forms.text("slug"),
        forms.text("name"),
        forms.text("extension") or like.extension,
        profiles.version(like).template,
        properties.own(like),
    )


@bp.get("/profiles/<profile>")
@needs("superuser")
def profile(profile: str) -> ResponseReturnValue:
    """Show a profile with its newest template, or the one of `?revision=`; `?against=` compares two."""
    return _page(profiles.find(profile))


def _page(found: Profile, error: InvalidInput | None = None, tried: str = "") -> str:
    versions = queries.profile_versions(found.id)
    shown = profiles.version(found, _revision("revision"))
    against = _revision("against")
    other = profiles.version(found, against) if against else None
    return render_template(
        "profile.html",
        profile=found,
        versions=versions,
        shown=shown,
        template=request.form.get("template", shown.template).replace("\r\n", "\n"),
        compared=profiles.diff(other, shown).splitlines() if other else [],
        other=other,
        own=properties.own(found),
        empty=range(EMPTY_ROWS),
        others=[each for each in queries.all_profiles() if each.id != found.id],
        projects=_seen(queries.projects_using(found.id)),
        commands=command_lines(tried),
        form=request.form,
        error=error,
    )


def _revision(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


@bp.post("/profiles/<profile>")
@needs("admin")
def profile_post(profile: str) -> ResponseReturnValue:
    """Try or store a template, change what all versions share, or delete the profile."""
    found = profiles.find(profile)
    try:
        act = forms.action(ACTIONS)
        with transaction():
            said = act(found)
    except InvalidInput as error:
        return forms.again(error, _page, found)
    if forms.text("action") == "try":
        return _page(found, tried=said)
    flash(said)
    target = (
        url_for("gui.profile_list") if forms.text("action") == "delete" else url_for("gui.profile", profile=profile)
    )
    return redirect(target, 303)


def _try(found: Profile) -> str:
    """Return the job that the template makes for a talk, or for a sample one."""
    number, ticket = forms.whole("ticket"), None
    if number:
        ticket = tickets.get(number)
        require_project(me(), ticket.project)
    try:
        return profiles.preview(_template(), found, ticket).decode()
    except TrackerError as error:
        raise InvalidInput(str(error), "template") from error


def _template() -> str:
    return request.form.get("template", "").replace("\r\n", "\n").replace("\x00", "")


def _store(found: Profile) -> str:
    before = profiles.version(found).revision
    made = profiles.edit_template(
        found, _template(), forms.text("description"), revision=forms.whole("revision") or None
    )
    if made.revision == before:
        return f"Revision {made.revision} is stored; no ticket uses it yet."
    return f"Revision {made.revision} is stored. Projects take it when somebody says so in their settings."


def _edit(found: Profile) -> str:
    names, values = forms.texts("property"), forms.texts("value")
    before = properties.own(found)
    changed = {
        name: value for name, value in zip(names, values, strict=False) if name and before.get(name, "") != value
    }
    profiles.edit(
        found,
        name=forms.text("name"),
        extension=forms.text("extension"),
        description=forms.text("about"),
        mirror_folder=forms.text("mirror_folder"),
        depends_on=forms.text("depends_on"),
        values=changed,
    )
    return f"The profile {found.slug} is stored."


def _delete(found: Profile) -> str:
    slug = found.slug
    profiles.delete(found)
    return f"The profile {slug} is deleted."


ACTIONS = {"try": _try, "store": _store, "edit": _edit, "delete": _delete}
