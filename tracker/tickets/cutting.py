"""What cutters do: begin, cut, extend the recording, give up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracker import properties
from tracker.errors import InvalidInput
from tracker.models import Ticket, User
from tracker.statemachine import RECORDING
from tracker.tickets import cutlists, drafts, guards, holding, moves
from tracker.tickets.actor import Actor

MAX_DELAY_MS = 60_000
MAX_PADDING_S = 6 * 3600
MAX_APOLOGY = 500


def start_cut(ticket_id: int, user: User, *, take_over: bool = False, version: int | None = None) -> Ticket:
    """Begin to cut a recording: `merged` -> `cutting`, held by *user*. Raises Conflict when somebody else has it."""
    ticket = guards.lock(ticket_id, kind=RECORDING, version=version)
    holding.begin(ticket, user, ("merged",), "cutting", "Action.cut.start", take_over=take_over)
    return ticket


@dataclass(frozen=True)
class More:
    """What a cut may say besides its marks: parts to leave out (frames), chapters, where the sound is good, apology."""

    leave_out: Sequence[cutlists.Range] = ()
    chapters: Sequence[cutlists.Chapter] = ()
    audio: str = ""
    apology: str = ""


NO_MORE = More()


def finish_cut(
    ticket_id: int,
    user: User,
    cut_in: int,
    cut_out: int,
    language: str,
    av_delay_ms: int,
    more: More = NO_MORE,
    *,
    version: int | None = None,
) -> Ticket:
    """Store the cut marks (frames, in inclusive, out exclusive) and send the recording on to `cut`.

    *language* is one of the project's codes, several joined by '-'; *av_delay_ms* is positive when the sound is late.
    Raises InvalidInput, naming the field, and Conflict when the user no longer holds the ticket.
    """
    ticket = guards.lock(ticket_id, kind=RECORDING, version=version)
    guards.mine(ticket, user, "cutting")
    _check_marks(cut_in, cut_out, properties.merged(ticket).get("Record.DurationFrames", ""))
    ranges = cutlists.kept(cut_in, cut_out, more.leave_out)
    _check_language(ticket, language)
    if abs(av_delay_ms) > MAX_DELAY_MS:
        raise InvalidInput(f"An A/V delay of {av_delay_ms} ms is beyond {MAX_DELAY_MS} ms.", "av_delay")
    values = {"Record.Cutin": str(cut_in), "Record.Cutout": str(cut_out), "Record.Language": language}
    values |= {"Record.AVDelay": str(av_delay_ms) if av_delay_ms else "", "Record.Ranges": cutlists.ranges_text(ranges)}
    properties.write(ticket, values | _told(more, ranges, len(language.split("-"))))
    ticket.cut_by_id = user.id
    drafts.drop_draft(ticket)
    left = f" without {', '.join(f'{a} to {b}' for a, b in cutlists.gaps(ranges))}" if len(ranges) > 1 else ""
    text = f"frames {cut_in} to {cut_out}{left[:1000]}, {language}"
    moves.move(ticket, guards.onward(ticket), Actor.of(user), "Action.cut", text)
    return ticket


def _told(more: More, ranges: Sequence[cutlists.Range], languages: int) -> dict[str, str]:
    """Return the properties of what else a cut says. Raises InvalidInput, naming the field."""
    words = more.audio.split("-") if more.audio else []
    wrong = [word for word in words if word not in cutlists.AUDIO]
    if wrong:
        known = ", ".join(cutlists.AUDIO)
        raise InvalidInput(f"Audio source {wrong[0][:40]!r} is unknown; there are: {known}.", "audio")
    if len(words) > 1 and languages != len(words):
        raise InvalidInput(f"The sound comes from {len(words)} places, one for each language; choose as many.", "audio")
    if len(more.apology) > MAX_APOLOGY:
        raise InvalidInput(f"The apology has more than {MAX_APOLOGY} characters; it has to fit on a slide.", "apology")
    return {
        "Record.Chapters": cutlists.chapters_text(more.chapters, ranges),
        "Record.Audio": "" if set(words) <= {cutlists.AUDIO[0]} else more.audio,
        "Record.Apology": " ".join(more.apology.split()),
    }


def _check_marks(cut_in: int, cut_out: int, frames: str) -> None:
    if cut_in < 0:
        raise InvalidInput(f"The in point is frame {cut_in}, before the recording begins.", "cut_in")
    if cut_out <= cut_in:
        raise InvalidInput(f"The out point (frame {cut_out}) is not after the in point (frame {cut_in}).", "cut_out")
    if frames.isascii() and frames.isdigit() and cut_out > int(frames[:18]):
        raise InvalidInput(f"The out point is frame {cut_out}; the recording has {frames} frames.", "cut_out")


def _check_language(ticket: Ticket, language: str) -> None:
    known = ticket.project.languages
    if not known and not language:
        return
    codes = language.split("-")
    unknown = [code for code in codes if code not in (*known, cutlists.UNUSED)]
    if unknown or not set(codes) & set(known):
        what = f"Language {language!r} is not known" if unknown and language else "No language is chosen"
        raise InvalidInput(f"{what}; project {ticket.project.slug} has: {', '.join(known) or 'none'}.", "language")


def expand(ticket_id: int, user: User, before_s: int = 0, after_s: int = 0, *, version: int | None = None) -> Ticket:
    """The content extends: grow the paddings (seconds) from the values in force and have it merged again."""
    ticket = guards.lock(ticket_id, kind=RECORDING, version=version)
    guards.mine(ticket, user, "cutting")
    if not (0 <= before_s <= MAX_PADDING_S and 0 <= after_s <= MAX_PADDING_S) or before_s + after_s == 0:
        raise InvalidInput("Say by how many seconds the recording has to begin earlier or end later.", "expand")
    values = properties.merged(ticket)
    start = properties.seconds(values, "Record.StartPadding") + before_s
    end = properties.seconds(values, "Record.EndPadding") + after_s
    drafts.drop_draft(ticket)  # its frames are counted from another beginning now
    properties.write(ticket, {"Record.StartPadding": f"{start:g}", "Record.EndPadding": f"{end:g}"})
    text = f"content extends: {before_s} s before, {after_s} s after; paddings are now {start:g} s and {end:g} s"
    moves.move(ticket, guards.source_of(ticket, "merging"), Actor.of(user), "Action.expand", text)
    return ticket


def unable(ticket_id: int, user: User, reason: str, *, version: int | None = None) -> Ticket:
    """The cutter cannot cut this: the recording fails where it is, free for somebody who can repair it."""
    ticket = guards.lock(ticket_id, kind=RECORDING, version=version)
    guards.mine(ticket, user, "cutting")
    moves.fail(ticket, Actor.of(user), "Action.cut.failed", guards.needs_reason(reason))
    return ticket
