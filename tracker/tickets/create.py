"""How tickets come into being: a recording with its encoding children, or a miscellaneous ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tracker import properties, queries, rooms
from tracker.db import db
from tracker.errors import InvalidInput, NotPermitted
from tracker.models import Project, ProjectProfile, Ticket
from tracker.names import slugify
from tracker.statemachine import ENCODING, MISC, RECORDING, workflow
from tracker.tickets import blocks, ladder, moves, priorities
from tracker.tickets.actor import TRACKER, Actor

MAX_FAHRPLAN_ID = 2**31 - 1


def next_fahrplan_id(project: Project) -> int:
    """Return a Fahrplan.ID above all that the project uses."""
    taken = queries.fahrplan_ids(project.id)
    candidate = max(taken, default=0) + 1
    if candidate <= MAX_FAHRPLAN_ID:
        return candidate
    return next(number for number in range(1, MAX_FAHRPLAN_ID) if number not in taken)


def create_recording(
    project: Project,
    actor: Actor,
    *,
    title: str,
    room: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
    fahrplan_id: int | None = None,
    values: Mapping[str, str] | None = None,
    locked: str = "",
    event: str = "Created",
    note: str = "",
) -> Ticket:
    """Make a recording ticket with one encoding ticket per profile of the project.

    *start* and *end* are aware moments without padding; *values* its properties; *locked* a reason not to record it;
    *note* is for the log.
    Without *fahrplan_id* the next free one is taken. Raises InvalidInput for an empty title, an id already used,
    an end that is not after the start, or rooms that collide.
    """
    queries.lock_project(project.id)
    known = fahrplan_id is not None and queries.recording_by_fahrplan_id(project.id, fahrplan_id) is not None
    check_recording(project, title, start, end, fahrplan_id, known=known)
    ticket = Ticket(
        project=project,
        type=RECORDING,
        state="locked" if locked else initial_state(project, RECORDING),
        title=title.strip(),
        fahrplan_id=fahrplan_id if fahrplan_id is not None else next_fahrplan_id(project),
        start=start,
        end=end,
        room=rooms.of(project, room) if room.strip() else None,
    )
    db.session.add(ticket)
    db.session.flush()
    properties.write(ticket, values if values is not None else by_hand(ticket, room))
    moves.log(ticket, actor, event, locked or note, None, ticket.state)
    used = [each for each in queries.project_profiles(project.id) if each.auto_create]
    _create_encodings([(ticket, each) for each in used], actor)
    db.session.flush()
    return ticket


def initial_state(project: Project, kind: str) -> str:
    """Return the state that new tickets of a type begin in: the first enabled one. Raises InvalidInput for none."""
    found = workflow(project.workflow).tables[kind].initial_state(project.disabled_states.get(kind, []))
    if found is None:
        raise InvalidInput(f"Project {project.slug} has switched off every state a {kind} ticket could begin in.")
    return found


def check_recording(
    project: Project,
    title: str,
    start: datetime | None,
    end: datetime | None,
    fahrplan_id: int | None,
    *,
    known: bool,
) -> None:
    """Raise InvalidInput for a recording that cannot be made; *known* tells that its Fahrplan.ID is used already."""
    if not title.strip():
        raise InvalidInput("A recording needs a title.", "title")
    if start and end and end <= start:
        raise InvalidInput("The talk ends before it begins.", "end")
    if fahrplan_id is not None:
        if not 0 < fahrplan_id <= MAX_FAHRPLAN_ID:
            raise InvalidInput(f"Fahrplan.ID {fahrplan_id} is not between 1 and {MAX_FAHRPLAN_ID}.", "fahrplan_id")
        if known:
            raise InvalidInput(
                f"Project {project.slug} already has a talk with Fahrplan.ID {fahrplan_id}.", "fahrplan_id"
            )


def by_hand(ticket: Ticket, room: str) -> dict[str, str]:
    """Return the Fahrplan.* properties of a recording that no Fahrplan knows, from its room, start, end and title."""
    values = {"Fahrplan.Title": ticket.title, "Fahrplan.Slug": slugify(ticket.title), "Fahrplan.Room": room.strip()}
    if ticket.start is not None:
        values |= times(ticket.project, ticket.start, ticket.end)
    return {name: value for name, value in values.items() if value}


def times(project: Project, start: datetime, end: datetime | None) -> dict[str, str]:
    """Return Fahrplan.Date, .Start, .DateTime and .Duration in the project's time zone."""
    local = start.astimezone(ZoneInfo(project.time_zone))
    values = {
        "Fahrplan.Date": local.strftime("%Y-%m-%d"),
        "Fahrplan.Start": local.strftime("%H:%M"),
        "Fahrplan.DateTime": local.isoformat(timespec="seconds"),
    }
    if end is not None:
        minutes, seconds = divmod(round((end - start).total_seconds()), 60)
        values["Fahrplan.Duration"] = f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    return values


def retime(ticket: Ticket, room: str, start: datetime | None, end: datetime | None) -> None:
    """Set room, start and end of a recording as the Fahrplan now has them; no state changes."""
    ticket.room = rooms.of(ticket.project, room) if room.strip() else None
    ticket.start, ticket.end = start, end
    moves.touch(ticket)
    db.session.flush()


def _create_encodings(wanted: Sequence[tuple[Ticket, ProjectProfile]], actor: Actor) -> list[Ticket]:
    """Make one encoding ticket for each (recording, profile), all in one statement."""
    made = [encoding_of(recording, used) for recording, used in wanted]
    db.session.add_all(made)
    db.session.flush()
    for ticket, (_recording, used) in zip(made, wanted, strict=True):
        moves.log(ticket, actor, "Created", used.version.profile.name, None, ticket.state)
    return made


def encoding_of(recording: Ticket, used: ProjectProfile) -> Ticket:
    """Return the encoding ticket of a profile that a recording begins with; it is not stored."""
    flow = workflow(recording.project.workflow)
    ticket = Ticket(
        project=recording.project,
        parent=recording,
        type=ENCODING,
        state=flow.ready if moves.has_material(recording) else flow.needed,
        profile_id=used.profile_id,
        profile_version=used.version,
        own_priority=1.0,
    )
    ticket.priority = priorities.of(ticket, {used.profile_id: used.priority})
    return ticket


def create_encodings(project: Project, used: ProjectProfile, actor: Actor = TRACKER) -> int:
    """Make the missing encoding tickets of one profile for all talks of a project. Return how many."""
    queries.lock_project(project.id)
    missing = queries.recordings_without(project.id, used.profile_id)
    _create_encodings([(recording, used) for recording in missing], actor)
    if any(each.version.profile.depends_on_id for each in queries.project_profiles(project.id)):
        for recording in missing:
            blocks.refresh(recording)
    return len(missing)


def create_encoding(recording_id: int, used: ProjectProfile, actor: Actor) -> Ticket:
    """Make the encoding ticket of one profile for one talk. Raises InvalidInput when the talk has it already."""
    recording = moves.lock(recording_id)
    if recording.type != RECORDING:
        raise InvalidInput(f"Ticket {recording.id} is a {recording.type} ticket, not a recording ticket.")
    slug = used.version.profile.slug
    if any(child.profile_id == used.profile_id for child in queries.lock_children(recording.id)):
        raise InvalidInput(
            f"Talk {recording.fahrplan_id} already has an encoding ticket of profile {slug!r}.", "profile"
        )
    (made,) = _create_encodings([(recording, used)], actor)
    if moves.has_material(recording):
        ladder.apply(recording, queries.lock_children(recording.id))
    blocks.refresh(recording)
    return made


def create_misc(project: Project, actor: Actor, title: str, parent: Ticket | None = None) -> Ticket:
    """Make a miscellaneous ticket, free or about the talk whose recording is *parent*.

    Raises InvalidInput for an empty title or another parent, NotPermitted in an archived project.
    """
    if project.read_only:
        raise NotPermitted(f"Project {project.slug} is archived; nothing in it can be changed.")
    if not title.strip():
        raise InvalidInput("A ticket needs a title.", "title")
    if parent is not None and (parent.type != RECORDING or parent.project_id != project.id):
        raise InvalidInput(f"Ticket {parent.id} is no recording of project {project.slug}.", "talk")
    ticket = Ticket(
        project=project,
        parent=parent,
        type=MISC,
        state=initial_state(project, MISC),
        title=title.strip(),
        own_priority=1.0,
    )
    ticket.priority = priorities.of(ticket, {})
    db.session.add(ticket)
    db.session.flush()
    moves.log(ticket, actor, "Created", "", None, ticket.state)
    return ticket
