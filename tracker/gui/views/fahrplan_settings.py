"""How a project's Fahrplan is looked after: where it is from, what is done about changes, rooms, who is told.

Secrets come in and never go out: neither a page nor a form shows one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import properties, queries, rooms
from tracker.db import transaction
from tracker.errors import InvalidInput, TrackerError
from tracker.fahrplan import access, sources, watching
from tracker.fahrplan import policy as rules
from tracker.fetch import shown_address
from tracker.gui import drawn, forms
from tracker.gui.access import bp, needs, project_or_404
from tracker.models import FahrplanSource, Project


@bp.get("/<slug>/fahrplan/settings")
@needs("admin")
def fahrplan_settings(slug: str) -> ResponseReturnValue:
    """Show how a Fahrplan is looked after."""
    return _page(project_or_404(slug))


def _page(project: Project, error: InvalidInput | None = None) -> str:
    source = sources.look(project)
    address = properties.own(project).get("Fahrplan.XML", "")
    found = queries.rooms(project.id)
    keys = {room.key for room in found}
    return render_template(
        "fahrplan_settings.html",
        project=project,
        form=request.form,
        source=source,
        shown=_shown(address),
        whole=_shown(address) == address,
        kinds=access.KINDS,
        login=_told(access.login_kind, source),
        webhook=_told(access.shown_webhook, source),
        mail_works=bool(current_app.config["SETTINGS"].smtp_url),
        policy=sources.policy_of(source).rules,
        actions=rules.ACTIONS,
        never_silent=rules.NEVER_SILENT,
        rooms=found,
        not_yet=[key for key in source.rooms if key not in keys],
        unsent=queries.unsent_messages(project.id),
        drawn_from={name: values(project) for name, values in DRAWN_FROM.items()},
        error=error,
    )


def _shown(address: str) -> str:
    return shown_address(address) if "://" in address else address


def _told(what: Callable[[FahrplanSource, str], str], source: FahrplanSource) -> str:
    """Return what may be shown of something secret, or why it cannot be read."""
    try:
        return what(source, current_app.config["SETTINGS"].secret_key)
    except TrackerError as error:
        return str(error)


# --- acts ------------------------------------------------------------------------------------------------------


def _source(project: Project) -> str:
    address = forms.text("address")
    now = properties.own(project).get("Fahrplan.XML", "")
    if address and address != _shown(now):
        if not address.startswith(("http://", "https://")):
            raise InvalidInput("The address begins neither with https:// nor with http://.", "address")
        properties.write(project, {"Fahrplan.XML": address})
    watching.configure(project, every_s=forms.whole("every_s"), paused=forms.text("watched") != "1")
    return "The source is stored."


def _login(project: Project) -> str:
    kind = forms.text("auth")
    access.set_login(
        project,
        kind,
        forms.text("login"),
        request.form.get("secret", "") if kind != "none" else "",
        current_app.config["SETTINGS"].secret_key,
    )
    return "The source is asked without a login." if kind == "none" else "The login is stored; it is not shown again."


def _ask(project: Project) -> str:
    sources.look_again(project)
    return "The source is asked at once by whatever runs `fahrwerk fahrplan watch`."


def _policy(project: Project) -> str:
    source = sources.of(project)
    actions = {
        kind: (forms.text(f"before-{number}") or now[0], forms.text(f"begun-{number}") or now[1])
        for number, (kind, now) in enumerate(sources.policy_of(source).rules.items())
    }
    percent = forms.whole("loss_percent", "loss_share")
    share = percent / 100 if percent != round(source.loss_share * 100) else None  # the page shows it rounded
    sources.configure(project, actions=actions, loss_share=share, loss_count=forms.whole("loss_count"))
    return "From the next import on, changes are treated so."


def _rooms(project: Project) -> str:
    keys: list[str] = []
    if forms.text("which") == "some":
        known = {room.key for room in queries.rooms(project.id)} | set(sources.of(project).rooms)
        keys = [key for key in forms.texts("room") if key in known]
        if not keys:
            raise InvalidInput("Tick at least one room, or record all of them.", "rooms")
    sources.select_rooms(project, keys)
    return "From the next import on, talks in other rooms are locked." if keys else "Every room is recorded."


def _room(project: Project) -> str:
    room = rooms.get(project, forms.text("key"))
    if (name := forms.text("name")) != room.name:
        rooms.rename(project, room, name)
    rooms.set_recorders(project, room, forms.text("recorders").replace(",", " ").split())
    return f"Room {room.name} is stored."


def _tell(project: Project) -> str:
    watching.configure(project, mail_to=forms.text("mail").replace(",", " ").split())
    return "The crew is told by mail." if sources.of(project).mail_to else "Nobody is told by mail."


def _webhook(project: Project) -> str:
    url = forms.text("webhook")
    if not url and forms.text("none") != "1":
        raise InvalidInput("Type the whole address of the webhook, or tick that there is none.", "webhook")
    secret = request.form.get("signed", "").strip()
    access.set_webhook(project, url, secret, current_app.config["SETTINGS"].secret_key)
    return "The webhook is stored; it is not shown again." if url else "No webhook is told."


ACTIONS: Mapping[str, Callable[[Project], str]] = {
    "source": _source,
    "login": _login,
    "ask": _ask,
    "policy": _policy,
    "rooms": _rooms,
    "room": _room,
    "tell": _tell,
    "webhook": _webhook,
}


def _source_now(project: Project) -> dict[str, Any]:
    source = sources.look(project)
    address = _shown(properties.own(project).get("Fahrplan.XML", ""))
    return {"Address": address, "Asked every (s)": source.every_s, "Not watched": source.paused}


def _policy_now(project: Project) -> dict[str, Any]:
    source = sources.look(project)
    found = {kind.capitalize(): list(pair) for kind, pair in sources.policy_of(source).rules.items()}
    return {**found, "Share of an outage": source.loss_share, "Talks of an outage": source.loss_count}


def _rooms_now(project: Project) -> dict[str, Any]:
    return {"Rooms that are recorded": sources.look(project).rooms}


def _tell_now(project: Project) -> dict[str, Any]:
    return {"Mail": sources.look(project).mail_to}


DRAWN_FROM: Mapping[str, Callable[[Project], dict[str, Any]]] = {
    "source": _source_now,
    "policy": _policy_now,
    "rooms": _rooms_now,
    "tell": _tell_now,
}
"""What the forms show that store several settings at once."""


@bp.post("/<slug>/fahrplan/settings")
@needs("admin")
def fahrplan_settings_post(slug: str) -> ResponseReturnValue:
    """Change how a Fahrplan is looked after."""
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
    return redirect(url_for("gui.fahrplan_settings", slug=slug, _anchor=forms.text("action")), 303)
