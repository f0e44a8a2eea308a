"""Properties: rows of text on projects, profiles and tickets; inherited, merged, and virtual ones computed here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tracker import queries
from tracker.errors import InvalidInput
from tracker.models import Profile, Project, Ticket

NAME = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)*\Z")
MAX_NAME, MAX_VALUE = 200, 1_000_000
VIRTUAL = frozenset(
    (
        "Project.Slug",
        "Project.TimeZone",
        "Room.Key",
        "Room.Recorders",
        "Encoding.Basename",
        "EncodingProfile.Basename",
        "EncodingProfile.Extension",
        "EncodingProfile.IsMaster",
        "EncodingProfile.Slug",
    )
)
DEFAULTS = {"Record.StartPadding": "300", "Record.EndPadding": "900"}
"""Seconds, as the scripts of the original assume when nothing is stored."""
SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?\Z")

BASENAME_BYTES = 150
"""With '-', a profile's slug (40), '.' and its extension (8) an output file has a name of 200 bytes at most."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@lru_cache(maxsize=10_000)
def _is_name(name: str) -> bool:
    return NAME.match(name) is not None


def _check(name: str, value: str) -> None:
    if len(name) > MAX_NAME or not _is_name(name):
        raise InvalidInput(
            f"Property name {name[:80]!r} is not valid: labels of letters, digits, _ and -, joined by dots.", "name"
        )
    if len(value) > MAX_VALUE:
        raise InvalidInput(f"Property {name} is longer than {MAX_VALUE} characters.", "value")
    if "\x00" in value:
        raise InvalidInput(f"Property {name} holds a NUL character.", "value")


def _owner(owner: Project | Profile | Ticket) -> tuple[str, int]:
    kind = {Project: "project", Profile: "profile", Ticket: "ticket"}[type(owner)]
    return kind, owner.id


def checked(values: Mapping[str, str]) -> dict[str, str]:
    """Return *values* without virtual names. Raises InvalidInput for a malformed name or an oversized value."""
    wanted = {name: value for name, value in values.items() if name not in VIRTUAL}
    for name, value in wanted.items():
        _check(name, value)
    return wanted


def typed(values: Mapping[str, str]) -> Mapping[str, str]:
    """Return *values* that a person typed. Raises InvalidInput for a virtual name, which scripts may send back."""
    for name in values:
        if name in VIRTUAL:
            raise InvalidInput(f"{name} is computed by the tracker; it cannot be stored.", "name")
    return values


def write(owner: Project | Profile | Ticket, values: Mapping[str, str]) -> dict[str, str]:
    """Store *values* on one owner; '' deletes; virtual names are ignored. Return what was written.

    Raises InvalidInput for a malformed name or an oversized value; nothing is written then.
    """
    wanted = checked(values)
    kind, owner_id = _owner(owner)
    queries.upsert_properties(kind, owner_id, [(n, v) for n, v in wanted.items() if v != ""])
    gone = [name for name, value in wanted.items() if value == ""]
    if gone:
        queries.delete_properties(kind, owner_id, gone)
    return wanted


def write_tickets(values: Mapping[int, Mapping[str, str]]) -> None:
    """Store properties of many tickets (by their ids) as `write` does for one."""
    wanted = {ticket_id: checked(each) for ticket_id, each in values.items()}
    rows = [(ticket_id, name, value) for ticket_id, each in wanted.items() for name, value in each.items()]
    queries.upsert_ticket_properties([row for row in rows if row[2] != ""])
    queries.delete_ticket_properties([(ticket_id, name) for ticket_id, name, value in rows if value == ""])


def own(owner: Project | Profile | Ticket) -> dict[str, str]:
    """Return the properties stored on exactly this owner, by name."""
    kind, owner_id = _owner(owner)
    ids: dict[str, Any] = {"ticket_ids": [owner_id]} if kind == "ticket" else {f"{kind}_id": owner_id}
    return dict(sorted((name, value) for _kind, _id, name, value in queries.properties_of(**ids)))


def merged(ticket: Ticket) -> dict[str, str]:
    """Return the properties in force: ticket > profile > parent > project (design D7), and virtual ones."""
    return in_force(ticket, layers(ticket))


def layers(ticket: Ticket) -> dict[str, dict[str, str]]:
    """Return what is stored on a ``ticket``, its ``profile``, ``recording``, ``project``; what comes first counts."""
    profile = ticket.profile_version.profile if ticket.profile_version else None
    ids = [ticket.id] if ticket.parent_id is None else [ticket.id, ticket.parent_id]
    rows = queries.properties_of(
        project_id=ticket.project_id, profile_id=profile.id if profile else None, ticket_ids=ids
    )
    found: dict[str, dict[str, str]] = {"ticket": {}, "profile": {}, "recording": {}, "project": {}}
    for kind, owner_id, name, value in rows:
        found["recording" if kind == "ticket" and owner_id != ticket.id else kind][name] = value
    return found


def in_force(ticket: Ticket, stored: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return what is in force of the *stored* layers of a ticket, with virtual properties."""
    result: dict[str, str] = {}
    for layer in reversed(stored.values()):
        result.update(layer)
    result.update(virtual(ticket, result))
    return dict(sorted(result.items()))


def virtual(ticket: Ticket, stored: Mapping[str, str]) -> dict[str, str]:
    """Compute the virtual properties of seed 003 from the merged *stored* ones."""
    talk = ticket.parent or ticket
    found = {"Project.Slug": ticket.project.slug, "Project.TimeZone": ticket.project.time_zone}
    if talk.fahrplan_id is not None:
        found["Fahrplan.ID"] = str(talk.fahrplan_id)
    if talk.room is not None:
        found["Room.Key"] = talk.room.key
        found["Room.Recorders"] = " ".join(talk.room.recorders or [talk.room.key])
    if ticket.profile_version is not None:
        profile = ticket.profile_version.profile
        base = talk.basename or basename(ticket.project, talk, stored)
        found["Encoding.Basename"] = base
        found["EncodingProfile.Slug"] = profile.slug
        found["EncodingProfile.Extension"] = profile.extension
        found["EncodingProfile.IsMaster"] = "yes" if profile.depends_on_id is None else "no"
        found["EncodingProfile.Basename"] = "-".join(part for part in (base, profile.slug) if part) if base else ""
    return found


def basename(project: Project, talk: Ticket, stored: Mapping[str, str]) -> str:
    """Return project slug, Fahrplan.ID, Record.Language and Fahrplan.Slug joined by '-' (seed 003).

    Empty while the project has languages and none is chosen. Cleaned to ``[A-Za-z0-9_-]``, at most BASENAME_BYTES.
    """
    language = stored.get("Record.Language", "")
    if project.languages and not language:
        return ""
    parts = (project.slug, str(talk.fahrplan_id or ""), language, stored.get("Fahrplan.Slug", ""))
    cleaned = (_UNSAFE.sub("_", part).strip("_-") for part in parts)
    return "-".join(part for part in cleaned if part)[:BASENAME_BYTES].rstrip("_-")


def seconds(values: Mapping[str, str], name: str) -> float:
    """Return a property in seconds, its default when absent. Raises InvalidInput when it is no number."""
    text = values.get(name) or DEFAULTS.get(name, "0")
    if not SECONDS.match(text):
        raise InvalidInput(f"{name} is {text[:40]!r}, which is no number of seconds.", name)
    return float(text)
