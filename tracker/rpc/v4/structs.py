"""What API 4.0 sends: rows as structs with its fields in its order. Integers and booleans typed, all else text.

Fractions, moments and nothing ('') are text. A recording names itself as its parent, because it plays the meta ticket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, request

from tracker.models import ProjectProfile, Ticket
from tracker.rpc.v4 import states
from tracker.statemachine import ENCODING, RECORDING, talk_progress

Struct = dict[str, Any]

TICKET = (
    *("id", "parent_id", "project_id", "import_id", "title", "fahrplan_id", "priority", "ticket_type", "ticket_state"),
    *("ticket_state_next", "service_executable", "encoding_profile_version_id", "handle_id", "created", "modified"),
    *("failed", "needs_attention", "progress"),
)
CREATED_META = (
    *("ticket_type", "project_id", "project_slug", "title", "fahrplan_id", "properties", "id", "parent_id"),
    *("import_id", "priority", "ticket_state", "ticket_state_next", "service_executable"),
    *("encoding_profile_version_id", "handle_id", "created", "modified", "failed", "needs_attention", "progress"),
)
CREATED_ENCODING = (
    *("parent_id", "project_id", "fahrplan_id", "priority", "ticket_type", "encoding_profile_version_id", "id"),
    *("import_id", "title", "ticket_state", "ticket_state_next", "service_executable", "handle_id", "created"),
    *("modified", "failed", "needs_attention", "progress", "properties"),
)


def number(value: float) -> str:
    """Write a fraction as text, whole numbers without a point."""
    return f"{value:.15g}"


def moment(value: datetime | None, zone: str, *, fraction: bool = True) -> str:
    """Write a moment as PostgreSQL does, in a time zone: ``2026-12-27 10:00:00+01``, microseconds only if wanted."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(zone))
    micro = f".{local.microsecond:06d}".rstrip("0") if fraction and local.microsecond else ""
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M:%S}{micro}{offset[:3]}" + ("" if offset[3:5] == "00" else f":{offset[3:5]}")


def ticket(row: Ticket) -> Struct:
    """Return the columns of a ticket."""
    following = states.next_of(row)
    zone = row.project.time_zone
    return {
        "id": row.id,
        "parent_id": row.parent_id or row.id,
        "project_id": row.project_id,
        "import_id": None,
        "title": None,
        "fahrplan_id": _talk(row).fahrplan_id,
        "priority": number(row.own_priority),
        "ticket_type": row.type,
        "ticket_state": states.state_of(row),
        "ticket_state_next": states.told(row.project.workflow, row.type, following),
        "service_executable": states.executable(row, following),
        "encoding_profile_version_id": row.profile_version_id,
        "handle_id": row.worker_id or row.user_id,
        "created": moment(row.created, zone),
        "modified": moment(row.modified, zone),
        "failed": row.failed,
        "needs_attention": row.needs_attention,
        "progress": number(row.progress),
    }


def listed(row: Ticket, state: str | None = None) -> Struct:
    """Return a ticket with the state it is in; *state* (ours) when it was read in another one than it is in now."""
    state = row.state if state is None else state
    return {
        "state_project_id": row.project_id,
        "state_ticket_type": row.type,
        "state_ticket_state": states.told(row.project.workflow, row.type, state),
        "state_service_executable": states.executable(row, state),
        **ticket(row),
    }


def workable(row: Ticket, state: str | None = None) -> Struct:
    """Return a ticket as those get it who work on it: with the times and the room of the talk, without paddings."""
    talk, zone = _talk(row), row.project.time_zone
    return {
        **listed(row, state),
        "time_start": moment(talk.start, zone, fraction=False),
        "time_end": moment(talk.end, zone, fraction=False),
        "room": talk.room.name if talk.room else None,
        "calculated_priority": number(row.priority),
    }


def _talk(row: Ticket) -> Ticket:
    return row.parent or row


def created_meta(recording: Ticket, values: Mapping[str, str]) -> Struct:
    """Return a talk just made, as the meta ticket it is to API 4.0."""
    state, following = states.of_talk(recording)
    columns = ticket(recording) | {
        "ticket_type": states.META,
        "project_slug": None,
        "title": recording.title,
        "properties": _property_rows(values),
        "parent_id": None,
        "ticket_state": state,
        "ticket_state_next": following,
        "service_executable": False,
    }
    return {name: columns[name] for name in CREATED_META}


def created_encoding(row: Ticket, values: Mapping[str, str]) -> Struct:
    """Return an encoding ticket just made."""
    columns = ticket(row) | {"properties": _property_rows(values)}
    return {name: columns[name] for name in CREATED_ENCODING}


def _property_rows(values: Mapping[str, str]) -> Struct:
    return {name: {"name": name, "value": value} for name, value in values.items()}


def info(row: Ticket) -> Struct:
    """Return what getTicketInfo says of one ticket, without its children."""
    found: Struct = {
        "id": row.id,
        "project_id": row.project_id,
        "title": row.title if row.type == RECORDING else None,
        "fahrplan_id": _talk(row).fahrplan_id,
        "ticket_type": row.type,
        "ticket_state": states.state_of(row),
        "ticket_state_next": states.told(row.project.workflow, row.type, states.next_of(row)),
        "failed": row.failed,
        "progress": number(row.progress),
        "url_web": _page(row),
    }
    if row.type == ENCODING:
        found |= {"parent_id": row.parent_id, "encoding_profile_id": row.profile_id}
    return found


def with_children(found: Struct, children: Iterable[Struct]) -> Struct:
    """Return *found* with its children, if there are any."""
    listed_children = list(children)
    return found | {"children": listed_children} if listed_children else found


def meta_info(recording: Ticket) -> Struct:
    """Return what getMetaTicketInfo says of a talk: the meta ticket, then the recording and the encodings below it."""
    state, following = states.of_talk(recording)
    encodings = encodings_of(recording)
    meta = info(recording) | {
        "ticket_type": states.META,
        "ticket_state": state,
        "ticket_state_next": following,
        "progress": number(talk_progress(recording.progress, [each.progress for each in encodings if not each.off])),
    }
    return with_children(meta, [info(recording) | {"title": None}, *(info(each) for each in encodings)])


def encodings_of(recording: Ticket) -> list[Ticket]:
    """List the encoding tickets of a talk."""
    return [child for child in recording.children if child.type == ENCODING]


def _page(row: Ticket) -> str:
    """Return the address of a ticket's page."""
    base = current_app.config["SETTINGS"].public_url or request.url_root.rstrip("/")
    return f"{base}/{row.project.slug}/ticket/{row.id}"


def profile(used: ProjectProfile) -> Struct:
    """Return a version of an encoding profile as a project uses it."""
    version = used.version
    return {
        "id": version.id,
        "encoding_profile_id": version.profile_id,
        "revision": version.revision,
        "created": moment(version.created, "UTC"),
        "description": version.description,
        "xml_template": version.template,
        "priority": number(used.priority),
        "auto_create": used.auto_create,
        "encodingprofile_id": version.profile_id,
        "encodingprofile_name": version.profile.name,
        "encodingprofile_slug": version.profile.slug,
        "encodingprofile_extension": version.profile.extension,
        "encodingprofile_mirror_folder": version.profile.mirror_folder,
        "encodingprofile_depends_on": version.profile.depends_on_id,
    }
