"""The check page: plays the encoded file and takes the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import properties, queries, tickets
from tracker.errors import InvalidInput, NotFound
from tracker.gui import acts, forms, joints, marks
from tracker.gui.access import bp, me, needs, ticket_or_404
from tracker.gui.found import found_in
from tracker.gui.views.media import TYPES, encoded_file, work_file
from tracker.models import Ticket
from tracker.statemachine import ENCODING
from tracker.tickets import moves


@bp.get("/<slug>/ticket/<int:ticket_id>/check")
def check(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Show the encoded file, and the form to whoever holds the ticket. Looking changes nothing."""
    return check_page(ticket_or_404(slug, ticket_id, "encoding"))


@bp.post("/<slug>/ticket/<int:ticket_id>/check")
@needs("user")
def check_post(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Start, accept, reject, send back or leave a check."""
    found = ticket_or_404(slug, ticket_id, "encoding")
    return acts.perform(found, ACTIONS, check_page, lambda: _after(found))


def _after(found: Ticket) -> str:
    """Return where to go on: to the next file when that was asked for and there is one, else to the list."""
    project, following = found.project, None
    if forms.text("action") == "accept and next":
        following = queries.next_to_check(project.id, me().id, found.id, separate=project.separate_checker)
    if following is not None:
        return url_for("gui.check", slug=project.slug, ticket_id=following.id)
    return url_for("gui.talks", slug=project.slug, _anchor=f"t{found.parent_id}")


@dataclass(frozen=True)
class Step:
    """One thing to look at: its name in the log, where to play from (a part of the length), and what to look for."""

    name: str
    place: str
    text: str


def steps(kind: str, values: Mapping[str, str] | None = None) -> list[Step]:
    """List the places of the published checklist for a file of a MIME type, of a talk with these properties."""
    values = values or {}
    heard = kind.startswith("audio/")
    lead = values.get("Encoding.LeadSeconds", "") not in ("", "0")
    trail = values.get("Encoding.TrailSeconds", "") not in ("", "0")
    return [
        Step("title", "", "It is this talk; title, names and language below are right."),
        *([Step("intro", "0", "The slide before the talk is there, with the right title and names.")] if lead else []),
        Step("start", "start", "It begins with a full sentence, without the wait before it."),
        *(Step(f"{part} %", str(part / 100), _good_at(part, heard=heard)) for part in PARTS),
        Step("end", "end", "It ends after the last answer, not in the middle of a word."),
        *([Step("outro", "last", "The slide after the talk is there.")] if trail else []),
        *_tracks(values),
    ]


PARTS = (10, 25, 50, 75)


def _good_at(part: int, *, heard: bool) -> str:
    return f"Sound is good at {part} %." if heard else f"Picture and sound are good and in sync at {part} %."


def _tracks(values: Mapping[str, str]) -> list[Step]:
    """List one step for each further audio track: browsers play the first one."""
    codes = [code for code in values.get("Record.Language", "").split("-") if code not in ("", "und")][:9]
    text = "Track {}, {}, is good at its beginning, middle and end (open the file by itself to hear it)."
    return [Step(f"track {n}", "", text.format(n, code)) for n, code in enumerate(codes[1:], 2)]


def check_page(found: Ticket, error: InvalidInput | None = None) -> str:
    """Draw the check page; with *error*, the comment that was typed is kept."""
    values = properties.merged(found)
    talk = found.parent
    assert talk is not None  # the schema gives every encoding ticket a recording
    kind, missing = _playable(found, values)
    origin = joints.origin_of(values)
    return render_template(
        "check.html",
        project=found.project,
        ticket=found,
        talk=talk,
        values=values,
        rate=marks.rate_of(values),
        time_of=marks.time_of,
        kind=kind,
        steps=steps(kind, values),
        found=found_in(values),
        origin=origin,
        source=bool(origin.pieces) and not _unreadable(values),
        places=sorted([*origin.joints(), *joints.chapters_in(values, origin)], key=lambda place: place.at_s),
        compared=joints.compared(values),
        files=_files(talk),
        typed=request.form,
        verdict=values.get("Encoding.Verdict", ""),
        seen=forms.texts("seen"),
        missing=missing,
        outdated=_outdated(found, talk, values),
        comment=request.form.get("comment", ""),
        cut_myself=found.project.separate_checker and talk.cut_by_id == me().id,
        mine=found.state == "checking" and found.user_id == me().id and not found.failed,
        startable=found.state in ("encoded", "checking"),
        why=tickets.why_waiting(found),
        comments=queries.comments([talk.id, *(child.id for child in talk.children)]),
        error=error,
    )


def _unreadable(values: Mapping[str, str]) -> bool:
    """Tell whether the recording can no longer be played beside the file."""
    try:
        work_file(values, "index.m3u8")
    except NotFound:
        return True
    return False


def _files(talk: Ticket) -> list[tuple[Ticket, dict[str, str]]]:
    """List the files of the talk with what was measured of them."""
    children = [child for child in talk.children if child.type == ENCODING and not child.off]
    ids = [child.id for child in children]
    found = {name: queries.values_of(ids, f"Encoding.{name}") for name in ("Seconds", "Bytes", "Verdict")}
    return [(child, {name: each.get(child.id, "") for name, each in found.items()}) for child in children]


def _playable(found: Ticket, values: Mapping[str, str]) -> tuple[str, str]:
    """Return the MIME type of the encoded file and '', or '' and why it cannot be played."""
    try:
        return TYPES.get(encoded_file(found, values).suffix.lower(), ""), ""
    except NotFound as error:
        return "", str(error)


def _outdated(found: Ticket, talk: Ticket, values: Mapping[str, str]) -> str:
    """Return why the file may show another cut than the recording has, '' when it does not."""
    made, current = values.get("Encoding.Cut", ""), moves.cut_of(found)
    if made and made != current:
        made, current = marks.cut_in_words(made), marks.cut_in_words(current)
        return f"This file was made from another cut than the recording has now: {made}; now it is {current}."
    if not moves.has_material(talk) and found.state in ("encoded", "checking"):
        failed = " and failed" if talk.failed else ""
        return f"The recording is {talk.state!r}{failed}: this file may be of another cut."
    return ""


def _start(found: Ticket) -> str:
    tickets.start_check(found.id, me(), take_over=forms.text("take_over") == "1")
    return ""


def _seen(found: Ticket) -> list[str]:
    """Return the steps that were ticked, of those that there are."""
    known = {step.name for step in steps("", properties.merged(found))}
    return [name for name in forms.texts("seen") if name in known]


def _accept(found: Ticket) -> str:
    tickets.accept(found.id, me(), seen=_seen(found))
    return "Checked. Script D prepares it for the release now."


def _correct(found: Ticket) -> str:
    values = {"Fahrplan.Title": forms.text("title"), "Fahrplan.Person_list": forms.text("persons")}
    tickets.correct(found.id, me(), values, seen=_seen(found))
    return "Corrected and checked. Script D writes it into the files; nothing is encoded again."


def _reject(found: Ticket) -> str:
    tickets.reject(found.id, me(), forms.text("comment"))
    return "The encoding is marked as failed with your reason."


def _send_back(found: Ticket) -> str:
    tickets.send_back(found.id, me(), forms.text("comment"))
    return "The recording goes back to cutting, with your reason."


def _leave(found: Ticket) -> str:
    tickets.leave(found.id, me())
    return "You left the ticket; nothing was stored."


ACTIONS: dict[str, acts.Act] = {
    "start": _start,
    "accept": _accept,
    "accept and next": _accept,
    "correct": _correct,
    "reject": _reject,
    "send_back": _send_back,
    "leave": _leave,
}
