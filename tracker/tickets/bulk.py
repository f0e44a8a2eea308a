"""Many recordings at once, as a Fahrplan brings them: the tickets and the log of one by one, in few statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker import properties, queries, rooms
from tracker.models import Project, Ticket
from tracker.statemachine import RECORDING
from tracker.tickets.actor import Actor
from tracker.tickets.create import check_recording, encoding_of, initial_state
from tracker.tickets.journal import actor_columns, shortened

AT_ONCE = 2_000
"""So many talks are written together; the rows of more would only take memory."""


@dataclass(frozen=True, slots=True)
class NewRecording:
    """What a recording ticket is made of, as `create_recording` takes it; *note* is for the log."""

    title: str
    fahrplan_id: int
    values: Mapping[str, str]
    room: str = ""
    start: datetime | None = None
    end: datetime | None = None
    locked: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Child:
    """The encoding ticket that a profile gives every new recording: its columns, and those of its first log row."""

    columns: Mapping[str, Any]
    entry: Mapping[str, Any]


def create_recordings(
    project: Project, actor: Actor, wanted: Sequence[NewRecording], *, event: str = "Created"
) -> list[int]:
    """Make recording tickets with their encoding tickets; return the ids of the recordings in order.

    What is made, and the log, are those of `create_recording` for one after the other. Raises InvalidInput as that
    does; nothing is made then.
    """
    queries.lock_project(project.id)
    _check(project, wanted)
    names = dict.fromkeys(each.room for each in wanted if each.room.strip())
    places = {name: room.id for name, room in rooms.several(project, names).items()}
    found: list[int] = []
    for at in range(0, len(wanted), AT_ONCE):
        found += _create(project, actor, wanted[at : at + AT_ONCE], places, event)
    return found


def _check(project: Project, wanted: Sequence[NewRecording]) -> None:
    taken = queries.fahrplan_ids(project.id)
    for each in wanted:
        check_recording(project, each.title, each.start, each.end, each.fahrplan_id, known=each.fahrplan_id in taken)
        properties.checked(each.values)
        taken.add(each.fahrplan_id)


def _create(
    project: Project, actor: Actor, wanted: Sequence[NewRecording], places: Mapping[str, int], event: str
) -> list[int]:
    fresh = initial_state(project, RECORDING) if any(not each.locked for each in wanted) else ""
    states = ["locked" if each.locked else fresh for each in wanted]
    numbers = queries.insert_recordings(list(_recordings(project, wanted, states, places)))
    ids = [numbers[each.fahrplan_id] for each in wanted]
    queries.insert_properties(list(_properties(ids, wanted)))
    for born, some in _alike(project, states):
        queries.insert_encodings([ids[place] for place in some], [child.columns for child in born])
        own = [_entry(ids[place], wanted[place], states[place], event) for place in some]
        queries.insert_log_of_new(own, [child.entry for child in born], actor_columns(actor))
    return ids


def _alike(project: Project, states: Sequence[str]) -> list[tuple[list[_Child], list[int]]]:
    """Group places of new recordings by the encoding tickets they begin with: those of all states mostly are alike."""
    groups: list[tuple[list[_Child], list[int]]] = []
    for state in dict.fromkeys(states):
        born, places = _children(project, state), [place for place, each in enumerate(states) if each == state]
        known = next((group for group in groups if group[0] == born), None)
        if known is not None:
            known[1].extend(places)
        else:
            groups.append((born, places))
    return groups


def _entry(ticket_id: int, wanted: NewRecording, state: str, event: str) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "event": event,
        "comment": shortened(wanted.locked or wanted.note),
        "to_state": state,
    }


def _recordings(
    project: Project, wanted: Sequence[NewRecording], states: Sequence[str], places: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    for each, state in zip(wanted, states, strict=True):
        yield {
            "project_id": project.id,
            "type": RECORDING,
            "state": state,
            "title": each.title.strip(),
            "fahrplan_id": each.fahrplan_id,
            "room_id": places.get(each.room),
            "start": each.start,
            "end": each.end,
        }


def _properties(ids: Sequence[int], wanted: Sequence[NewRecording]) -> Iterator[tuple[int, str, str]]:
    for ticket_id, each in zip(ids, wanted, strict=True):
        for name, value in sorted(each.values.items()):
            if value != "" and name not in properties.VIRTUAL:
                yield ticket_id, name, value


def _children(project: Project, state: str) -> list[_Child]:
    """Return what each profile that is made at once gives a new recording in *state*, computed as for a single one."""
    used = [each for each in queries.project_profiles(project.id) if each.auto_create]
    found = []
    for each in used:
        ticket = encoding_of(Ticket(project=project, type=RECORDING, state=state, own_priority=1.0), each)
        columns = {
            "project_id": project.id,
            "type": ticket.type,
            "state": ticket.state,
            "profile_id": each.profile_id,
            "profile_version_id": each.version_id,
            "own_priority": ticket.own_priority,
            "priority": ticket.priority,
        }
        entry = {"profile_id": each.profile_id, "event": "Created", "comment": shortened(each.version.profile.name)}
        found.append(_Child(columns, {**entry, "changes": ticket.take_changes()}))
    return found
