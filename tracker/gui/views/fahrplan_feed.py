"""The changes of a Fahrplan as an Atom feed (RFC 4287), for readers that have a login session or a token."""

from __future__ import annotations

from flask import Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from lxml import etree

from tracker import projects, queries, tokens, users
from tracker.db import transaction
from tracker.fahrplan.words import counted
from tracker.gui.access import bp, me, public
from tracker.models import FahrplanImport, Project, User

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES, SENTENCES = 50, 100
NOT_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


@bp.get("/<slug>/fahrplan.atom")
@public
def fahrplan_feed(slug: str) -> ResponseReturnValue:
    """List what the imports of a project changed and asked, newest first; for people and for tokens of theirs."""
    reader = me() if current_user.is_authenticated else _by_token()
    if reader is None:
        return Response("Log in, or send a token.", 401, {"WWW-Authenticate": 'Basic realm="Fahrwerk"'})
    project = projects.get(slug)
    users.require_project(reader, project)
    answer = Response(_feed(project), mimetype="application/atom+xml")
    answer.add_etag()
    return answer.make_conditional(request)


def _by_token() -> User | None:
    """Return the user whose token came along: as a bearer, or as the password that feed readers can send."""
    given = request.authorization
    text = (given.token or given.password) if given is not None else None
    if not text:
        return None
    with transaction():
        limit = current_app.config["SETTINGS"].login_max_failures
        return tokens.authenticate(text, request.remote_addr or "", limit)


def _feed(project: Project) -> bytes:
    page = url_for("gui.fahrplan", slug=project.slug, _external=True)
    runs = queries.fahrplan_imports(project.id, ENTRIES)
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    _add(feed, "id", page)
    _add(feed, "title", f"Fahrplan of {project.title}")
    _add(feed, "updated", (runs[0].created if runs else project.created).isoformat())
    etree.SubElement(feed, f"{{{ATOM}}}link", rel="alternate", href=page)
    for run in runs:
        _entry(feed, run, page)
    return bytes(etree.tostring(feed, encoding="utf-8"))


def _entry(feed: etree._Element, run: FahrplanImport, page: str) -> None:
    entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
    link = f"{page}#import{run.id}"
    _add(entry, "id", link)
    counts = ", ".join(f"{count} {name}" for name, count in run.summary.items() if count and name != "unchanged")
    _add(entry, "title", f"{'Decided' if run.kind == 'review' else 'Imported'}: {counts or 'see the page'}")
    _add(entry, "updated", (run.undone or run.created).isoformat())
    author = etree.SubElement(entry, f"{{{ATOM}}}author")
    _add(author, "name", run.actor)
    etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", href=link)
    undone = [f"undone by {run.undone_by}"] if run.undone else []
    _add(entry, "content", "\n".join([*undone, *counted(run.words, SENTENCES)]))


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{name}").text = text.translate(NOT_XML)
