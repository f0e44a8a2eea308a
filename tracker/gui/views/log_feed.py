"""The log of a project as an Atom feed and as JSON, for readers that have a login session or a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from tracker import projects, queries, users, veil
from tracker.errors import InvalidInput
from tracker.gui import atom
from tracker.gui.access import bp, public
from tracker.gui.looks import profile_name
from tracker.models import LogEntry, Project, Ticket

ENTRIES, MOST = 50, 500
SHOWN = 2000
"""Characters of a comment: of a longer one the end, as on the ticket's page."""

Rows = Sequence[tuple[LogEntry, Ticket]]


@bp.get("/<slug>/log.atom")
@public
def log_feed(slug: str) -> ResponseReturnValue:
    """List what happened in a project, newest first."""
    if (reader := atom.reader()) is None:
        return atom.unknown()
    project = projects.get(slug)
    users.require_project(reader, project)
    rows = queries.recent_log(project.id, ENTRIES)
    page = url_for("gui.talks", slug=slug, _external=True)
    updated = (rows[0][0].created if rows else project.created).isoformat()
    feed = atom.begin(page, f"Log of {project.title}", updated)
    for each, ticket in rows:
        said = _said(each, ticket, project)
        move = f" {said['from'] or 'new'} \N{RIGHTWARDS ARROW} {said['to']}" if said["from"] != said["to"] else ""
        name = f"{said['title']}{' ' + said['profile'] if said['profile'] else ''}"
        link = f"{said['url']}#log{each.id}"
        atom.entry(feed, link, f"{name}: {each.event}{move}", said["time"], each.actor, said["comment"])
    return atom.answer(feed)


@bp.get("/<slug>/log.json")
@public
def log_json(slug: str) -> ResponseReturnValue:
    """Answer what happened in a project, newest first; `after` and `before` are entries, `limit` is how many."""
    if (reader := atom.reader()) is None:
        return atom.unknown()
    project = projects.get(slug)
    users.require_project(reader, project)
    limit = max(1, min(_number("limit", ENTRIES), MOST))
    rows = queries.recent_log(project.id, limit, after=_number("after", 0), before=_number("before", 0))
    answer: Response = jsonify(project=slug, entries=[_said(each, ticket, project) for each, ticket in rows])
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInput(f"{name}={text[:20]} is no number.", name)
    return int(text)


def _said(each: LogEntry, ticket: Ticket, project: Project) -> dict[str, Any]:
    talk = ticket.parent or ticket
    return {
        "id": each.id,
        "time": each.created.isoformat(),
        "actor": each.actor,
        "event": each.event,
        "from": each.from_state,
        "to": each.to_state,
        "comment": veil.log(each.event, each.comment)[-SHOWN:],
        "changes": each.changes,
        "ticket": ticket.id,
        "type": ticket.type,
        "profile": profile_name(ticket),
        "fahrplan_id": talk.fahrplan_id,
        "title": ticket.title or talk.title,
        "url": url_for("gui.ticket", slug=project.slug, ticket_id=ticket.id, _external=True),
    }
