"""The page about a project's Fahrplan: what waits, what was imported, how its source is doing; and its feed."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import properties, queries, rooms, tickets
from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput, NotFound
from tracker.fahrplan import alarms, files, sources, undo, verdicts
from tracker.fahrplan.decide import RENAMED
from tracker.fahrplan.verdicts import Choice, Item
from tracker.fetch import shown_address
from tracker.gui import forms
from tracker.gui.access import bp, me, needs, project_or_404, wants_json
from tracker.models import Project
from tracker.tickets import Actor

IMPORTS, ITEMS = 20, 300
"""So many imports and items are on the page; the commands show all."""
CHOICES = ("later", "apply", "leave", "another")


@bp.get("/<slug>/fahrplan")
def fahrplan(slug: str) -> ResponseReturnValue:
    """Show what waits for a decision, the last imports, and the state of the source."""
    return _page(project_or_404(slug))


@bp.post("/<slug>/fahrplan")
@needs("superuser")
def fahrplan_post(slug: str) -> ResponseReturnValue:
    """Decide about what waits, take an import back, take a talk back from the public, let policies decide again."""
    project = project_or_404(slug)
    acts = {"decide": _decide, "undo": _undo, "withdraw": _withdraw, "resume": _resume, "renamed": _renamed}
    try:
        with transaction():
            said = forms.action(acts)(project)
    except (Conflict, InvalidInput) as error:
        if wants_json():
            raise
        return _page(project_or_404(slug), error), error.http_status
    flash(said)
    return redirect(url_for("gui.fahrplan", slug=slug), 303)


@bp.get("/<slug>/fahrplan/<int:number>/file")
@needs("superuser")
def fahrplan_file(slug: str, number: int) -> ResponseReturnValue:
    """Give the file of an import as it was read."""
    project = project_or_404(slug)
    run = undo.get(project, number)
    content = files.content(run)
    kind = "json" if content.lstrip()[:1] in (b"{", b"[") else "xml"
    name = f"schedule-{project.slug}-{run.created:%Y-%m-%d-%H%M}.{kind}"
    # Never shown in the page's place: it comes from elsewhere, and may hold what a browser would run.
    return Response(
        content,
        mimetype="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _page(project: Project, error: Conflict | InvalidInput | None = None) -> str:
    found = verdicts.items(project)
    waiting = [item for item in found if item.status == "waiting"]
    source = sources.look(project)
    address = properties.own(project).get("Fahrplan.XML", "")
    return render_template(
        "fahrplan.html",
        project=project,
        source=source,
        address=shown_address(address) if "://" in address else address,
        policy=sources.policy_of(source).rules,
        alarms=alarms.public_opt_outs(project),
        items=waiting[:ITEMS],
        more=max(0, len(waiting) - ITEMS),
        with_room=[item for item in waiting[:ITEMS] if _only_with_room(item)],
        declined=[item for item in found if item.status == "declined"],
        renamed=_questions(found),
        imports=queries.fahrplan_imports(project.id, IMPORTS),
        unsent=queries.unsent_messages(project.id),
        chosen=_chosen,
        error=error,
    )


def _only_with_room(item: Item) -> bool:
    """Tell whether nothing happened to a talk but that its room may have another name."""
    return item.reason == RENAMED and [unit.name for unit in item.units] == ["room"]


def _questions(found: list[Item]) -> list[tuple[str, str]]:
    """Return the old and new names of rooms of which only a person knows whether they were renamed."""
    asked = (unit for item in found if item.reason == RENAMED for unit in item.units if unit.name == "room")
    return list(dict.fromkeys((unit.old, unit.new) for unit in asked))


def _chosen(item: Item) -> str:
    """Return what is chosen for an item: as it was sent before, as the address asks for, or nothing."""
    sent = request.form.get(f"do-{item.id}") or request.args.get("choose", "")
    return sent if sent in CHOICES else "later"


# --- acts ------------------------------------------------------------------------------------------------------


def _decide(project: Project) -> str:
    choices = {number: choice for number, choice in map(_choice, forms.texts("change")) if choice is not None}
    if not choices:
        raise InvalidInput("Nothing was chosen; take something over, or leave it as it is.", "change")
    report = verdicts.decide(project, choices, Actor.of(me()))
    counts = {
        "made": len(report.created),
        "changed": len(report.changed),
        "locked as gone": len(report.gone),
        "left as it is": len(report.declined),
    }
    return f"Decided: {', '.join(f'{count} {what}' for what, count in counts.items() if count) or 'nothing to change'}."


def _choice(text: str) -> tuple[int, Choice | None]:
    """Read what was chosen for one item: ticked units are taken over, the others of it stay as they are."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInput(f"{text[:20]!r} is no number of something that waits.", "change")
    chosen, stamp = forms.text(f"do-{text}"), forms.text(f"stamp-{text}")
    if chosen in CHOICES[1:] and not stamp:
        raise InvalidInput("The form does not say what you saw of the talk; open the review again.", f"stamp-{text}")
    if chosen == "apply":
        units, ticked = forms.texts(f"unit-{text}"), forms.texts(f"take-{text}")
        return int(text), Choice(ticked, [unit for unit in units if unit not in ticked], stamp=stamp)
    if chosen == "leave":
        return int(text), Choice((), ("all",), stamp=stamp)
    return int(text), Choice(another=True, stamp=stamp) if chosen == "another" else None


def _undo(project: Project) -> str:
    run = undo.get(project, forms.whole("import"))
    report = undo.undo(project, run, Actor.of(me()))
    return f"Import {run.id} is undone: {len(report.changed)} talks are as before, {len(report.gone)} were removed."


def _withdraw(project: Project) -> str:
    ticket = tickets.get(forms.whole("ticket"))
    if ticket.project_id != project.id:
        raise NotFound(f"There is no ticket {ticket.id} in project {project.slug}.")
    count = tickets.withdraw_talk(ticket.id, me(), "the speakers opted out", version=forms.version())
    return f"{count} file{'s' if count != 1 else ''} of '{ticket.title[:60]}' will be withdrawn by script E."


def _resume(project: Project) -> str:
    sources.configure(project, hold="")
    return "Policies decide again."


def _renamed(project: Project) -> str:
    old, new = forms.text("old"), forms.text("new")
    rooms.rename(project, rooms.get(project, old), new)
    sources.look_again(project)
    return f"Room '{old}' is called '{new}' now; the next look at the Fahrplan takes it over."
