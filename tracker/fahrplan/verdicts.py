"""What people decide about what waits: applied against what is stored now, all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tracker import properties, queries, tickets
from tracker.db import db
from tracker.errors import Conflict, InvalidInput, ProjectReadOnly
from tracker.fahrplan import policy as rules
from tracker.fahrplan import sources, words
from tracker.fahrplan.apply import apply, change_of, named
from tracker.fahrplan.decide import Part, Proposal, begun
from tracker.fahrplan.diff import GONE, LOCK
from tracker.fahrplan.importer import SENTENCES
from tracker.fahrplan.known import known_talks
from tracker.fahrplan.policy import APPLY, ASK, LEAVE
from tracker.fahrplan.report import Report
from tracker.fahrplan.schedule import Known
from tracker.fahrplan.wanted import Wanted
from tracker.models import FahrplanChange, FahrplanImport, Project, ScheduleEvent
from tracker.tickets import Actor, moves

TIME = ("Fahrplan.Date", "Fahrplan.Start", "Fahrplan.DateTime")
"""Properties that only change together: a new day with the old clock is a time that nobody meant."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What can be chosen by itself of a talk: one property, or those of its time; *names* are its parts."""

    name: str
    label: str
    kind: str
    old: str
    new: str
    by_hand: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A talk that waits, as a page or a command shows it; *stamp* is of what was shown."""

    id: int
    number: int | None
    title: str
    ticket_id: int | None
    state: str
    status: str
    reason: str
    says: str
    units: tuple[Unit, ...]
    stamp: str
    begun: bool = False
    title_now: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decided about one item: units to *take* over, others to *leave* as they are; the rest waits.

    *another*: the Fahrplan has another talk in its place, which gets a ticket of its own. *stamp* is that of the item
    as it was shown; without one nothing is compared.
    """

    take: Collection[str] = ()
    leave: Collection[str] = ()
    another: bool = False
    stamp: str = ""


@dataclass(slots=True)
class _Work:
    """What the choices come to, until it is written."""

    proposals: list[Proposal] = field(default_factory=list)
    noted: dict[int, FahrplanChange] = field(default_factory=dict)
    """What is written of talks besides what `apply` writes, by ticket."""
    unwanted: list[FahrplanChange] = field(default_factory=list)
    replaced: list[tuple[Known, Wanted]] = field(default_factory=list)


def items(project: Project) -> list[Item]:
    """List what waits for the crew, and the talks it did not want."""
    rows = queries.open_fahrplan_changes(project.id)
    return [_item(row, known) for row, known in _with_known(project, rows)]


def _with_known(project: Project, rows: Sequence[FahrplanChange]) -> list[tuple[FahrplanChange, Known | None]]:
    ids = [row.ticket_id for row in rows if row.ticket_id is not None]
    known = {talk.ticket_id: talk for talk in known_talks(project, ids)} if ids else {}
    return [(row, known.get(row.ticket_id or 0)) for row in rows]


def _item(row: FahrplanChange, known: Known | None) -> Item:
    return Item(
        row.id,
        known.fahrplan_id if known else None,
        row.title,
        row.ticket_id,
        known.state if known else "",
        row.status,
        row.reason,
        "; ".join(words.phrases(row.parts, row.wanted)),
        tuple(units(row.parts, known)),
        stamp(row, known),
        known is not None and begun(known),
        known.title if known else row.title,
    )


def units(parts: Sequence[Mapping[str, Any]], known: Known | None) -> list[Unit]:
    """Return what can be chosen of some parts; the old values are those stored now."""
    found: dict[str, Unit] = {}
    for part in sorted(parts, key=lambda part: part["name"] != "Fahrplan.DateTime"):
        name, stored = part["name"], known.properties if known else {}
        label = "time" if name in TIME else words.label(part)
        old, new = (words.readable(name, text) for text in (stored.get(name, part["old"]), part["new"]))
        unit = found.get(label) or Unit(label, label, part["kind"], old, new, part["by_hand"], ())
        found[label] = replace(unit, names=(*unit.names, name), by_hand=unit.by_hand or part["by_hand"])
    return list(found.values())


def stamp(row: FahrplanChange, known: Known | None) -> str:
    """Return what changes whenever an item would look different: its parts, the ticket's state, the stored values."""
    stored = known.properties if known else {}
    seen = [row.id, row.revision, row.status, known.state if known else "", row.reason]
    seen += [f"{part['name']}={stored.get(part['name'], '')}" for part in row.parts]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def decide(project: Project, choices: Mapping[int, Choice], actor: Actor) -> Report:
    """Do what people chose about what waits, by its number; parts that nobody chose go on waiting.

    Flushes and does not commit. Raises Conflict when something was decided, imported or changed since it was shown,
    InvalidInput for an unknown number or unit, ProjectReadOnly.
    """
    if project.read_only:
        raise ProjectReadOnly(f"Project {project.slug} is archived; nothing in it can be changed.")
    queries.lock_project(project.id)
    db.session.flush()
    db.session.expire_all()  # who waited for the lock sees what the one before did
    rows = _chosen(project, choices)
    queries.lock_talks([row.ticket_id for row in rows if row.ticket_id is not None])
    pairs = _with_known(project, rows)
    _unmoved(pairs, choices)
    work, report = _Work(), Report()
    for row, known in pairs:
        _sort(project, row, known, choices[row.id], work)
    _replace(work, actor, report)
    _leave(work, actor, report)
    matched = [(p.known, p.wanted, p.parts) for p in work.proposals if p.known is not None and p.wanted is not None]
    done = apply(project, work.proposals, matched, actor, report, work.noted)
    _keep(project, done, work, actor, report, rows)
    return report


def _chosen(project: Project, choices: Mapping[int, Choice]) -> list[FahrplanChange]:
    rows = {row.id: row for row in queries.open_fahrplan_changes(project.id)}
    missing = [number for number in choices if number not in rows]
    if missing:
        raise Conflict(f"What waited as number {missing[0]} does not wait any more; look at the review again.")
    return [rows[number] for number in choices]


def _unmoved(pairs: Sequence[tuple[FahrplanChange, Known | None]], choices: Mapping[int, Choice]) -> None:
    moved = [row for row, known in pairs if choices[row.id].stamp not in ("", stamp(row, known))]
    if moved:
        names = ", ".join(f"'{words.short(row.title, 60)}'" for row in moved[:5])
        raise Conflict(f"Since you looked something changed about {names}; nothing was applied. Look at it again.")


# --- sorting ---------------------------------------------------------------------------------------------------


def _sort(project: Project, row: FahrplanChange, known: Known | None, choice: Choice, work: _Work) -> None:
    """Turn one choice into what is to be written, and leave in the row what goes on waiting."""
    take, leave = _names(row, known, choice.take), _names(row, known, choice.leave)
    both = take & leave
    if both:
        raise InvalidInput(f"{sorted(both)[0]} of '{row.title[:60]}' is both to be taken and to be left.", "choice")
    wanted = Wanted.read(row.wanted) if row.wanted else None
    if choice.another:
        _another(row, known, wanted, work)
    elif known is None:
        _without_ticket(row, wanted, take, leave, work)
    else:
        actions = {**dict.fromkeys(take, APPLY), **dict.fromkeys(leave, LEAVE)}
        parts = tuple(replace(Part.read(part), action=actions.get(part["name"], ASK)) for part in row.parts)
        parts = tuple(replace(part, old=known.properties.get(part.name, part.old)) for part in parts)
        work.proposals.append(Proposal(known, wanted, parts))
        _decline(known, [part for part in parts if part.action == LEAVE], work)
        _rest(row, [part["name"] for part in row.parts if part["name"] not in actions])


def _names(row: FahrplanChange, known: Known | None, chosen: Collection[str]) -> set[str]:
    """Return the parts that units stand for; 'all' is every one. Raises InvalidInput."""
    found = {unit.name: unit.names for unit in units(row.parts, known)}
    if "all" in chosen:
        return {name for names in found.values() for name in names}
    unknown = [name for name in chosen if name not in found]
    if unknown:
        raise InvalidInput(
            f"'{row.title[:60]}' has no {unknown[0][:40]!r} to decide about; there are: {', '.join(found)}.", "choice"
        )
    return {name for unit in chosen for name in found[unit]}


def _rest(row: FahrplanChange, names: Collection[str]) -> None:
    rest = [part for part in row.parts if part["name"] in names]
    if rest:
        row.parts, row.revision = rest, row.revision + 1
    else:
        db.session.delete(row)


def _without_ticket(row: FahrplanChange, wanted: Wanted | None, take: set[str], leave: set[str], work: _Work) -> None:
    """A talk the project does not have: made, or remembered as one that nobody wants."""
    if take and wanted is not None:
        work.proposals.append(Proposal(None, wanted, (Part(rules.NEW, rules.NEW),)))
        db.session.delete(row)
    elif leave:
        row.status, row.revision = "declined", row.revision + 1
        work.unwanted.append(row)


def _another(row: FahrplanChange, known: Known | None, wanted: Wanted | None, work: _Work) -> None:
    if known is None or wanted is None:
        raise InvalidInput(f"'{row.title[:60]}' has no ticket that could be another talk's.", "choice")
    work.replaced.append((known, wanted))
    work.proposals.append(Proposal(None, wanted, (Part(rules.NEW, rules.NEW),)))
    db.session.delete(row)


def _decline(known: Known, parts: Sequence[Part], work: _Work) -> None:
    if parts:
        change = change_of(known, parts, tickets.get(known.ticket_id))
        change.status = "declined"
        work.noted[known.ticket_id] = change


# --- writing ---------------------------------------------------------------------------------------------------


def _replace(work: _Work, actor: Actor, report: Report) -> None:
    """Take the keys from talks in whose place the Fahrplan has others; what nobody has begun to record is locked."""
    for known, wanted in work.replaced:
        row = db.session.get_one(ScheduleEvent, known.ticket_id)
        ticket = tickets.get(known.ticket_id)
        work.noted[known.ticket_id] = change_of(known, (Part(rules.GONE, rules.GONE),), ticket)
        row.guid, row.source_id, row.occurrence, row.gone = "", "", -known.ticket_id, True
        text = f"The Fahrplan has another talk in its place now: '{words.short(wanted.title)}'."
        if not begun(known) and ticket.state == "scheduled":
            properties.write(ticket, {LOCK: GONE})
            moves.move(ticket, "locked", actor, "Fahrplan.gone", text)
        else:
            moves.log(ticket, actor, "Fahrplan.replaced", text, ticket.state, ticket.state)
        report.gone.append(named(known))
    db.session.flush()


def _leave(work: _Work, actor: Actor, report: Report) -> None:
    """Note what people did not want: the Fahrplan's word counts as heard, and the log says whose decision it was."""
    for proposal in work.proposals:
        known, parts = proposal.known, proposal.doing(LEAVE)
        if known is None or not parts:
            continue
        names = {part.name for part in parts}
        ticket = tickets.get(known.ticket_id)
        row = db.session.get_one(ScheduleEvent, known.ticket_id)
        if rules.GONE in names:
            row.gone = True
        if rules.BACK in names:
            row.gone = False
            properties.write(ticket, {LOCK: ""})
        said = "; ".join(words.phrases([part.stored() for part in parts], None))
        moves.log(ticket, actor, "Fahrplan.declined", f"not taken over: {said}", ticket.state, ticket.state)
        report.declined.append(f"{named(known)}: {said}")
    report.declined += [f"'{words.short(change.title, 60)}': new" for change in work.unwanted]


def _keep(
    project: Project,
    done: Sequence[FahrplanChange],
    work: _Work,
    actor: Actor,
    report: Report,
    rows: Sequence[FahrplanChange],
) -> None:
    """Write what was decided into the history; nothing of it is told, because the crew itself did it."""
    newest = max((row.run for row in rows), key=lambda run: run.id, default=None)
    run = FahrplanImport(
        project_id=project.id,
        kind="review",
        actor=actor.name,
        source=newest.source if newest else "",
        version=newest.version if newest else "",
        file_id=newest.file_id if newest else None,
        summary=report.counts,
        words=words.counted([*report.words, *(words.said("not taken", text) for text in report.declined)], SENTENCES),
    )
    db.session.add(run)
    db.session.flush()
    both = [*done, *(change for change in work.noted.values() if change not in done)]
    for change in (*both, *work.unwanted):
        change.import_id = run.id
    db.session.add_all(both)
    db.session.flush()
    sources.release_hold(project)
    report.import_id = run.id
