"""What goes over the wire: parameters read into Python, rows written as structs."""

from __future__ import annotations

import math
from typing import Any

from tracker import queries, wire
from tracker.models import Project, ProjectProfile, Ticket
from tracker.rpc.table import BadParameters

STATE_NUMBERS = dict(
    enumerate(
        (
            *("locked", "scheduled", "recording", "recorded", "merging", "merged", "cutting", "fixing", "cut"),
            *("copying", "copied", "material needed", "ready to encode", "encoding", "encoded", "tagging", "tagged"),
            *("checking", "checked", "postprocessing", "postprocessed", "ready to release", "releasing", "released"),
            *("open", "inprogress", "resolved", "wontfix"),
        ),
        start=1,
    )
)
"""States by number, in the order of the original's table of states; it knew `tagging`, which we have not."""


def read_id(value: Any) -> int:
    """Return a ticket id; raise BadParameters for anything but up to ten digits."""
    text = wire.text_of(value) if not isinstance(value, list | dict) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise BadParameters(f"{text[:40]!r} is no ticket id.")
    return int(text)


def read_text(value: Any) -> str:
    """Return a scalar as text exactly as it was sent; raise BadParameters for lists and structs."""
    if isinstance(value, list | dict):
        raise BadParameters("A text was expected, not a list or a struct.")
    return wire.text_of(value)


def read_number(value: Any) -> float | None:
    """Return a number, None for ''; raise BadParameters for any other text."""
    text = read_text(value).strip()
    try:
        number = float(wire.Double(text)) if text else None
    except wire.WireError as error:
        raise BadParameters(f"{error}.") from None
    if number is not None and not math.isfinite(number):
        raise BadParameters(f"{text[:40]!r} is no number.")
    return number


def read_flag(value: Any) -> bool:
    """Return a switch, however a client writes it: a boolean, a number, '' for off."""
    return read_text(value).strip().lower() not in ("", "0", "false")


def read_state(value: Any) -> str:
    """Return a state by name, or by its number in API 3.0."""
    text = read_text(value).strip()
    return STATE_NUMBERS.get(int(text), text) if text.isascii() and text.isdigit() and len(text) < 4 else text


def ticket_struct(ticket: Ticket) -> dict[str, Any]:
    """Return the fields of a ticket on the wire; null becomes ''."""
    talk = ticket.parent or ticket
    return {
        "id": ticket.id,
        "parent_id": ticket.parent_id,
        "project_id": ticket.project_id,
        "fahrplan_id": talk.fahrplan_id,
        "title": talk.title if ticket.type != "misc" else ticket.title,
        "ticket_type": ticket.type,
        "ticket_state": ticket.state,
        "failed": ticket.failed,
        "priority": f"{ticket.priority:g}",
        "progress": f"{ticket.progress:g}",
        "encoding_profile_id": ticket.profile_id,
        "attempt": ticket.attempt,
    }


def profile_struct(used: ProjectProfile) -> dict[str, Any]:
    """Return an encoding profile as a project uses it."""
    profile = used.version.profile
    return {
        "id": profile.id,
        "project_id": used.project_id,
        "slug": profile.slug,
        "name": profile.name,
        "description": profile.description,
        "extension": profile.extension,
        "mirror_folder": profile.mirror_folder,
        "depends_on": profile.depends_on_id,
        "priority": f"{used.priority:g}",
        "approved": used.priority > 0,
        "auto_create": used.auto_create,
        "revision": used.version.revision,
        "xml_template": used.version.template,
    }


def project_struct(project: Project, with_profiles: bool) -> dict[str, Any]:
    """Return a project, with its encoding profiles if wanted."""
    found: dict[str, Any] = {
        "id": project.id,
        "slug": project.slug,
        "title": project.title,
        "read_only": project.read_only,
        "time_zone": project.time_zone,
        "languages": project.languages,
    }
    if with_profiles:
        found["encoding_profiles"] = [profile_struct(used) for used in queries.project_profiles(project.id)]
    return found
