"""What is done about the changes: tickets made, updated, locked; and what is only told.

Only talks nobody has begun to record are touched. Nothing is ever deleted (design D12, D3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tracker import properties, queries, tickets
from tracker.db import db
from tracker.errors import ProjectReadOnly
from tracker.fahrplan.diff import GONE, LOCK, OPTED_OUT, QUIET, UNCLEAR, Changed, Changes, Gone, lock_of
from tracker.fahrplan.schedule import Known, Skipped, Talk
from tracker.models import Project, ScheduleEvent, Ticket
from tracker.tickets import Actor, moves

MAX_ID = 2**31 - 1
UNTOUCHED = ("locked", "scheduled")
"""The states before a recording begins."""
_SHOWN = 200
"""Characters of an old or new value in the log; the whole one is in the properties."""


@dataclass(slots=True)
class Report:
    """What an import did, one sentence for each talk. *pending* was not applied and waits for a person."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    rekeyed: list[str] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)
    unlocked: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: tuple[Skipped, ...] = ()
    unchanged: int = 0
    loss: str = ""
    """The sentence about a mass loss that was held back, '' if there was none."""

    @property
    def effective(self) -> bool:
        """Tell whether anything was written."""
        return bool(self.created or self.changed or self.rekeyed or self.locked or self.unlocked or self.gone)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many talks were created, changed, ... and how many events were skipped."""
        lists = ("created", "changed", "rekeyed", "locked", "unlocked", "gone", "pending", "doubts", "skipped")
        return {**{name: len(getattr(self, name)) for name in lists}, "unchanged": self.unchanged}


def known_talks(project: Project) -> list[Known]:
    """Return the scheduled talks the tracker has, as values for the diff."""
    stored = queries.fahrplan_properties(project.id)
    return [
        Known(
            row.id,
            row.fahrplan_id or 0,
            event.guid,
            event.source_id,
            event.occurrence,
            row.title,
            stored.get(row.id, {}),
            row.state,
        )
        for event, row in queries.scheduled_talks(project.id)
    ]


def apply(project: Project, changes: Changes, actor: Actor) -> Report:
    """Bring the tickets of a project to what a Fahrplan says; applied twice it changes nothing.

    New talks become recording tickets, `locked` where the speakers opted out or the talk cannot be recorded as it
    stands. Changed ones are updated while `locked` or `scheduled`, later only reported. Gone ones are locked, unless
    so many vanish that it is an outage. Raises ProjectReadOnly.
    """
    if project.read_only:
        raise ProjectReadOnly(f"Project {project.slug} is archived; no Fahrplan is imported into it.")
    queries.lock_project(project.id)
    report = Report(notes=list(changes.notes), skipped=changes.skipped, unchanged=len(changes.unchanged))
    _rename_rooms(project, changes)
    for change in changes.changed:
        _change(change, actor, report)
    _lose(changes, actor, report)
    for held in changes.held:
        report.pending.append(f"{_name(held.known)}: left as it is; its event cannot be used ({held.skipped.reason})")
    created = _create(project, [new.talk for new in changes.new], actor, report)
    matched = _matched(changes)
    _identify(project, matched, created)
    report.doubts += [f"{talk.where}: {doubt}." for _, talk in matched + created for doubt in talk.doubts]
    db.session.flush()
    return report


def _matched(changes: Changes) -> list[tuple[int, Talk]]:
    """Return the recognised talks with their ticket ids."""
    changed = [(change.known.ticket_id, change.talk) for change in changes.changed]
    return changed + [(same.known.ticket_id, same.talk) for same in changes.unchanged]


def _name(known: Known) -> str:
    return f"{known.fahrplan_id} '{known.title[:60]}'"


# --- rooms -----------------------------------------------------------------------------------------------------


def _rename_rooms(project: Project, changes: Changes) -> None:
    """Give rooms the name the Fahrplan now has for their key, where it no longer has the old one."""
    talks = [new.talk for new in changes.new] + [talk for _, talk in _matched(changes)]
    names: dict[str, dict[str, str]] = {}
    for talk in talks:
        names.setdefault(talk.room_key, {}).setdefault(talk.room.casefold(), talk.room)
    for room in queries.rooms(project.id):
        spoken = names.get(room.key, {})
        if spoken and room.name.casefold() not in spoken:
            room.name = next(iter(spoken.values()))
    db.session.flush()


# --- changed ---------------------------------------------------------------------------------------------------


def _change(change: Changed, actor: Actor, report: Report) -> None:
    ticket = tickets.lock(change.known.ticket_id)
    fields = change.fields
    if ticket.state not in UNTOUCHED:
        fields = _bookkeeping(fields)
        _tell(change, ticket, report)
    if not fields:
        return
    properties.write(ticket, {name: new for name, (_old, new) in fields.items()})
    if change.quiet or ticket.state not in UNTOUCHED:
        report.rekeyed.append(_name(change.known))
    else:
        _update(ticket, change, report)
    moves.log(ticket, actor, "Fahrplan.changed", _listed(fields), ticket.state, ticket.state)
    if ticket.state in UNTOUCHED:
        _relock(ticket, change, actor, report)


def _bookkeeping(fields: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return the part of a change that concerns the importer alone: keys, and that a talk is no longer gone."""
    kept = {name: values for name, values in fields.items() if name in QUIET}
    if fields.get(LOCK, ("", ""))[0] == GONE:
        kept[LOCK] = (GONE, "")
    return kept


def _tell(change: Changed, ticket: Ticket, report: Report) -> None:
    """Report a change that is not applied, because the talk is already being worked on."""
    ours = QUIET | {LOCK}
    fields = {name: values for name, values in change.fields.items() if name not in ours}
    old, new = change.fields.get(LOCK, ("", ""))
    says = []
    if old == GONE:
        says.append("it is in the Fahrplan again")
    if new == OPTED_OUT:
        says.append("the speakers opted out of the recording")
    if fields:
        what = ", ".join(sorted(change.kinds))
        says.append(f"{what}, not applied ({_listed(fields).replace(chr(10), '; ')})")
    if says:
        report.pending.append(f"{_name(change.known)} is {ticket.state}: {'; '.join(says)}.")


def _update(ticket: Ticket, change: Changed, report: Report) -> None:
    talk = change.talk
    if "Fahrplan.Title" in change.fields:
        ticket.title = talk.title
    tickets.retime(ticket, talk.room if talk.room_key else "", talk.start, talk.end if talk.duration else None)
    what = ", ".join(sorted(change.kinds)) or "lock"
    report.changed.append(f"{_name(change.known)}: {what}")


def _listed(fields: dict[str, tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {_short(old)} -> {_short(new)}" for name, (old, new) in sorted(fields.items()))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return "(none)" if not line else line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def _relock(ticket: Ticket, change: Changed, actor: Actor, report: Report) -> None:
    """Lock or unlock a talk nobody has begun to record, when the Fahrplan's reason for that came or went."""
    old, new = change.fields.get(LOCK, ("", ""))
    if new and ticket.state == "scheduled":
        moves.move(ticket, "locked", actor, "Fahrplan.locked", reason_of(change.talk))
        report.locked.append(f"{_name(change.known)}: {reason_of(change.talk)}")
    elif old and not new and ticket.state == "locked":
        if old == OPTED_OUT or ticket.set_by_hand or change.known.properties.get("Fahrplan.Recording.Optout") == "1":
            report.pending.append(f"{_name(change.known)} stays locked: the Fahrplan's reason ({old}) is gone.")
            return
        moves.move(ticket, "scheduled", actor, "Fahrplan.unlocked", f"The reason to lock it ({old}) is gone.")
        report.unlocked.append(_name(change.known))


def reason_of(talk: Talk) -> str:
    """Return the sentence why a talk is locked, '' if it is not."""
    lock = lock_of(talk)
    if lock == OPTED_OUT:
        return "The speakers opted out of the recording."
    return f"To be clarified: {talk.unclear}." if lock == UNCLEAR else ""


# --- gone ------------------------------------------------------------------------------------------------------


def _lose(changes: Changes, actor: Actor, report: Report) -> None:
    """Lock the talks that vanished; all of them stay as they are where it must be an outage of the source."""
    if changes.mass_loss:
        report.loss = (
            f"{len(changes.gone)} talks are missing from the Fahrplan at once; that looks like a failure of its "
            "source, so none of them was locked."
        )
        return
    for gone in changes.gone:
        _lock_gone(gone, actor, report)


def _lock_gone(gone: Gone, actor: Actor, report: Report) -> None:
    ticket = tickets.lock(gone.known.ticket_id)
    reason = "The talk is no longer in the Fahrplan."
    properties.write(ticket, {LOCK: GONE})
    if ticket.state == "scheduled":
        moves.move(ticket, "locked", actor, "Fahrplan.gone", reason)
    else:
        moves.log(ticket, actor, "Fahrplan.gone", reason, ticket.state, ticket.state)
    if ticket.state not in UNTOUCHED:
        report.pending.append(f"{_name(gone.known)} is {ticket.state}: {reason}")
    report.gone.append(_name(gone.known))


# --- new -------------------------------------------------------------------------------------------------------


def usable_id(source_id: str) -> int | None:
    """Return the number a source id is, None unless it is plain digits of 1 to 2^31-1 without leading zeros."""
    if not (source_id.isascii() and source_id.isdigit()) or len(source_id) > 10 or source_id[0] == "0":
        return None
    number = int(source_id)
    return number if number <= MAX_ID else None


def allocate(source_ids: Sequence[str], taken: Iterable[int]) -> list[int]:
    """Return a Fahrplan.ID for each source id in order: its own number if it is usable and free, else one above all.

    Numbers above all others are taken in order; only if they run out, the smallest free ones.
    """
    used = set(taken)
    own: list[int | None] = []
    for source_id in source_ids:
        number = usable_id(source_id)
        own.append(None if number in used else number)
        used.add(number or 0)
    following = _free_numbers(used)
    return [number if number is not None else next(following) for number in own]


def _free_numbers(used: set[int]) -> Iterator[int]:
    yield from range(max(used, default=0) + 1, MAX_ID + 1)
    yield from (number for number in range(1, MAX_ID) if number not in used)


def _create(project: Project, talks: Sequence[Talk], actor: Actor, report: Report) -> list[tuple[int, Talk]]:
    """Make the recording tickets of new talks, in the order of the file."""
    numbers = allocate([talk.source_id for talk in talks], queries.fahrplan_ids(project.id))
    created = []
    for talk, number in zip(talks, numbers, strict=True):
        reason = reason_of(talk)
        ticket = tickets.create_recording(
            project,
            actor,
            title=talk.title,
            room=talk.room if talk.room_key else "",
            start=talk.start,
            end=talk.end if talk.duration else None,
            fahrplan_id=number,
            values={**talk.properties, "Fahrplan.ID": str(number), **({LOCK: lock_of(talk)} if reason else {})},
            locked=reason,
        )
        created.append((ticket.id, talk))
        report.created.append(f"{number} '{talk.title[:60]}'{f': locked. {reason}' if reason else ''}")
    return created


# --- identity --------------------------------------------------------------------------------------------------


def _identify(project: Project, matched: list[tuple[int, Talk]], created: list[tuple[int, Talk]]) -> None:
    """Store the keys each talk now has. Occurrences are numbered apart from all others with the same keys."""
    rows = {event.recording_id: event for event, _ticket in queries.scheduled_talks(project.id)}
    moved = [
        (rows[ticket_id], talk)
        for ticket_id, talk in matched
        if (rows[ticket_id].guid, rows[ticket_id].source_id) != (talk.guid, talk.source_id)
    ]
    for row, _talk in moved:
        row.occurrence = -row.recording_id  # out of the way: keys may be exchanged among talks
    db.session.flush()
    taken = {(row.guid, row.source_id, row.occurrence) for row in rows.values()}
    for row, talk in moved:
        row.guid, row.source_id, row.occurrence = _free_key(talk, taken)
    for ticket_id, talk in created:
        guid, source_id, occurrence = _free_key(talk, taken)
        db.session.add(
            ScheduleEvent(
                recording_id=ticket_id, project_id=project.id, guid=guid, source_id=source_id, occurrence=occurrence
            )
        )
    db.session.flush()


def _free_key(talk: Talk, taken: set[tuple[str, str, int]]) -> tuple[str, str, int]:
    occurrence = talk.occurrence
    while (talk.guid, talk.source_id, occurrence) in taken:
        occurrence += 1
    taken.add((talk.guid, talk.source_id, occurrence))
    return talk.guid, talk.source_id, occurrence
