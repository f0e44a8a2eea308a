"""What is done about the changes that are to be applied: tickets made, updated, locked, unlocked.

What is to be done is decided elsewhere (``decide``, ``review``); here it is written, so that it can be undone. Nothing
is ever deleted, and every change of a ticket has its log row (design D12, D3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracker import properties, queries, tickets
from tracker.db import db
from tracker.fahrplan import policy as rules
from tracker.fahrplan import words
from tracker.fahrplan.decide import Part, Proposal, lock_after, lock_of_new, reason_of, said_after, word_of
from tracker.fahrplan.diff import LOCK, OPTED_OUT
from tracker.fahrplan.numbers import allocate, free_key
from tracker.fahrplan.report import Report
from tracker.fahrplan.schedule import Known, room_key
from tracker.fahrplan.wanted import Wanted, place
from tracker.models import FahrplanChange, Project, ScheduleEvent, Ticket
from tracker.tickets import Actor, moves

_SHOWN = 200
"""Characters of an old or new value in the log; the whole one is in the properties."""
_PLACED = ("Fahrplan.Room", "Fahrplan.DateTime", "Fahrplan.Duration")


def apply(
    project: Project,
    proposals: Sequence[Proposal],
    matched: Iterable[tuple[Known, Wanted, Sequence[Part]]],
    actor: Actor,
    report: Report,
    noted: Mapping[int, FahrplanChange] | None = None,
) -> list[FahrplanChange]:
    """Write the parts of *proposals* that are to be applied; return what was done, for the history and for an undo.

    *matched* are all recognised talks with what changes of them: their keys, and what the Fahrplan said, are stored
    where these are news.
    *noted* is what was done to talks besides. The tickets are locked and the proposals made from what is stored.
    """
    said = [(known, wanted, said_after(known, wanted, parts)) for known, wanted, parts in matched]
    news = [each for each in said if _is_noted(*each)]
    updates = list(_updates(proposals))
    noticed = [*(each.known.ticket_id for each in updates), *(known.ticket_id for known, _, _ in news)]
    rows = {row.recording_id: row for row in queries.schedule_events(noticed)}
    done: dict[int, FahrplanChange] = dict(noted or {})
    done |= _write(updates, rows, actor, report)
    fresh = [proposal.wanted for proposal in proposals if _is_new(proposal) and proposal.wanted is not None]
    made = _create(project, fresh, actor, report)
    _identify(project, rows, news, made, done, report)
    for row in queries.schedule_events(list(_ignored(proposals))):
        row.gone = True  # dealt with: nobody wants to hear of it, and it is no part of an outage
    db.session.flush()
    _note_log([*done.values(), *(noted or {}).values()])
    return list(done.values())


def _is_noted(known: Known, wanted: Wanted, said: Mapping[str, str]) -> bool:
    """Tell whether the keys of a talk, or what the Fahrplan said of it, are others than are stored."""
    return known.said != said or (known.guid, known.source_id) != (wanted.guid, wanted.source_id)


def _ignored(proposals: Iterable[Proposal]) -> Iterator[int]:
    """Yield the tickets of talks whose absence is ignored."""
    for proposal in proposals:
        if proposal.known is not None and any(part.name == rules.GONE for part in proposal.doing(rules.IGNORE)):
            yield proposal.known.ticket_id


def _is_new(proposal: Proposal) -> bool:
    return any(part.name == rules.NEW and part.action == rules.APPLY for part in proposal.parts)


def named(known: Known) -> str:
    """Return the number and the title of a talk, as reports write them."""
    return f"{known.fahrplan_id} '{known.title[:60]}'"


# --- talks that are there --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Update:
    """What is written about one talk: *values* of properties, and the reason to lock it *before* and *after*."""

    known: Known
    wanted: Wanted | None
    parts: Sequence[Part]
    values: Mapping[str, str]
    before: str
    after: str

    @property
    def written(self) -> dict[str, str]:
        """Return all properties that are written."""
        return dict(self.values) | ({LOCK: self.after} if self.before != self.after else {})


def _updates(proposals: Iterable[Proposal]) -> Iterator[_Update]:
    for proposal in proposals:
        known, parts = proposal.known, proposal.doing(rules.APPLY)
        if known is not None and known.ticket_id > 0 and parts:
            values = {part.name: part.new for part in parts if part.name.startswith("Fahrplan.") and part.name != LOCK}
            lock = known.properties.get(LOCK, ""), lock_after(known, proposal.wanted, parts)
            yield _Update(known, proposal.wanted, parts, values, *lock)


def _write(
    updates: Sequence[_Update], rows: Mapping[int, ScheduleEvent], actor: Actor, report: Report
) -> dict[int, FahrplanChange]:
    """Write all talks that change, then lock and unlock those whose reason for that changed."""
    found = {ticket.id: ticket for ticket in queries.lock_talks([each.known.ticket_id for each in updates])}
    properties.write_tickets({each.known.ticket_id: each.written for each in updates})
    done = {}
    for each in updates:
        ticket = found[each.known.ticket_id]
        done[ticket.id] = change_of(each.known, each.parts, ticket)
        _update(each, ticket, rows[ticket.id], actor, report)
    db.session.flush()
    for each in updates:
        if each.before != each.after:
            ticket = found[each.known.ticket_id]
            _relock(ticket, each.known, each.before, each.after, each.wanted, actor, report)
    return done


def _update(update: _Update, ticket: Ticket, row: ScheduleEvent, actor: Actor, report: Report) -> None:
    known, values = update.known, update.values
    if "Fahrplan.Title" in values:
        ticket.title = values["Fahrplan.Title"]
    if any(name in values for name in _PLACED):
        _place(ticket, {**known.properties, **values}, "Fahrplan.Room" in values)
    if values:
        pairs = {name: (known.properties.get(name, ""), new) for name, new in update.written.items()}
        moves.touch(ticket)
        moves.log(ticket, actor, "Fahrplan.changed", _listed(pairs), ticket.state, ticket.state)
    names = {part.name for part in update.parts}
    row.gone = rules.GONE in names or (row.gone and rules.BACK not in names)
    _tell(known, update.parts, report)


def change_of(known: Known, parts: Sequence[Part], ticket: Ticket) -> FahrplanChange:
    """Note what is done to a talk, and what was before."""
    names = [part.name for part in parts if part.name.startswith("Fahrplan.")]
    stored = {name: known.properties.get(name, "") for name in [*names, LOCK]}
    return FahrplanChange(
        project_id=ticket.project_id,
        ticket_id=ticket.id,
        status="applied",
        title=known.title,
        parts=[part.stored() for part in parts],
        before={
            "properties": stored,
            "title": ticket.title,
            "state": ticket.state,
            "room": ticket.room.name if ticket.room else "",
            "start": ticket.start.isoformat() if ticket.start else "",
            "end": ticket.end.isoformat() if ticket.end else "",
            "gone": known.gone,
            "keys": [known.guid, known.source_id, known.occurrence],
            "said": {},
        },
    )


def _place(ticket: Ticket, values: Mapping[str, str], moved: bool) -> None:
    """Give a recording the room and the times that its properties say."""
    room, start, end = place(values)
    if not moved:
        room = ticket.room.name if ticket.room else ""
    tickets.retime(ticket, room if room_key(room) else "", start, end)


def _tell(known: Known, parts: Sequence[Part], report: Report) -> None:
    names = {part.name for part in parts}
    said = words.sentence(known.fahrplan_id, known.title, [part.stored() for part in parts], None)
    if said:
        report.words.append(said)
    if rules.GONE in names:
        report.gone.append(named(known))
    elif all(part.kind == rules.BOOKKEEPING for part in parts):
        report.rekeyed.append(named(known))
    else:
        kinds = {part.kind for part in parts} - {rules.BOOKKEEPING}
        if len(kinds) > 1:
            kinds.discard(rules.TEXT)
        report.changed.append(f"{named(known)}: {', '.join(sorted(kinds))}")


def _listed(fields: Mapping[str, tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {shortened(old)} -> {shortened(new)}" for name, (old, new) in sorted(fields.items()))


def shortened(text: str, limit: int = _SHOWN) -> str:
    """Return a value as one line of bearable length."""
    line = " ".join(text.split())
    return "(none)" if not line else line if len(line) <= limit else f"{line[:limit]}..."


# --- locks -----------------------------------------------------------------------------------------------------


def _relock(
    ticket: Ticket, known: Known, before: str, after: str, wanted: Wanted | None, actor: Actor, report: Report
) -> None:
    """Lock or unlock a talk because the importer's reason for that changed; a log row tells it in any case."""
    event = "Fahrplan.gone" if after == rules.GONE else "Fahrplan.locked" if after else "Fahrplan.unlocked"
    if after and (ticket.state == "scheduled" or (ticket.state != "locked" and after in (rules.GONE, OPTED_OUT))):
        moves.move(ticket, "locked", actor, event, reason_of(after, wanted))
        report.locked.append(f"{named(known)}: {reason_of(after, wanted)}")
    elif not after and ticket.state == "locked":
        _unlock(ticket, known, before, actor, report)
    else:
        moves.log(ticket, actor, event, reason_of(after, wanted), ticket.state, ticket.state)


def _unlock(ticket: Ticket, known: Known, reason: str, actor: Actor, report: Report) -> None:
    """Bring a talk back to where it was before an import locked it; what a person locked stays so."""
    entry = queries.last_entry_into(ticket.id, "locked")  # none: it was made so, by an import
    if entry is not None and not entry.event.startswith("Fahrplan."):
        text = f"stays locked, as a person wants it; the Fahrplan's reason ({reason}) is gone"
        moves.log(ticket, actor, "Fahrplan.unlocked", text, ticket.state, ticket.state)
        report.notes.append(f"{named(known)} {text}.")
        return
    before = entry.from_state if entry is not None else None
    target = ticket.table.reached(before or tickets.initial_state(ticket.project, ticket.type), ticket.disabled)
    failed = "It had failed before it was locked." if entry is not None and "failed" in entry.changes else ""
    comment = f"The reason to lock it ({reason}) is gone."
    moves.move(ticket, target, actor, "Fahrplan.unlocked", comment, failed=failed)
    report.unlocked.append(named(known))


# --- new -------------------------------------------------------------------------------------------------------


def _create(project: Project, talks: Sequence[Wanted], actor: Actor, report: Report) -> list[tuple[int, Wanted]]:
    """Make the recording tickets of new talks, in the order of the file; return their ids."""
    numbers = allocate([talk.source_id for talk in talks], queries.fahrplan_ids(project.id))
    fresh = [_recording(talk, number) for talk, number in zip(talks, numbers, strict=True)]
    for talk, each in zip(talks, fresh, strict=True):
        report.created.append(
            f"{each.fahrplan_id} '{each.title[:60]}'{f': locked. {each.locked}' if each.locked else ''}"
        )
        said = words.sentence(each.fahrplan_id, talk.title, [Part(rules.NEW, rules.NEW).stored()], talk.stored())
        report.words.append(f"{said}; {words.said('locked', each.locked)}" if each.locked else said)
    return list(zip(tickets.create_recordings(project, actor, fresh), talks, strict=True))


def _recording(talk: Wanted, number: int) -> tickets.NewRecording:
    lock = lock_of_new(talk)
    room, start, end = place(talk.properties)
    return tickets.NewRecording(
        title=talk.title,
        fahrplan_id=number,
        values={**talk.properties, "Fahrplan.ID": str(number), **({LOCK: lock} if lock else {})},
        room=room if room_key(room) else "",
        start=start,
        end=end,
        locked=reason_of(lock, talk),
    )


# --- identity --------------------------------------------------------------------------------------------------


def _identify(
    project: Project,
    rows: Mapping[int, ScheduleEvent],
    news: Iterable[tuple[Known, Wanted, dict[str, str]]],
    made: Sequence[tuple[int, Wanted]],
    done: dict[int, FahrplanChange],
    report: Report,
) -> None:
    """Store the keys each talk now has, and what the Fahrplan said of it.

    Occurrences are numbered apart from all others with the same keys.
    """
    rekeyed = []
    for known, wanted, said in news:
        row = rows[known.ticket_id]
        _note_said(row, known, said, done)
        if (row.guid, row.source_id) != (wanted.guid, wanted.source_id):
            rekeyed.append((row, known, wanted))
    for row, known, _wanted in rekeyed:
        if known.ticket_id not in done:
            done[known.ticket_id] = change_of(known, (), tickets.get(known.ticket_id))
            report.rekeyed.append(named(known))
        row.occurrence = -row.recording_id  # out of the way: keys may be exchanged among talks
    db.session.flush()
    taken = queries.schedule_keys(project.id) if rekeyed or made else set()
    for row, _known, wanted in rekeyed:
        row.guid, row.source_id, row.occurrence = free_key(wanted, taken)
    db.session.flush()
    queries.insert_schedule_events([_event(project, number, wanted, taken) for number, wanted in made])
    for number, wanted in made:
        done[number] = _creation(project, number, wanted)


def _note_said(row: ScheduleEvent, known: Known, said: dict[str, str], done: Mapping[int, FahrplanChange]) -> None:
    if row.said == said:
        return
    change = done.get(known.ticket_id)
    if change is not None and change.before is not None:
        names = {name for name in {*known.base, *said} if known.base.get(name, "") != said.get(name, "")}
        change.before = {**change.before, "said": {name: known.base.get(name, "") for name in names}}
    row.said = said


def _event(project: Project, number: int, wanted: Wanted, taken: set[tuple[str, str, int]]) -> dict[str, Any]:
    guid, source_id, occurrence = free_key(wanted, taken)
    return {
        "recording_id": number,
        "project_id": project.id,
        "guid": guid,
        "source_id": source_id,
        "occurrence": occurrence,
        "said": word_of(wanted),
    }


def _creation(project: Project, number: int, wanted: Wanted) -> FahrplanChange:
    return FahrplanChange(
        project_id=project.id,
        ticket_id=number,
        status="applied",
        title=wanted.title,
        parts=[Part(rules.NEW, rules.NEW).stored()],
    )


def _note_log(done: Sequence[FahrplanChange]) -> None:
    """Remember the last log row of each talk: a later one means that something was done with it."""
    last = queries.last_log_rows([change.ticket_id for change in done if change.ticket_id is not None])
    for change in done:
        change.log_id = last.get(change.ticket_id or 0, 0)
