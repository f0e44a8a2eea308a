"""What checkers do: begin, accept, reject, send the cut back; and the last look before the release."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tracker import properties, queries, veil
from tracker.db import db
from tracker.errors import Conflict, InvalidInput
from tracker.models import Ticket, User
from tracker.statemachine import ENCODING, RECORDING, workflow
from tracker.tickets import guards, holding, holds, moves
from tracker.tickets.actor import Actor

CORRECTED = {"Fahrplan.Title": "title", "Fahrplan.Person_list": "artist"}
"""What a checker may correct -> the tag that a file carries it in."""
MAX_TAG = 500
PUBLIC = ("releasing", "released")
"""Files that are public or just becoming so; a talk that is sent back leaves them."""


def start_check(ticket_id: int, user: User, *, take_over: bool = False, version: int | None = None) -> Ticket:
    """Begin to check an encoding: `encoded` -> `checking`.

    Raises NotPermitted for the person who cut the talk (project switch separate_checker), Conflict if it is taken.
    """
    ticket = guards.lock(ticket_id, kind=ENCODING, version=version)
    guards.may_hold(user, ticket, "checking")
    holding.begin(ticket, user, ("encoded",), "checking", "Action.check.start", take_over=take_over)
    return ticket


def accept(ticket_id: int, user: User, *, seen: Sequence[str] = (), version: int | None = None) -> Ticket:
    """Everything is fine: `checking` -> `checked`; the log keeps which places and tracks were *seen*.

    Raises Conflict for a file of another cut than the recording has.
    """
    ticket = guards.lock(ticket_id, kind=ENCODING, version=version)
    guards.mine(ticket, user, "checking")
    guards.has_material(ticket.parent)
    guards.of_this_cut(ticket)
    looked = f"looked at: {', '.join(seen)}" if seen else ""
    moves.move(ticket, guards.onward(ticket), Actor.of(user), "Action.check", looked[:2000])
    return ticket


def correct(
    ticket_id: int, user: User, values: Mapping[str, str], *, seen: Sequence[str] = (), version: int | None = None
) -> Ticket:
    """Only the metadata is wrong: store it as in *values* (by property) and send the file on, `checking` -> `checked`.

    Nothing is encoded again: script D writes the file's container anew, and those of the talk's other files that are
    made already; files that wait for their release go back to `checked` for it, public ones ask for attention. Raises
    InvalidInput when nothing would change, Conflict as `accept` does.
    """
    ticket = guards.lock(ticket_id, kind=ENCODING, version=version)
    guards.mine(ticket, user, "checking")
    talk = ticket.parent
    assert talk is not None  # the schema gives every encoding ticket a recording
    changed = properties.write(talk, _corrections(talk, values))
    if title := changed.get("Fahrplan.Title"):
        talk.title = title
    moves.log(talk, Actor.of(user), "Edit.properties", veil.written(changed), talk.state, talk.state)
    moves.touch(talk)
    tags = {CORRECTED[name]: value for name, value in changed.items()}
    for child in queries.lock_children(talk.id):
        _retag(child, tags, Actor.of(user))
    return accept(ticket_id, user, seen=[*seen, "metadata corrected"])


def _corrections(talk: Ticket, values: Mapping[str, str]) -> dict[str, str]:
    before = properties.merged(talk)
    texts = {name: " ".join(values[name].split()) for name in CORRECTED if name in values}
    found = {name: text for name, text in texts.items() if text != before.get(name, "")}
    if not found:
        raise InvalidInput("Title and persons are as before; correct what is wrong, or accept the file.", "title")
    if not found.get("Fahrplan.Title", "x"):
        raise InvalidInput("A talk needs a title.", "title")
    if any(len(text) > MAX_TAG for text in found.values()):
        raise InvalidInput(f"Title and persons have at most {MAX_TAG} characters each.", "title")
    return found


def _retag(child: Ticket, tags: Mapping[str, str], actor: Actor) -> None:
    """Have script D write *tags* into the file of a ticket, if there is one."""
    table, own = child.table, properties.own(child)
    if table.position(child.state) < table.position("encoding") or child.off:
        return
    earlier = json.loads(own.get("Encoding.Metadata", "") or "{}")
    properties.write(child, {"Encoding.Metadata": json.dumps({**earlier, **tags}, ensure_ascii=False)})
    if child.state in PUBLIC:
        child.needs_attention = True
        moves.touch(child)
        text = (
            "the title or the persons of the talk were corrected; to have them in the public file, revert its release"
        )
        moves.log(child, actor, "Encoding.metadata", text, child.state, child.state)
    elif table.position(child.state) > table.position("checked"):
        moves.move(child, "checked", actor, "Encoding.metadata", "the metadata was corrected; the file is written anew")


def reject(ticket_id: int, user: User, reason: str, *, version: int | None = None) -> Ticket:
    """This encoding is wrong: it fails where it is, with the reason."""
    ticket = guards.lock(ticket_id, kind=ENCODING, version=version)
    guards.mine(ticket, user, "checking")
    moves.fail(ticket, Actor.of(user), "Action.check.failed", guards.needs_reason(reason))
    return ticket


def send_back(ticket_id: int, user: User, reason: str, *, version: int | None = None) -> Ticket:
    """The source or the cut is flawed: the recording goes to `cutting` and fails, nobody's; its files are made again.

    From the recording, once it was merged, or from any of its encoding tickets, in whatever state. The encoding tickets
    need material then; those being released or released keep their public file and ask for attention: they are made
    again when a person reverts their release or resets them. Returns the recording. Raises Conflict while somebody
    else works on the ticket or the recording, and when there is nothing to cut yet.
    """
    found = guards.lock(ticket_id, version=version)
    sentence = "Say in a sentence what is wrong with the recording or the cut."
    guards.needs_reason(reason, sentence)
    recording = found if found.type == RECORDING else moves.lock(found.parent_id or 0)
    for ticket in (found, recording):
        guards.not_others(ticket, user)
    table = recording.table
    if table.position(recording.state) < table.position("merged"):
        raise Conflict(f"The recording of {recording.title!r} is {recording.state!r}; there is no cut to send back.")
    disabled = recording.disabled
    target = "cutting" if "cutting" not in disabled else table.predecessor("cutting", disabled) or recording.state
    moves.move(recording, target, Actor.of(user), "Source.failed", reason, failed=reason)
    for child in queries.lock_children(recording.id):
        _needs_material(child, Actor.of(user), reason)
    db.session.flush()
    return recording


def _needs_material(child: Ticket, actor: Actor, reason: str) -> None:
    needed = workflow(child.project.workflow).needed
    if child.state not in PUBLIC:
        if child.state != needed or child.failed:
            moves.move(child, needed, actor, "Encoding.Source.failed", reason)
        return
    child.needs_attention = True
    moves.touch(child)
    text = f"{reason}\nits public file stays; to have it made from the new cut, revert its release or reset the ticket"
    moves.log(child, actor, "Encoding.Source.failed", text, child.state, child.state)


def mark_ready(recording_id: int, user: User, shown: Mapping[int, str] | None = None) -> int:
    """Send all postprocessed files of a talk on to `ready to release`; return how many.

    *shown* maps the ticket of every file that the person saw to its SHA-256; raises Conflict when other files wait by
    now, when there is none, when one is of another cut, while the talk is held or worked on again. Formats that are
    switched off for the talk are left out.
    """
    recording = guards.lock(recording_id, kind=RECORDING)
    guards.has_material(recording)
    holds.check(recording)
    children = queries.lock_children(recording.id)
    ready = [c for c in children if c.state == "postprocessed" and not c.failed and not c.off]
    if not ready:
        raise Conflict(f"No file of {recording.title!r} is postprocessed; there is nothing to release now.")
    sums = queries.values_of([child.id for child in ready], "Release.SHA256")
    if shown is not None and dict(shown) != {child.id: sums.get(child.id, "") for child in ready}:
        raise Conflict(f"Other files of {recording.title!r} wait to be released by now; look at them first.")
    for child in ready:
        guards.of_this_cut(child)
        moves.move(child, guards.onward(child), Actor.of(user), "Action.release")
    return len(ready)
