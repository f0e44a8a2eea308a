"""The whole import: read, compare, decide, apply, keep what waits, and tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from tracker import queries
from tracker.db import db
from tracker.errors import FahrplanError, ProjectReadOnly
from tracker.fahrplan import files, fingerprint, review, sources, telling, words
from tracker.fahrplan import policy as rules
from tracker.fahrplan.alarms import public_opt_outs
from tracker.fahrplan.apply import apply, named
from tracker.fahrplan.decide import RENAMED, Part, Proposal, decide
from tracker.fahrplan.diff import Changed, Changes, Gone, Unchanged, compare, diff
from tracker.fahrplan.known import known_talks
from tracker.fahrplan.parse import parse
from tracker.fahrplan.policy import Policy
from tracker.fahrplan.report import Report
from tracker.fahrplan.schedule import Known, KnownRoom, Schedule
from tracker.fahrplan.wanted import Wanted
from tracker.models import FahrplanChange, FahrplanImport, FahrplanSource, Project
from tracker.tickets import Actor

SENTENCES = 1000
"""So many sentences of a change set are kept in the history; its changes are kept in full."""


def _known_rooms(project: Project) -> list[KnownRoom]:
    return [KnownRoom(r.key, r.name, r.guid, tuple(r.recorders)) for r in queries.rooms(project.id)]


def read(project: Project, file: bytes, source: str) -> Schedule:
    """Parse a file for a project. Raises FahrplanError that names the *source*."""
    try:
        return parse(file, ZoneInfo(project.time_zone), _known_rooms(project))
    except FahrplanError as error:
        raise FahrplanError(f"{source}: {error}") from None


def import_fahrplan(project: Project, file: bytes, actor: Actor, *, source: str, unless: str = "") -> Report:
    """Import a Fahrplan into a project; *source* is where it came from, for messages and the history.

    What the policy allows is applied, the rest waits for the crew. A file with the fingerprint *unless* says nothing
    new, and is not compared. Flushes and does not commit. The file is kept if it changed or asked anything. Raises
    FahrplanError when the file is refused, ProjectReadOnly for an archived project.
    """
    if project.read_only:
        raise ProjectReadOnly(f"Project {project.slug} is archived; no Fahrplan is imported into it.")
    queries.lock_project(project.id)
    settings = sources.of(project)
    policy = sources.policy_of(settings)
    if unless and unless.split(":")[0] == fingerprint.of_file(file, surroundings(project)):
        return Report(same=True)
    schedule = read(project, file, source)
    content = fingerprint.of_content(schedule, policy)
    if unless and content in unless.split(":")[1:2]:
        settings.fingerprint = _print_of(project, file, content)
        return Report(same=True)
    changes, proposals = _decided(project, _in_rooms(schedule, policy.rooms), policy)
    report = Report(notes=list(changes.notes), skipped=changes.skipped)
    done: list[FahrplanChange] = []
    if not changes.mass_loss:
        _rename_rooms(project, schedule)
        done = apply(project, proposals, _matched(changes, proposals), actor, report)
    waiting = review.update(project, proposals, changes)
    _sum_up(report, changes, policy, waiting)
    run = FahrplanImport(project_id=project.id, source=source, version=schedule.version, actor=actor.name)
    _keep(project, settings, report, done, waiting, run, file)
    settings.fingerprint = _print_of(project, file, content)
    settings.etag = settings.last_modified = ""  # a file by hand is not what the source would call unchanged
    db.session.flush()
    return report


def surroundings(project: Project) -> str:
    """Return a hash of what else decides about a file: rooms, time zone and policy of a project."""
    policy = sources.policy_of(sources.of(project))
    return fingerprint.of_surroundings(_known_rooms(project), project.time_zone, policy)


def _print_of(project: Project, file: bytes, content: str) -> str:
    around = surroundings(project)
    return f"{fingerprint.of_file(file, around)}:{content}:{around}"


def _in_rooms(schedule: Schedule, keys: Collection[str]) -> Schedule:
    """Return a schedule in which the talks outside of the rooms that are recorded cannot be recorded."""
    if not keys:
        return schedule
    talks = (
        talk if talk.unclear or talk.room_key in keys else replace(talk, unclear="its room is not recorded")
        for talk in schedule.talks
    )
    return replace(schedule, talks=tuple(talks))


def _rename_rooms(project: Project, schedule: Schedule) -> None:
    """Give rooms the names and guids that the Fahrplan now has for them."""
    found = {room.key: room for room in queries.rooms(project.id)}
    for change in schedule.rooms:
        found[change.key].name, found[change.key].guid = change.name, change.guid
    db.session.flush()


def _decided(project: Project, schedule: Schedule, policy: Policy) -> tuple[Changes, list[Proposal]]:
    """Compare and decide; the tickets that are to be changed are locked then, and looked at again.

    Scripts go on working while an import reads: a talk may have begun meanwhile.
    """
    known = known_talks(project, light=True)
    changes = diff(schedule, known, loss_share=policy.loss_share, loss_count=policy.loss_count)
    changes = _again(project, changes, [known.ticket_id for known in _touched(changes)])
    proposals = decide(changes, policy)
    touched = [p.known.ticket_id for p in proposals if p.known is not None and p.doing(rules.APPLY)]
    if not touched:
        return changes, proposals
    queries.lock_talks([number for number in touched if number > 0])
    changes = _again(project, changes, touched)
    return changes, decide(changes, policy)


def _touched(changes: Changes) -> Iterable[Known]:
    yield from (pair.known for pair in changes.changed)
    yield from (gone.known for gone in changes.gone)


def _again(project: Project, changes: Changes, numbers: Iterable[int]) -> Changes:
    """Compare some talks anew with all that is stored of them now."""
    talks = [number for number in numbers if number > 0]
    now = {talk.ticket_id: talk for talk in known_talks(project, talks)} if talks else {}
    pairs = [compare(pair.talk, now.get(pair.known.ticket_id, pair.known)) for pair in changes.changed]
    return replace(
        changes,
        changed=tuple(pair for pair in pairs if isinstance(pair, Changed)),
        unchanged=changes.unchanged + tuple(pair for pair in pairs if isinstance(pair, Unchanged)),
        gone=tuple(Gone(now.get(gone.known.ticket_id, gone.known)) for gone in changes.gone),
    )


def _matched(changes: Changes, proposals: Sequence[Proposal]) -> list[tuple[Known, Wanted, Sequence[Part]]]:
    """Return the recognised talks that have a ticket, with what changes of them."""
    parts = {p.known.ticket_id: p.parts for p in proposals if p.known is not None and p.wanted is not None}
    return [
        (known, Wanted.of(talk), parts.get(known.ticket_id, ()))
        for talk, known in changes.recognised
        if known.ticket_id > 0
    ]


def _sum_up(report: Report, changes: Changes, policy: Policy, waiting: review.Waiting) -> None:
    report.unchanged = sum(pair.known.ticket_id > 0 for pair in changes.unchanged)
    talks = [new.talk for new in changes.new] + [talk for talk, _known in changes.recognised]
    report.doubts += [f"{talk.where}: {doubt}." for talk in talks for doubt in talk.doubts]
    report.elsewhere = sum(bool(policy.rooms) and new.talk.room_key not in policy.rooms for new in changes.new)
    report.held += [
        f"{named(held.known)}: left as it is; its event cannot be used ({held.skipped.reason})"
        for held in changes.held
        if held.known.ticket_id > 0
    ]
    if changes.mass_loss:
        missing = sum(gone.known.ticket_id > 0 for gone in changes.gone)
        report.loss = (
            f"{missing} talks are missing from the Fahrplan at once; that looks like a failure of its source, so "
            "nothing was changed."
        )
    report.pending += [said for row in (*waiting.raised, *waiting.kept) if (said := _words(row))]
    report.overtaken += [said for row in waiting.overtaken if (said := _words(row))]
    report.questions += [
        f"Room '{asked.old[:60]}' is gone, and its {asked.talks} talks are in '{asked.new[:60]}' now: was it renamed?"
        for asked in changes.questions
    ]


def _words(row: FahrplanChange) -> str:
    number = row.ticket.fahrplan_id if row.ticket is not None else None
    return words.sentence(number, row.title, row.parts, row.wanted)


def _keep(
    project: Project,
    settings: FahrplanSource,
    report: Report,
    done: Sequence[FahrplanChange],
    waiting: review.Waiting,
    run: FahrplanImport,
    file: bytes,
) -> None:
    """Write the change set into the history, unless nothing changed and nobody has to be told anything."""
    outage, settings.outage = settings.outage, report.loss
    if not (waiting.raised or waiting.kept):
        settings.hold = ""
    if not (done or waiting.raised or waiting.overtaken or bool(outage) != bool(report.loss)):
        return
    run.summary, run.words = report.counts, words.counted(report.words, SENTENCES)
    run.file_id = files.keep(project, file).id
    db.session.add(run)
    db.session.flush()
    for row in (*done, *waiting.raised):
        row.import_id = run.id
    queries.insert_fahrplan_changes(done)
    db.session.add_all(waiting.raised)
    db.session.flush()
    report.import_id = run.id
    report.alarms += _alarms(project, (*done, *waiting.raised))
    news = [*report.questions, *(_words(row) for row in waiting.raised if not _asked_with_room(row))]
    telling.queue(project, run, news, report, back=bool(outage) and not report.loss)


def _asked_with_room(row: FahrplanChange) -> bool:
    """Tell whether a talk only waits for the answer about its room, which is asked once for all of them."""
    return row.reason == RENAMED and all(part["name"] == "Fahrplan.Room" for part in row.parts)


def _alarms(project: Project, rows: Iterable[FahrplanChange]) -> list[str]:
    """Name the talks of a change set that are public although their speakers opted out."""
    touched = {row.ticket_id for row in rows}
    return [words.talk(row.fahrplan_id, row.title) for row in public_opt_outs(project) if row.id in touched]
