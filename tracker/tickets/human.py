"""What people do: cut, check, release, set a state or the failed flag by hand, comment."""

from __future__ import annotations

from collections.abc import Mapping

from tracker import properties, queries
from tracker.db import db
from tracker.errors import Conflict, InvalidInput, NotPermitted
from tracker.models import Comment, Ticket, User
from tracker.statemachine import ENCODING, RECORDING
from tracker.tickets import moves
from tracker.tickets.actor import Actor

MAX_DELAY_MS = 60_000
MAX_PADDING_S = 6 * 3600


def _must_be(ticket: Ticket, kind: str) -> None:
    if ticket.type != kind:
        raise InvalidInput(f"Ticket {ticket.id} is a {ticket.type} ticket, not a {kind} ticket.")


def _writable(ticket: Ticket) -> Ticket:
    if ticket.project.read_only:
        raise NotPermitted(f"Project {ticket.project.slug} is archived; nothing in it can be changed.")
    return ticket


def _locked(ticket_id: int) -> Ticket:
    return _writable(moves.lock(ticket_id))


def _begin(ticket: Ticket, user: User, source: str, target: str, event: str, take_over: bool) -> None:
    """Put *user* to work on a ticket: from *source*, or on one already in *target* that is free or taken over."""
    if ticket.state == target and ticket.user_id == user.id and not ticket.failed:
        return
    holder = ticket.user or ticket.worker
    if holder is not None and not (take_over and ticket.state == target):
        raise Conflict(f"{holder.name} is working on ticket {ticket.id} ({ticket.state}).")
    if ticket.state not in (source, target):
        raise Conflict(f"Ticket {ticket.id} is {ticket.state!r}; it has to be {source!r} for that.")
    moves.move(ticket, target, Actor.of(user), event, f"taken over from {holder.name}" if holder else "")
    ticket.user_id = user.id
    db.session.flush()


def _mine(ticket: Ticket, user: User, state: str) -> None:
    if ticket.state != state or ticket.user_id != user.id:
        holder = ticket.user.name if ticket.user else "nobody"
        raise Conflict(f"Ticket {ticket.id} is {ticket.state!r} and held by {holder}; you no longer have it.")


# --- cutting ---------------------------------------------------------------------------------------------------


def start_cut(ticket_id: int, user: User, *, take_over: bool = False) -> Ticket:
    """Begin to cut a recording: `merged` -> `cutting`, held by *user*. Raises Conflict when somebody else has it."""
    ticket = _locked(ticket_id)
    _must_be(ticket, RECORDING)
    _begin(ticket, user, "merged", "cutting", "Action.cut.start", take_over)
    return ticket


def finish_cut(ticket_id: int, user: User, cut_in: int, cut_out: int, language: str, av_delay_ms: int) -> Ticket:
    """Store the cut marks (frames, in inclusive, out exclusive) and send the recording on to `cut`.

    *language* is one of the project's codes, several joined by '-'; *av_delay_ms* is positive when the sound is late.
    Raises InvalidInput, naming the field, and Conflict when the user no longer holds the ticket.
    """
    ticket = _locked(ticket_id)
    _must_be(ticket, RECORDING)
    _mine(ticket, user, "cutting")
    _check_marks(cut_in, cut_out, properties.merged(ticket).get("Record.DurationFrames", ""))
    _check_language(ticket, language)
    if abs(av_delay_ms) > MAX_DELAY_MS:
        raise InvalidInput(f"An A/V delay of {av_delay_ms} ms is beyond {MAX_DELAY_MS} ms.", "av_delay")
    values = {"Record.Cutin": str(cut_in), "Record.Cutout": str(cut_out), "Record.Language": language}
    properties.write(ticket, {**values, "Record.AVDelay": str(av_delay_ms) if av_delay_ms else ""})
    ticket.cut_by_id = user.id
    moves.move(ticket, _onward(ticket), Actor.of(user), "Action.cut", f"frames {cut_in} to {cut_out}, {language}")
    return ticket


def _onward(ticket: Ticket) -> str:
    target = ticket.table.successor(ticket.state, ticket.disabled)
    if target is None:
        raise Conflict(f"There is no state after {ticket.state!r}.")
    return target


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
    unknown = [code for code in language.split("-") if code not in known]
    if unknown or not language:
        what = f"Language {language!r} is not known" if language else "No language is chosen"
        raise InvalidInput(f"{what}; project {ticket.project.slug} has: {', '.join(known) or 'none'}.", "language")


def expand(ticket_id: int, user: User, before_s: int = 0, after_s: int = 0) -> Ticket:
    """The content extends: grow the paddings (seconds) from the values in force and have it merged again."""
    ticket = _locked(ticket_id)
    _must_be(ticket, RECORDING)
    _mine(ticket, user, "cutting")
    if not (0 <= before_s <= MAX_PADDING_S and 0 <= after_s <= MAX_PADDING_S) or before_s + after_s == 0:
        raise InvalidInput("Say by how many seconds the recording has to begin earlier or end later.", "expand")
    values = properties.merged(ticket)
    start = properties.seconds(values, "Record.StartPadding") + before_s
    end = properties.seconds(values, "Record.EndPadding") + after_s
    properties.write(ticket, {"Record.StartPadding": f"{start:g}", "Record.EndPadding": f"{end:g}"})
    text = f"content extends: {before_s} s before, {after_s} s after; paddings are now {start:g} s and {end:g} s"
    moves.move(ticket, "recorded", Actor.of(user), "Action.expand", text)
    return ticket


def unable(ticket_id: int, user: User, reason: str) -> Ticket:
    """The cutter cannot cut this: the recording fails where it is, free for somebody who can repair it."""
    ticket = _locked(ticket_id)
    _mine(ticket, user, "cutting")
    _fail(ticket, user, "Action.cut.failed", reason)
    return ticket


def abandon(ticket_id: int, user: User) -> Ticket:
    """Leave a ticket one was cutting or checking: back to the state before, free for others."""
    ticket = _locked(ticket_id)
    _mine(ticket, user, ticket.state)
    before = ticket.table.predecessor(ticket.state, ticket.disabled)
    moves.move(ticket, before or ticket.state, Actor.of(user), "Action.abort")
    return ticket


def _fail(ticket: Ticket, user: User, event: str, reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("Say in a sentence what is wrong.", "comment")
    moves.unassign(ticket)
    ticket.failed = True
    ticket.waiting = reason.strip().split("\n", 1)[0][:500]
    moves.touch(ticket)
    moves.log(ticket, Actor.of(user), event, reason, ticket.state, ticket.state)
    if ticket.type == RECORDING:
        moves.settle(ticket)
    db.session.flush()


# --- checking --------------------------------------------------------------------------------------------------


def start_check(ticket_id: int, user: User, *, take_over: bool = False) -> Ticket:
    """Begin to check an encoding: `encoded` -> `checking`.

    Raises NotPermitted for the person who cut the talk (project switch separate_checker), Conflict if it is taken.
    """
    ticket = _locked(ticket_id)
    _must_be(ticket, ENCODING)
    if ticket.project.separate_checker and ticket.parent is not None and ticket.parent.cut_by_id == user.id:
        raise NotPermitted("You cut this talk; somebody else has to check it.")
    _begin(ticket, user, "encoded", "checking", "Action.check.start", take_over)
    return ticket


def accept(ticket_id: int, user: User) -> Ticket:
    """Everything is fine: `checking` -> `checked`."""
    ticket = _locked(ticket_id)
    _must_be(ticket, ENCODING)
    _mine(ticket, user, "checking")
    _has_material(ticket.parent)
    moves.move(ticket, _onward(ticket), Actor.of(user), "Action.check")
    return ticket


def reject(ticket_id: int, user: User, reason: str) -> Ticket:
    """This encoding is wrong: it fails where it is, with the reason."""
    ticket = _locked(ticket_id)
    _must_be(ticket, ENCODING)
    _mine(ticket, user, "checking")
    _fail(ticket, user, "Action.check.failed", reason)
    return ticket


def send_back(ticket_id: int, user: User, reason: str) -> Ticket:
    """The source or the cut is flawed: the recording goes to `cutting` and fails; its encodings need material again.

    Encodings already released keep their public files. Returns the recording.
    """
    ticket = _locked(ticket_id)
    _must_be(ticket, ENCODING)
    _mine(ticket, user, "checking")
    if not reason.strip():
        raise InvalidInput("Say in a sentence what is wrong with the recording or the cut.", "comment")
    recording = moves.lock(ticket.parent_id or 0)
    moves.move(recording, "cutting", Actor.of(user), "Source.failed", reason)
    recording.failed = True
    recording.waiting = reason.strip().split("\n", 1)[0][:500]
    for child in queries.lock_children(recording.id):
        if child.state not in ("released", "material needed"):
            moves.move(child, "material needed", Actor.of(user), "Encoding.Source.failed", reason)
    db.session.flush()
    return recording


def _has_material(recording: Ticket | None) -> None:
    """Raise Conflict while the recording is worked on again: its files may be of an old cut."""
    if recording is not None and not moves.has_material(recording):
        state = f"{recording.state!r}{' and failed' if recording.failed else ''}"
        raise Conflict(f"The recording of {recording.title!r} is {state}; its files may be of another cut.")


def mark_ready(recording_id: int, user: User, shown: Mapping[int, str] | None = None) -> int:
    """Send all postprocessed files of a talk on to `ready to release`; return how many.

    *shown* maps the ticket of every file that the person saw to its SHA-256; raises Conflict when other files wait by
    now, when there is none, or while the recording is worked on again.
    """
    recording = _locked(recording_id)
    _must_be(recording, RECORDING)
    _has_material(recording)
    ready = [c for c in queries.lock_children(recording.id) if c.state == "postprocessed" and not c.failed]
    if not ready:
        raise Conflict(f"No file of {recording.title!r} is postprocessed; there is nothing to release now.")
    sums = queries.values_of([child.id for child in ready], "Release.SHA256")
    if shown is not None and dict(shown) != {child.id: sums.get(child.id, "") for child in ready}:
        raise Conflict(f"Other files of {recording.title!r} wait to be released by now; look at them first.")
    for child in ready:
        moves.move(child, _onward(child), Actor.of(user), "Action.release")
    return len(ready)


# --- by hand ---------------------------------------------------------------------------------------------------


def _unmoved(ticket: Ticket, version: int | None) -> None:
    if version is not None and ticket.version != version:
        raise Conflict(
            f"Ticket {ticket.id} changed meanwhile (it is now {ticket.state!r}); look at it again before you change it."
        )


def set_state(ticket_id: int, user: User, state: str, *, version: int | None = None, comment: str = "") -> Ticket:
    """Move a ticket to any state of its type by hand (seed 003). Raises Conflict if it changed since *version*."""
    ticket = _locked(ticket_id)
    _unmoved(ticket, version)
    if state in ticket.disabled:
        raise InvalidInput(f"State {state!r} is switched off in project {ticket.project.slug}.", "state")
    moves.move(ticket, state, Actor.of(user), "Edit.state", comment, by_hand=True)
    ticket.losses = 0
    return ticket


def set_failed(ticket_id: int, user: User, failed: bool, *, version: int | None = None, comment: str = "") -> Ticket:
    """Set or clear the failed flag, which keeps scripts away, by hand."""
    ticket = _locked(ticket_id)
    _unmoved(ticket, version)
    if failed:
        _fail(ticket, user, "Edit.failed", comment)
        return ticket
    if ticket.table.by_name[ticket.state].script is not None and ticket.worker_id is None:
        _requeue(ticket, user, comment)
    ticket.failed = False
    ticket.waiting = ""
    ticket.not_before = None
    ticket.losses = 0
    moves.touch(ticket)
    moves.log(ticket, Actor.of(user), "Edit.unfailed", comment, ticket.state, ticket.state)
    if ticket.type == RECORDING:
        moves.settle(ticket)
    db.session.flush()
    return ticket


def _requeue(ticket: Ticket, user: User, comment: str) -> None:
    """A script failed in its process state: clearing the flag means try again, so it goes to the state before."""
    before = ticket.table.predecessor(ticket.state, ticket.disabled)
    if before is not None and ticket.state != "recording":
        moves.move(ticket, before, Actor.of(user), "Edit.retry", comment)


def edit_properties(
    ticket_id: int, user: User, values: Mapping[str, str], *, version: int | None = None
) -> Mapping[str, str]:
    """Write properties of a ticket by hand; '' deletes. Return what changed."""
    ticket = _locked(ticket_id)
    _unmoved(ticket, version)
    before = properties.own(ticket)
    changed = properties.write(ticket, {name: v for name, v in values.items() if before.get(name, "") != v})
    if changed:
        moves.touch(ticket)
        text = "\n".join(f"{name}={value}" if value else f"deleting {name}" for name, value in changed.items())
        moves.log(ticket, Actor.of(user), "Edit.properties", text)
        db.session.flush()
    return changed


def comment(ticket_id: int, user: User, text: str) -> Comment:
    """Write a comment on a ticket."""
    ticket = _locked(ticket_id)
    if not text.strip():
        raise InvalidInput("The comment is empty.", "comment")
    row = Comment(ticket_id=ticket.id, user_id=user.id, author=user.name, text=text.strip().replace("\x00", ""))
    db.session.add(row)
    moves.log(ticket, Actor.of(user), "Comment.Add", text.strip())
    db.session.flush()
    return row
