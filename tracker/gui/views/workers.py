"""Who works: the scripts and what people tell them; their groups, secrets, projects and filters."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import filters, projects, queries, users
from tracker.db import now, transaction
from tracker.errors import InvalidInput, NotFound
from tracker.gui import drawn, forms
from tracker.gui.access import bp, me, needs
from tracker.models import Ticket, Worker, WorkerGroup, WorkerGroupProject
from tracker.statemachine import workflow
from tracker.workers import fleet, groups
from tracker.workers.queue import queue

SHOWN_FOR = timedelta(days=2)
SILENT_AFTER = timedelta(minutes=2)


@bp.get("/workers")
def workers() -> ResponseReturnValue:
    """List the workers of the last days."""
    return _workers_page(None)


def _workers_page(_: None, error: InvalidInput | None = None) -> str:
    only = users.visible_projects(me())

    def visible(ticket: Ticket | None) -> bool:
        return ticket is not None and (only is None or ticket.project_id in only)

    rows = [(worker, ticket, visible(ticket)) for worker, ticket in queries.all_workers(now() - SHOWN_FOR)]
    waiting = queue(queries.all_projects(only))
    return render_template(
        "workers.html", rows=rows, waiting=waiting, silent_before=now() - SILENT_AFTER, form=request.form, error=error
    )


def _command(worker: Worker) -> None:
    fleet.command(worker, forms.text("command"))


ORDERS: dict[str, tuple[Callable[[Worker], object], str]] = {
    "hold": (fleet.hold, "{} gets no new work; what it has it may finish."),
    "release": (fleet.release, "{} gets work again."),
    "terminate": (fleet.terminate, "{} ends when its job is done."),
    "terminate at once": (lambda worker: fleet.terminate(worker, at_once=True), "{} gives its ticket back and ends."),
    "command": (_command, "{} gets the command with its next sign of life."),
    "forget": (fleet.forget, "{} is forgotten."),
}


@bp.post("/workers")
@needs("admin")
def workers_post() -> ResponseReturnValue:
    """Hold, release, command, end or forget a worker."""
    try:
        order, said = forms.action(ORDERS)
        with transaction():
            worker = queries.worker_by_id(forms.whole("worker"))
            if worker is None:
                raise NotFound("There is no such worker any more.")
            name = worker.name
            order(worker)
    except InvalidInput as error:
        return forms.again(error, _workers_page, None)
    flash(said.format(name))
    return redirect(url_for("gui.workers"), 303)


# --- groups ----------------------------------------------------------------------------------------------------


@bp.get("/workers/groups")
@needs("admin")
def worker_groups() -> ResponseReturnValue:
    """List the groups with what they may take."""
    return _groups_page(None)


def _groups_page(_: None, error: InvalidInput | None = None, secret: tuple[str, str, str] | None = None) -> str:
    open_ones, rows = queries.writable_projects(), queries.group_rows()
    listed = {(row.group_id, row.project_id) for row in rows}
    found = [
        (group, [each for each in open_ones if group.all_projects or (group.id, each.id) in listed])
        for group in queries.all_groups()
    ]
    return render_template(
        "groups.html",
        groups=[
            (group, works_for, _filters([r for r in rows if r.group_id == group.id])) for group, works_for in found
        ],
        drawn_from=_drawn_from,
        tallies=queries.group_tallies(),
        projects=open_ones,
        services=list(workflow("classic").services),
        form=request.form,
        secret=secret,
        error=error,
    )


def _filters(rows: Sequence[WorkerGroupProject]) -> dict[int, tuple[str, str]]:
    """Return the filters of a group by project: as JSON to edit, and in words."""
    found = {row.project_id: row.filter for row in rows if row.filter}
    return {
        number: (json.dumps(data, ensure_ascii=False), filters.words(filters.read(data)))
        for number, data in found.items()
    }


def _drawn_from(group: WorkerGroup) -> dict[str, Any]:
    return {
        "Work it is given": group.states,
        "Tickets at once": group.max_tickets or 0,
        "Works for every project": group.all_projects,
        "Refuses unknown filters": group.strict_filters,
    }


def _pause(group: WorkerGroup) -> str:
    groups.configure(group, paused=forms.text("wanted") == "1")
    return f"{group.name} is paused: its workers get nothing new." if group.paused else f"{group.name} works again."


def _configure(group: WorkerGroup) -> str:
    drawn.unmoved(_drawn_from(group))
    groups.configure(
        group,
        all_projects=forms.text("all_projects") == "1",
        strict_filters=forms.text("strict_filters") == "1",
        max_tickets=forms.whole("max_tickets"),
        states=[name for name in forms.texts("states") if name],
    )
    return f"The settings of {group.name} are stored."


def _projects(group: WorkerGroup) -> str:
    wanted, found = set(forms.texts("projects")), queries.writable_projects()
    drawn.unmoved({"Projects": [project.title for project in found if groups.works_for(group, project.id)]})
    for project in found:
        works = groups.works_for(group, project.id)
        if project.slug in wanted and not works:
            groups.add_project(group, project)
        elif project.slug not in wanted and works and not group.all_projects:
            groups.remove_project(group, project)
    return f"The projects of {group.name} are stored."


def _filter(group: WorkerGroup) -> str:
    text, project = forms.text("filter"), projects.get(forms.text("project"))
    drawn.unmoved({"Filter": _filters(queries.group_rows(group.id)).get(project.id, ("", ""))[0]})
    try:
        data = json.loads(text) if text else None
    except (ValueError, RecursionError):
        raise InvalidInput('The filter is no JSON; write {"property": "Room.Key", "is": "saal1"}.', "filter") from None
    groups.set_filter(group, project, data)
    return f"{group.name} takes {'what passes the filter' if data else 'every ticket'} of {project.title}."


def _end_rotation(group: WorkerGroup) -> str:
    groups.end_rotation(group)
    return f"Only the newest secret of {group.name} is accepted now."


def _delete(group: WorkerGroup) -> str:
    name, returned = group.name, groups.delete(group)
    return f"{name} is deleted" + (f"; {returned} tickets are free again." if returned else ".")


GROUP_ACTIONS: dict[str, Callable[[WorkerGroup], str]] = {
    "pause": _pause,
    "configure": _configure,
    "projects": _projects,
    "filter": _filter,
    "end rotation": _end_rotation,
    "delete": _delete,
}


@bp.post("/workers/groups")
@needs("admin")
def worker_groups_post() -> ResponseReturnValue:
    """Make, change or delete a group; a new secret is on the page that answers, and nowhere else."""
    try:
        if forms.text("action") in ("add", "rotate"):
            return _groups_page(None, secret=_new_secret())
        act = forms.action(GROUP_ACTIONS)
        with transaction():
            group = groups.get(forms.text("group"))
            queries.lock_again(group)
            said = act(group)
    except drawn.Stale as stale:
        return drawn.page(stale)
    except InvalidInput as error:
        return forms.again(error, _groups_page, None)
    flash(said)
    return redirect(url_for("gui.worker_groups"), 303)


def _new_secret() -> tuple[str, str, str]:
    key = str(current_app.config["SECRET_KEY"])
    with transaction():
        if forms.text("action") == "add":
            group, secret = groups.create(forms.text("name"), secret_key=key)
        else:
            group = groups.get(forms.text("group"))
            secret = groups.rotate(group, secret_key=key)
        return group.name, group.token, secret
