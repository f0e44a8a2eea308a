"""The front page, the talks of a project, and the form for a recording that no Fahrplan knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import projects, queries, tickets, users
from tracker.db import transaction
from tracker.errors import InvalidInput
from tracker.gui import forms, live
from tracker.gui.access import bp, me, needs, project_or_404
from tracker.gui.filters import conference_day
from tracker.models import Project, Room, Ticket
from tracker.statemachine import ENCODING, RECORDING, workflow
from tracker.tickets import Actor

_YOURS = 3
"""So many files to check, and talks to cut, are offered above the list."""

PAGE = 200
"""Talks of a page: those of most conferences are on one."""
FILTERS = ("text", "room", "state", "failed", "public")


@bp.get("/")
def front() -> ResponseReturnValue:
    """List the projects one may see, with their progress and what is to be done in them."""
    found = queries.all_projects(users.visible_projects(me()))
    return render_template("projects.html", overviews=projects.overviews(found))


@bp.get("/<slug>/")
def talks(slug: str) -> ResponseReturnValue:
    """List the talks of a project by day and room; filters come in the query."""
    project = project_or_404(slug)
    tag = live.stamp(project)
    return live.unchanged(tag) or live.tagged(_talks_page(project), tag)


def _talks_page(project: Project) -> str:
    rooms = queries.rooms(project.id)
    chosen = _filters(project, rooms)
    page = _number()
    found = queries.talks(project.id, **chosen, limit=PAGE + 1, offset=PAGE * page)
    return render_template(
        "talks.html",
        project=project,
        overview=projects.overviews([project])[0],
        rooms=rooms,
        states=_states(project),
        days=_days(found[:PAGE]),
        shown=len(found[:PAGE]),
        page=page,
        more=len(found) > PAGE,
        query={name: value for name, value in request.args.items() if name in FILTERS},
        filtered=any(chosen.values()),
        progress=projects.progress_of_talk,
        yours=_yours(project),
    )


def _number() -> int:
    """Return which page of the talks is asked for, from 0."""
    text = request.args.get("page", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _yours(project: Project) -> list[Ticket]:
    """List what the user may check and cut now, best first; nothing for somebody who may do neither."""
    user = me()
    if user.role == "read only" or project.read_only:
        return []
    files = queries.to_check(project.id, user.id, limit=_YOURS, separate=project.separate_checker)
    return [*files, *queries.to_cut(project.id, user.id, limit=_YOURS)]


def _filters(project: Project, rooms: Sequence[Room]) -> dict[str, Any]:
    args = request.args
    room = next((room.id for room in rooms if room.key == args.get("room")), None)
    state = args.get("state", "")
    return {
        "text": args.get("text", "").strip().replace("\x00", "")[:200],
        "room_id": room,
        "state": state if state in _states(project) else "",
        "failed": args.get("failed") == "1",
        "public": args.get("public") == "1",
    }


def _states(project: Project) -> list[str]:
    tables = workflow(project.workflow).tables
    return list(dict.fromkeys(s.name for kind in (RECORDING, ENCODING) for s in tables[kind].states))


def _days(found: Sequence[Ticket]) -> list[tuple[date | None, list[Ticket]]]:
    return [(day, list(group)) for day, group in groupby(found, key=conference_day)]


# --- by hand ---------------------------------------------------------------------------------------------------


@bp.get("/<slug>/new")
@needs("superuser")
def new(slug: str) -> ResponseReturnValue:
    """Show the form for a recording by hand."""
    return _new_form(project_or_404(slug))


@bp.post("/<slug>/new")
@needs("superuser")
def new_post(slug: str) -> ResponseReturnValue:
    """Make a recording from room, start, end and title."""
    project = project_or_404(slug)
    try:
        with transaction():
            ticket = tickets.create_recording(
                project,
                Actor.of(me()),
                title=forms.text("title"),
                room=forms.text("room"),
                start=_moment(project, "start"),
                end=_moment(project, "end"),
                event="Created.byHand",
            )
            ticket_id = ticket.id
    except InvalidInput as error:
        return forms.again(error, _new_form, project)
    flash("The recording is scheduled.")
    return redirect(url_for("gui.ticket", slug=slug, ticket_id=ticket_id), 303)


def _new_form(project: Project, error: InvalidInput | None = None) -> str:
    return render_template("new.html", project=project, rooms=queries.rooms(project.id), form=request.form, error=error)


def _moment(project: Project, field: str) -> datetime:
    """Read a local time of the project. Raises InvalidInput, naming the field."""
    text = forms.text(field)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(project.time_zone))
    except ValueError:
        raise InvalidInput(f"The {field} {text[:40]!r} is no date and time such as 2026-12-27T11:30.", field) from None
