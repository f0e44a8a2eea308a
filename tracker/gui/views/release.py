"""The release page: the last look at all files of a talk, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue

from tracker import properties, tickets
from tracker.errors import Conflict, InvalidInput, NotFound
from tracker.gui import acts, forms
from tracker.gui.access import bp, me, needs, ticket_or_404
from tracker.gui.views.media import encoded_file
from tracker.models import Ticket
from tracker.statemachine import ENCODING


@dataclass(frozen=True)
class File:
    """An encoding ticket with its properties in force; *missing* says why the file cannot be played."""

    ticket: Ticket
    values: Mapping[str, str]
    missing: str

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return f"{self.values.get('EncodingProfile.Basename', '')}.{self.values.get('EncodingProfile.Extension', '')}"


@bp.get("/<slug>/ticket/<int:ticket_id>/release")
def release(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Show all files of a talk with their checksums."""
    return release_page(ticket_or_404(slug, ticket_id, "recording"))


@bp.post("/<slug>/ticket/<int:ticket_id>/release")
@needs("superuser")
def release_post(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Send the files on to be released, or revert the release of one."""
    found = ticket_or_404(slug, ticket_id, "recording")
    return acts.perform(found, {"release": _release, "revert": _revert}, release_page, request.path)


def release_page(found: Ticket, error: InvalidInput | None = None) -> str:
    """Draw the release page."""
    files = [file_of(child) for child in found.children if child.type == ENCODING and _is_shown(child)]
    made = [file for file in files if not file.ticket.off]
    return render_template(
        "release.html",
        project=found.project,
        ticket=found,
        files=files,
        ready=[file for file in made if file.ticket.state == "postprocessed" and not file.ticket.failed],
        behind=[file for file in made if file.ticket.progress < 85 or file.ticket.failed],
        why={file.ticket.id: tickets.why_waiting(file.ticket) for file in files},
        error=error,
    )


def _is_shown(child: Ticket) -> bool:
    """Tell whether a file belongs on the page: a format that is not made of this talk does if its file is public."""
    return not child.off or child.state == "released" or child.withdraw


def file_of(child: Ticket) -> File:
    """Return the file of an encoding ticket."""
    values = properties.merged(child)
    try:
        encoded_file(child, values)
    except NotFound as error:
        return File(child, values, str(error))
    return File(child, values, "")


def _release(found: Ticket) -> str:
    count = tickets.mark_ready(found.id, me(), _shown())
    return f"{count} file{'s' if count > 1 else ''} on the way: script E publishes now."


def _shown() -> dict[int, str] | None:
    """Return the checksums of the files that the page showed, by ticket; None when the form does not tell."""
    sent = [field.partition(":") for field in forms.texts("file")]
    for number, _, _ in sent:
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise InvalidInput(f"{number[:20]!r} is no number of a ticket; reload the page and look again.", "file")
    return {int(number): checksum for number, _, checksum in sent} or None


def _revert(found: Ticket) -> str:
    number = forms.text("encoding")
    child = next((child for child in found.children if str(child.id) == number and child.type == ENCODING), None)
    if child is None:
        raise NotFound(f"Ticket {found.id} has no encoding ticket {number[:20]!r}.")
    if forms.text("confirm") != "1":
        raise InvalidInput("Tick that the public file shall go, then revert the release.", f"confirm{child.id}")
    if child.state != "released":
        raise Conflict(f"Ticket {child.id} is {child.state!r}; only what is released can be reverted.")
    tickets.set_state(child.id, me(), "postprocessed", version=forms.version(), comment="release reverted")
    return "The release is reverted; script E withdraws the public file."
