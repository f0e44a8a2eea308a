"""The changes of a Fahrplan as an Atom feed, for readers that have a login session or a token."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from lxml import etree

from tracker import projects, queries, users
from tracker.fahrplan.words import counted
from tracker.gui import atom
from tracker.gui.access import bp, public
from tracker.models import FahrplanImport, Project

ENTRIES, SENTENCES = 50, 100


@bp.get("/<slug>/fahrplan.atom")
@public
def fahrplan_feed(slug: str) -> ResponseReturnValue:
    """List what the imports of a project changed and asked, newest first; for people and for tokens of theirs."""
    if (reader := atom.reader()) is None:
        return atom.unknown()
    project = projects.get(slug)
    users.require_project(reader, project)
    return atom.answer(_feed(project))


def _feed(project: Project) -> etree._Element:
    page = url_for("gui.fahrplan", slug=project.slug, _external=True)
    runs = queries.fahrplan_imports(project.id, ENTRIES)
    updated = (runs[0].created if runs else project.created).isoformat()
    feed = atom.begin(page, f"Fahrplan of {project.title}", updated)
    for run in runs:
        _entry(feed, run, f"{page}#import{run.id}")
    return feed


def _entry(feed: etree._Element, run: FahrplanImport, link: str) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in run.summary.items() if count and name != "unchanged")
    title = f"{'Decided' if run.kind == 'review' else 'Imported'}: {counts or 'see the page'}"
    undone = [f"undone by {run.undone_by}"] if run.undone else []
    said = "\n".join([*undone, *counted(run.words, SENTENCES)])
    atom.entry(feed, link, title, (run.undone or run.created).isoformat(), run.actor, said)
