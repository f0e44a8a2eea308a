"""All talks with files that wait to be released: look, choose, release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from tracker import queries, tickets
from tracker.db import transaction
from tracker.errors import Conflict, InvalidInput
from tracker.gui import forms
from tracker.gui.access import bp, me, needs, project_or_404
from tracker.models import Project, Ticket
from tracker.queries.reviews import talks_to_release
from tracker.statemachine import ENCODING
from tracker.tickets import holds

MOST = 200
DONE = ("postprocessed", "ready to release", "releasing", "released")


@dataclass(frozen=True)
class Row:
    """A talk with its files, the checksums by ticket, and why it is held ('' when it is not)."""

    talk: Ticket
    files: Sequence[Ticket]
    sums: Mapping[int, str]
    held: str

    @property
    def ready(self) -> list[Ticket]:
        """List the files that go public now."""
        return [file for file in self.files if file.state == "postprocessed" and not file.failed]

    @property
    def complete(self) -> bool:
        """Tell whether no file of the talk is behind."""
        return all(file.state in DONE and not file.failed for file in self.files)


@bp.get("/<slug>/release")
def releases(slug: str) -> ResponseReturnValue:
    """Show the talks with files that wait for the last look, complete ones first."""
    return _page(project_or_404(slug))


def _page(project: Project, error: InvalidInput | None = None) -> str:
    found = sorted(_rows(talks_to_release(project.id, MOST)), key=lambda row: (bool(row.held), not row.complete))
    return render_template("releases.html", project=project, rows=found, most=MOST, error=error)


def _rows(talks: Sequence[Ticket]) -> list[Row]:
    files = {talk.id: [c for c in talk.children if c.type == ENCODING and not c.off] for talk in talks}
    sums = queries.values_of([file.id for each in files.values() for file in each], "Release.SHA256")
    held = queries.values_of([talk.id for talk in talks], holds.HOLD)
    return [Row(talk, files[talk.id], sums, held.get(talk.id, "")) for talk in talks]


@bp.post("/<slug>/release")
@needs("superuser")
def releases_post(slug: str) -> ResponseReturnValue:
    """Release all files of the chosen talks as the page showed them, all or none."""
    project = project_or_404(slug)
    try:
        chosen, shown = _numbers("ticket"), _shown()
        if not chosen or len(chosen) > MOST:
            raise InvalidInput(f"Choose 1 to {MOST} talks.", "ticket")
        with transaction():
            count = sum(_release(project, number, shown) for number in sorted(chosen))
    except InvalidInput as error:
        return forms.again(error, _page, project)
    flash(f"{count} files of {len(chosen)} talks on the way: script E publishes now.")
    return redirect(url_for("gui.releases", slug=slug), 303)


def _numbers(name: str) -> set[int]:
    return {int(text) for text in forms.texts(name) if text.isascii() and text.isdigit() and len(text) < 10}


def _shown() -> dict[int, str]:
    pairs = (text.partition(":") for text in forms.texts("file"))
    return {int(a): b for a, _, b in pairs if a.isascii() and a.isdigit() and len(a) < 10}


def _release(project: Project, number: int, shown: Mapping[int, str]) -> int:
    talk = tickets.get(number)
    if talk.project_id != project.id:
        raise InvalidInput(f"There is no talk {number} in project {project.slug}.", "ticket")
    own = {child.id: shown[child.id] for child in talk.children if child.id in shown}
    try:
        return tickets.mark_ready(number, me(), own)
    except Conflict as error:
        raise Conflict(f"Nothing was released. {error}") from None
