"""The properties of a ticket as its page shows them: grouped by what they are about, its own beside inherited ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import url_for

from tracker import properties
from tracker.gui.access import me
from tracker.models import Ticket
from tracker.users import may
from tracker.veil import veiled

GROUPS = ("Fahrplan", "Record", "Encoding", "Format", "EncodingProfile", "Processing", "Publishing", "Release", "Meta")
"""First labels in the order of a talk's way; the others follow by name."""


@dataclass(frozen=True)
class Row:
    """A property: *where* it is set ('' on the ticket itself), a *link* to there, and what it is set *instead* of."""

    name: str
    value: str
    where: str = ""
    link: str = ""
    instead: str = ""


@dataclass
class Group:
    """The properties whose names begin alike."""

    name: str
    own: list[Row] = field(default_factory=list)
    rest: list[Row] = field(default_factory=list)


def groups(ticket: Ticket) -> list[Group]:
    """Return all properties in force for a ticket, in groups."""
    stored = properties.layers(ticket)
    found: dict[str, Group] = {}
    for name, value in properties.in_force(ticket, stored).items():
        label = name.partition(".")[0]
        group = found.setdefault(label, Group(label))
        if stored["ticket"].get(name) == value:
            group.own.append(Row(name, value, instead=_below(name, stored)))
        else:
            group.rest.append(_inherited(ticket, name, value, stored))
    order = {label: place for place, label in enumerate(GROUPS)}
    return sorted(found.values(), key=lambda group: (order.get(group.name, len(order)), group.name))


def _below(name: str, stored: Mapping[str, Mapping[str, str]]) -> str:
    return next((veiled(name, stored[where][name]) for where in list(stored)[1:] if name in stored[where]), "")


def _inherited(ticket: Ticket, name: str, value: str, stored: Mapping[str, Mapping[str, str]]) -> Row:
    where = next((where for where, values in stored.items() if values.get(name) == value), "computed")
    profile = ticket.profile_version.profile.slug if ticket.profile_version else ""
    label = f"profile {profile}" if where == "profile" else where
    return Row(name, veiled(name, value), label, _link(ticket, where, profile))


def _link(ticket: Ticket, where: str, profile: str) -> str:
    """Return where it can be changed, for whoever may."""
    if where == "recording" and ticket.parent_id is not None:
        return url_for("gui.ticket", slug=ticket.project.slug, ticket_id=ticket.parent_id, _anchor="properties")
    if where == "project" and may(me(), "admin"):
        return url_for("gui.settings", slug=ticket.project.slug, _anchor="properties")
    if where == "profile" and may(me(), "superuser"):
        return url_for("gui.profile", profile=profile)
    return ""
