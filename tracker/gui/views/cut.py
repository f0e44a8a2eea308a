"""The cut page: plays the virtual recording and takes in, out, language and A/V delay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import properties, queries, tickets
from tracker.db import transaction
from tracker.errors import InvalidInput, NotFound
from tracker.gui import acts, cutform, forms, marks, spoken
from tracker.gui.access import bp, me, needs, ticket_or_404
from tracker.gui.views.media import schedule_marks, work_file
from tracker.models import Ticket


@bp.get("/<slug>/ticket/<int:ticket_id>/cut")
def cut(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Show the recording, and the form to whoever holds the ticket. Looking changes nothing."""
    return cut_page(ticket_or_404(slug, ticket_id, "recording"))


@bp.post("/<slug>/ticket/<int:ticket_id>/cut")
@needs("user")
def cut_post(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Start, finish, expand, give up or leave a cut."""
    found = ticket_or_404(slug, ticket_id, "recording")
    return acts.perform(found, ACTIONS, cut_page, lambda: _after(found), _wanted)


@bp.post("/<slug>/ticket/<int:ticket_id>/cut/draft")
@needs("user")
def cut_draft(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Keep what is typed into the cut form."""
    found = ticket_or_404(slug, ticket_id, "recording")
    with transaction():
        draft = tickets.save_draft(found.id, me(), dict(request.form.lists()))
        saved = draft.saved.isoformat()
    return jsonify(saved=saved)


def _after(found: Ticket) -> str:
    """Return where to go on: to the next talk when that was asked for and there is one, else to the list."""
    following = None
    if forms.text("action") == "cut and next":
        following = queries.next_to_cut(found.project_id, me().id, found.id)
    if following is not None:
        return url_for("gui.cut", slug=found.project.slug, ticket_id=following.id)
    return url_for("gui.talks", slug=found.project.slug, _anchor=f"t{found.id}")


def cut_page(found: Ticket, error: InvalidInput | None = None) -> str:
    """Draw the cut page; with *error*, the form keeps what was typed."""
    values = properties.merged(found)
    rate = marks.rate_of(values)
    begin, end = marks.suggested(values, schedule_marks(values))
    draft = tickets.draft_of(found)
    drawn = {"cut_in": begin, "cut_out": end, "av_delay": values.get("Record.AVDelay", "0")}
    fields = _fields(drawn | cutform.stored(values, rate), draft.fields if draft else {})
    return render_template(
        "cut.html",
        project=found.project,
        ticket=found,
        values=values,
        rate=rate,
        fields=fields,
        language=_language(found, values, draft.fields if draft else {}),
        tracks=cutform.tracks_of(values),
        unused=cutform.UNUSED,
        audio=_audio(values, draft.fields if draft else {}),
        draft=draft,
        by_schedule=spoken.scheduled(values.get("Fahrplan.Language", ""), found.project.languages),
        suggested="Record.Cutin" not in values,
        missing=_missing(values),
        pictures=not _missing(values, "thumbs.json"),
        mine=found.state == "cutting" and found.user_id == me().id and not found.failed,
        startable=found.state in ("merged", "cutting"),
        why=tickets.why_waiting(found),
        comments=queries.comments([found.id, *(child.id for child in found.children)]),
        error=error,
    )


def _fields(drawn: Mapping[str, str], draft: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the texts of the form: as typed, else as in the draft, else as *drawn* from the recording."""
    kept = {name: each[0] for name, each in draft.items() if each}
    empty = {"before": "", "after": "", "unit": "min", "comment": ""}
    return {name: request.form.get(name, kept.get(name, text)) for name, text in {**empty, **drawn}.items()}


def _language(found: Ticket, values: Mapping[str, str], draft: Mapping[str, Sequence[str]]) -> str:
    """Return the languages to show as chosen: as typed, as in the draft, as stored, or as the schedule says."""
    known = found.project.languages
    if forms.text("action") in CUTS:
        return cutform.language(known)
    if draft.get("track"):
        return "-".join(code for code in draft["track"] if code)
    if draft.get("language"):
        return spoken.joined([code for code in draft["language"] if code in known], known)
    return values.get("Record.Language", "") or spoken.scheduled(values.get("Fahrplan.Language", ""), known)


def _audio(values: Mapping[str, str], draft: Mapping[str, Sequence[str]]) -> list[str]:
    """Return where the sound is good, for each track: as typed, as in the draft, or as stored; the last one repeats."""
    if forms.text("action") in CUTS:
        return forms.texts("audio")
    return list(draft.get("audio", [])) or values.get("Record.Audio", "").split("-")


def _missing(values: Mapping[str, str], *names: str) -> str:
    """Return why a file of the recording, or the recording itself, cannot be shown, '' when it can."""
    try:
        for name in names or ("timeline.json", "index.m3u8"):
            work_file(values, name)
    except NotFound as error:
        return str(error)
    return ""


# --- actions ---------------------------------------------------------------------------------------------------


def _start(found: Ticket) -> str:
    tickets.start_cut(found.id, me(), take_over=forms.text("take_over") == "1")
    return ""


def _cut(found: Ticket) -> str:
    values = properties.merged(found)
    rate, tracks = marks.rate_of(values), cutform.tracks_of(values)
    begin, end = (marks.frame_of(forms.text(field), rate, field) for field in ("cut_in", "cut_out"))
    language = cutform.language(found.project.languages)
    tickets.finish_cut(found.id, me(), begin, end, language, forms.whole("av_delay"), cutform.more(rate, tracks))
    return "Cut. Script C makes the cut master now."


def _expand(found: Ticket) -> str:
    factor = 1 if forms.text("unit") == "s" else 60
    tickets.expand(found.id, me(), forms.whole("before", "expand") * factor, forms.whole("after", "expand") * factor)
    return "The recording is put together again with more material; it comes back to be cut."


def _unable(found: Ticket) -> str:
    tickets.unable(found.id, me(), forms.text("comment"))
    return "The recording is marked as failed with your reason."


def _leave(found: Ticket) -> str:
    tickets.leave(found.id, me())
    return "You left the ticket; nothing was stored."


CUTS = ("cut", "cut and next")
ACTIONS: dict[str, acts.Act] = {
    "start": _start,
    **dict.fromkeys(CUTS, _cut),
    "expand": _expand,
    "unable": _unable,
    "leave": _leave,
}


def _wanted() -> dict[str, str]:
    """Return the marks that were sent, by the properties they would have become."""
    if forms.text("action") not in CUTS:
        return {}
    sent = {"Record.Cutin": forms.text("cut_in"), "Record.Cutout": forms.text("cut_out")}
    sent["Record.Language"] = "-".join(forms.texts("track") or forms.texts("language"))
    sent |= {"parts to leave out": forms.text("leave_out"), "Record.Chapters": forms.text("chapters")}
    return {name: value for name, value in sent.items() if value}
