"""The ticket search: a question in the address, results to look at, to take along, and to edit together."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import asking, queries, searches
from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput, NotFound
from tracker.gui import conflicts, forms
from tracker.gui.access import bp, me, needs, oneself, project_or_404
from tracker.models import Project, Ticket
from tracker.queries.searches import numbered, saved_searches
from tracker.statemachine import TYPES, workflow
from tracker.tickets import mass

PAGE = 100
EXPORT = 20_000
COLUMNS = (
    *("id", "fahrplan_id", "type", "state", "failed", "profile", "title", "room", "start", "assignee", "priority"),
    *("attention", "waiting", "modified"),
)


@bp.get("/<slug>/tickets")
def search(slug: str) -> ResponseReturnValue:
    """Show the tickets that the question `q` asks for, or answer them as `format=csv` or `json`."""
    project = project_or_404(slug)
    if (there := _jump(project)) is not None:
        return there
    kind = request.args.get("format", "")
    try:
        question = searches.read(request.args.get("q", ""), me())
    except InvalidInput as error:
        if kind:
            raise
        return _page(project, [], 0, error), 400
    if kind in ("csv", "json"):
        rows, _ = queries.found_tickets(project, question, me().id, limit=EXPORT)
        return _csv(project, rows) if kind == "csv" else jsonify([_row(ticket) for ticket in rows])
    rows, total = queries.found_tickets(project, question, me().id, limit=_limit(), offset=_limit() * _number())
    return _page(project, rows, total)


def _jump(project: Project) -> ResponseReturnValue | None:
    """Go to the ticket when the question is just its number, or that of a talk; `#` in front means a ticket's own."""
    text = request.args.get("q", "").strip()
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10) or request.args.get("format"):
        return None
    found = numbered(project.id, int(digits))
    if text.startswith("#"):
        found = [each for each in found if each.id == int(digits)]
    return redirect(url_for("gui.ticket", slug=project.slug, ticket_id=found[0].id)) if len(found) == 1 else None


def _number() -> int:
    text = request.args.get("page", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _limit() -> int:
    """Return how many rows a page has: as many as can be edited together if somebody asks for that."""
    return mass.MOST if request.args.get("all") == "1" else PAGE


def _page(
    project: Project, rows: Sequence[Ticket], total: int, error: InvalidInput | None = None, q: str | None = None
) -> str:
    return render_template(
        "search.html",
        project=project,
        q=(request.args.get("q", "") if q is None else q)[: asking.MAX_LENGTH],
        rows=rows,
        total=total,
        page=_number(),
        pages=(total + _limit() - 1) // _limit(),
        all_on_one=mass.MOST if total > PAGE and _limit() == PAGE else 0,
        saved=saved_searches(project.id, me().id),
        fields=asking.FIELDS,
        states=_states(project),
        error=error,
    )


def _states(project: Project) -> dict[str, list[str]]:
    tables = workflow(project.workflow).tables
    off = project.disabled_states
    return {kind: [s.name for s in tables[kind].states if s.name not in off.get(kind, [])] for kind in TYPES}


def _row(ticket: Ticket) -> dict[str, Any]:
    talk, holder = ticket.parent or ticket, ticket.user or ticket.worker
    return {
        "id": ticket.id,
        "fahrplan_id": talk.fahrplan_id,
        "type": ticket.type,
        "state": ticket.state,
        "failed": ticket.failed,
        "profile": ticket.profile_version.profile.slug if ticket.profile_version else None,
        "title": ticket.title or talk.title,
        "room": talk.room.name if talk.room else None,
        "start": talk.start.isoformat() if talk.start else None,
        "assignee": holder.name if holder else None,
        "priority": ticket.priority,
        "attention": ticket.needs_attention,
        "waiting": ticket.waiting or ticket.off,
        "modified": ticket.modified.isoformat(),
    }


@bp.post("/<slug>/tickets/saved")
@needs("read only")
@oneself
def saved_search(slug: str) -> ResponseReturnValue:
    """Keep a search under a name, or delete one."""
    project = project_or_404(slug)
    question = forms.text("q")
    deeds = {"save": lambda: _save(project, question), "delete": lambda: _forget(project)}
    try:
        deed = forms.action(deeds)
        with transaction():
            said = deed()
    except InvalidInput as error:
        return _page(project, [], 0, error, question), error.http_status
    flash(said)
    return redirect(url_for("gui.search", slug=slug, q=question or None), 303)


def _save(project: Project, question: str) -> str:
    found = searches.save(project, me(), forms.text("saved"), question, shared=forms.text("shared") == "1")
    return f"Everybody has the search {found.name!r} now." if found.shared else f"The search {found.name!r} is kept."


def _forget(project: Project) -> str:
    return f"The search {searches.delete(project, me(), forms.whole('search')).name!r} is deleted."


FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _csv(project: Project, rows: Sequence[Ticket]) -> Response:
    """Write rows for a spreadsheet; a text that one would take for a formula gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for ticket in rows:
        row = _row(ticket)
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    headers = {"Content-Disposition": f"attachment; filename={project.slug}-tickets.csv"}
    return Response("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


# --- edit together ---------------------------------------------------------------------------------------------


@bp.post("/<slug>/tickets/edit")
@needs("superuser")
def mass_edit(slug: str) -> ResponseReturnValue:
    """Show what an edit of the chosen tickets would change; with `confirm`, do it."""
    project = project_or_404(slug)
    versions = _versions()
    try:
        edit = _edit()
        chosen = _chosen(project, versions)
        if forms.text("confirm") != "1":
            return _preview(project, chosen, edit)
        with transaction():
            changed = mass.edit_many(project, versions, me(), edit)
    except InvalidInput as error:
        return _preview(project, _chosen(project, versions), None, error), error.http_status
    except Conflict as error:
        return conflicts.page(error, _moved_on(chosen, versions), {})
    flash(f"{changed} ticket{'s were' if changed != 1 else ' was'} edited.")
    return redirect(url_for("gui.search", slug=slug, q=forms.text("q")), 303)


def _versions() -> dict[int, int]:
    """Read the chosen tickets, each sent as id:version."""
    pairs = [text.partition(":") for text in forms.texts("ticket")]
    numbers = [
        (a, b) for a, _, b in pairs if a.isascii() and a.isdigit() and len(a) < 10 and b.isascii() and b.isdigit()
    ]
    return {int(number): int(version[:9]) for number, version in numbers}


def _chosen(project: Project, versions: dict[int, int]) -> list[Ticket]:
    if not versions:
        raise InvalidInput("No ticket is chosen; tick some in the list.", "ticket")
    if len(versions) > mass.MOST:
        raise InvalidInput(f"{len(versions)} tickets are too many for one edit; {mass.MOST} are the most.", "ticket")
    found = queries.tickets_by_id(project.id, list(versions))
    if missing := versions.keys() - {ticket.id for ticket in found}:
        raise NotFound(f"There is no ticket {min(missing)} in project {project.slug}; nothing was edited.")
    return list(found)


def _moved_on(chosen: Sequence[Ticket], versions: dict[int, int]) -> int:
    """Return the number of the first ticket that is not what was shown."""
    return next((ticket.id for ticket in chosen if ticket.version != versions[ticket.id]), chosen[0].id)


def _edit() -> mass.Edit:
    flags = {"yes": True, "no": False}
    names, values = forms.texts("name"), forms.texts("value")
    found = {name: value for name, value in zip(names, values, strict=False) if name}
    edit = mass.Edit(
        state=forms.text("state") or None,
        failed=flags.get(forms.text("failed")),
        attention=flags.get(forms.text("attention")),
        priority=_priority(forms.text("priority")),
        values=found,
        comment=forms.text("comment"),
    )
    if edit.empty:
        raise InvalidInput("Nothing is to be changed; choose what.", "edit")
    return edit


def _priority(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError:
        raise InvalidInput(f"The priority {text[:20]!r} is no number.", "priority") from None


def _preview(
    project: Project, chosen: Sequence[Ticket], edit: mass.Edit | None, error: InvalidInput | None = None
) -> str:
    rows = [(ticket, mass.preview(ticket, edit) if edit else []) for ticket in chosen]
    return render_template(
        "mass.html",
        project=project,
        rows=rows,
        changed=sum(bool(changes) for _, changes in rows),
        sent=[(n, v) for n, v in request.form.items(multi=True) if n not in ("csrf_token", "confirm", "ticket")],
        error=error,
    )
