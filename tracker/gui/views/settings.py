"""The settings of a project: what it is called, how work is handed out, its states, properties and formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import profiles, projects, properties, queries, reviews
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.gui import drawn, forms
from tracker.gui.access import bp, me, needs, project_or_404
from tracker.models import Project
from tracker.statemachine import STATIC, TYPES, workflow
from tracker.tickets import Actor

EMPTY_ROWS = 3
"""So many properties can be added with one form."""
LONGEST_NAME = 200
"""Characters of a property's name that an address may bring into the form."""


@bp.get("/<slug>/settings")
@needs("admin")
def settings(slug: str) -> ResponseReturnValue:
    """Show the settings of a project."""
    return _page(project_or_404(slug))


def _page(project: Project, error: InvalidInput | None = None) -> str:
    flow = workflow(project.workflow)
    used = queries.project_profiles(project.id)
    taken = {each.profile_id for each in used}
    own, asked = properties.own(project), request.args.get("name", "")[:LONGEST_NAME]
    return render_template(
        "settings.html",
        project=project,
        form=request.form,
        own=own,
        new_name=asked if asked not in own else "",
        drawn_from={name: values(project) for name, values in DRAWN_FROM.items()},
        empty=range(EMPTY_ROWS),
        tables={kind: flow.tables[kind].states for kind in TYPES},
        keep=projects.KEEP,
        services=list(flow.services),
        dependee_states=[state.name for state in flow.tables["encoding"].states if state.kind == STATIC],
        used=[(each, profiles.newer(each)) for each in used],
        others=[profile for profile in queries.all_profiles() if profile.id not in taken],
        warnings=profiles.warnings(project),
        error=error,
    )


def _general(project: Project) -> str:
    projects.configure(
        project,
        title=forms.text("title"),
        time_zone=forms.text("time_zone"),
        languages=[code for code in forms.text("languages").replace(",", " ").split() if code],
        separate_checker=forms.text("separate_checker") == "1",
    )
    return "The settings are stored."


def _archive(project: Project) -> str:
    projects.configure(project, read_only=forms.text("wanted") == "1")
    return (
        "The project is archived: nothing in it changes any more."
        if project.read_only
        else "The project is open again."
    )


def _feedback(project: Project) -> str:
    reviews.open_feedback(project, forms.text("wanted") == "1")
    return "Everybody may tell what is wrong with a released talk." if project.feedback else "The form is closed."


def _policies(project: Project) -> str:
    projects.regulate(
        project,
        stopped_states=[name for name in forms.texts("stopped") if name],
        draining=forms.text("draining") == "1",
        max_attempts=forms.whole("max_attempts"),
        node_timeout_s=forms.whole("node_timeout_s"),
    )
    projects.configure(project, dependee_state=forms.text("dependee_state"))
    return "From the next ticket on, work is handed out so."


def _states(project: Project) -> str:
    on = {kind: set(forms.texts(f"on_{kind}")) for kind in TYPES}
    tables = workflow(project.workflow).tables
    off = {
        kind: [state.name for state in tables[kind].states if state.name not in on[kind] | set(projects.KEEP[kind])]
        for kind in TYPES
    }
    projects.configure(project, disabled_states=off)
    return "The states are stored."


def _properties(project: Project) -> str:
    names, values = forms.texts("name"), forms.texts("value")
    now, was = properties.own(project), drawn.shown()
    before = now if was is None else was
    wanted = {name: value for name, value in zip(names, values, strict=False) if name and before.get(name, "") != value}
    if "://" not in (wanted.get("Fahrplan.XML") or "://"):
        raise InvalidInput(
            "Pages set Fahrplan.XML to an address only; a file of the server is set by command.", "value"
        )
    if was is not None:  # what somebody else changed meanwhile stands, unless it is what is to be changed
        drawn.unmoved({**was, **{name: now.get(name) for name in wanted}})
    properties.write(project, properties.typed(wanted))
    count = len(wanted)
    return f"{count} property was changed." if count == 1 else f"{count} properties were changed."


def _profile(project: Project) -> str:
    slug = forms.text("profile")
    profiles.pin(
        project,
        slug,
        latest=forms.text("latest") == "1",
        priority=_priority(forms.text("priority")),
        auto_create=forms.text("auto_create") == "1",
        actor=Actor.of(me()),
    )
    return f"The profile {slug} is stored."


def _priority(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError:
        raise InvalidInput(f"The priority {text[:20]!r} is no number.", "priority") from None


def _add_profile(project: Project) -> str:
    slug = forms.text("profile")
    profiles.use(project, slug, actor=Actor.of(me()))
    return f"The project encodes with {slug} now; every talk has a ticket for it."


def _remove_profile(project: Project) -> str:
    slug = forms.text("profile")
    return profiles.remove(project, slug, actor=Actor.of(me())).sentence(slug, project.slug)


ACTIONS: dict[str, Callable[[Project], str]] = {
    "general": _general,
    "archive": _archive,
    "feedback": _feedback,
    "policies": _policies,
    "states": _states,
    "properties": _properties,
    "profile": _profile,
    "add profile": _add_profile,
    "remove profile": _remove_profile,
}


def _general_now(project: Project) -> dict[str, Any]:
    return {
        "Title": project.title,
        "Time zone": project.time_zone,
        "Languages": project.languages,
        "Who cut a talk may not check it": project.separate_checker,
    }


def _policies_now(project: Project) -> dict[str, Any]:
    return {
        "Drain": project.draining,
        "Stopped for now": project.stopped_states,
        "A ticket fails when lost so often": project.max_attempts,
        "A worker counts as lost after (s)": project.node_timeout_s,
        "A master has to be": project.dependee_state,
    }


def _states_now(project: Project) -> dict[str, Any]:
    return {f"{kind}: off": project.disabled_states.get(kind, []) for kind in TYPES}


DRAWN_FROM: Mapping[str, Callable[[Project], dict[str, Any]]] = {
    "general": _general_now,
    "policies": _policies_now,
    "states": _states_now,
}
"""What the forms show that store several settings at once."""


@bp.post("/<slug>/settings")
@needs("admin")
def settings_post(slug: str) -> ResponseReturnValue:
    """Change settings of a project."""
    project = project_or_404(slug)
    try:
        act = forms.action(ACTIONS)
        with transaction():
            queries.lock_again(project)
            if seen := DRAWN_FROM.get(forms.text("action")):
                drawn.unmoved(seen(project))
            said = act(project)
    except drawn.Stale as stale:
        return drawn.page(stale)
    except InvalidInput as error:
        return forms.again(error, _page, project)
    flash(said)
    return redirect(url_for("gui.settings", slug=slug, _anchor=forms.text("action").split()[-1]), 303)
