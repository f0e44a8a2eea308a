"""The ladder of formats: a rung that would scale the picture up is not made of that talk.

Rungs are the encoding tickets of a talk whose profile bounds the picture (Format.Video.MaxWidth, .MaxHeight); a ladder
is those whose files have the same extension, for a browser that plays one kind may not play another. A rung fills its
box with the picture of the cut master (Record.Width, Record.Height) as far as its shape allows. When that scales up,
the rung is off, unless it is the smallest of its ladder that is made: that one always stays, and is made at the size of
the source. Rungs that come out at the same size all stay: who gives two profiles one box wants both.

Only tickets whose work has not begun are touched, and none that a person has decided about: `Encoding.Rung` on the
ticket holds such a decision, for a master of that size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tracker import queries
from tracker.models import Ticket
from tracker.statemachine import STATIC, workflow
from tracker.tickets import blocks
from tracker.tickets.actor import TRACKER
from tracker.tickets.journal import log, touch

WIDTH, HEIGHT = "Record.Width", "Record.Height"
MAX_WIDTH, MAX_HEIGHT = "Format.Video.MaxWidth", "Format.Video.MaxHeight"
CHOICE = "Encoding.Rung"
BOUNDS = frozenset((MAX_WIDTH, MAX_HEIGHT))
NAMES = (WIDTH, HEIGHT, MAX_WIDTH, MAX_HEIGHT, CHOICE)
TOLERANCE = 1.03
"""Recorders crop some lines; a picture that is 3 % short of a rung's box is not scaled up to speak of."""

Values = Mapping[tuple[str, int], Mapping[str, str]]


class Size(NamedTuple):
    """Width and height in pixels, as shown."""

    width: int
    height: int

    def __str__(self) -> str:
        """Write it as people do."""
        return f"{self.width}x{self.height}"


@dataclass(frozen=True)
class Rung:
    """An encoding ticket of a ladder: by what factor its box scales the source, and whether it is made at all."""

    ticket: Ticket
    factor: float
    counts: bool


def not_begun(ticket: Ticket) -> bool:
    """Tell whether nothing was made of an encoding ticket yet, or what was made is to be made anew.

    One that failed while it was encoded counts as not begun: no file came of it.
    """
    ready = ticket.table.position(workflow(ticket.project.workflow).ready)
    waits = blocks.rank(ticket) <= ready and (ticket.failed or ticket.table.by_name[ticket.state].kind == STATIC)
    return waits and not (ticket.worker_id or ticket.user_id or ticket.exposed or ticket.withdraw)


def size_of(values: Mapping[str, str], width: str = WIDTH, height: str = HEIGHT) -> Size | None:
    """Read a size from properties; None where one of the two is missing or no number."""
    found = Size(_number(values.get(width, "")), _number(values.get(height, "")))
    return found if all(found) else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def factor(source: Size, bounds: Mapping[str, str]) -> float | None:
    """Return by what a picture is scaled to fill a profile's box; None for a profile that bounds none."""
    width, height = _number(bounds.get(MAX_WIDTH, "")), _number(bounds.get(MAX_HEIGHT, ""))
    factors = [most / now for most, now in ((width, source.width), (height, source.height)) if most]
    return min(factors) if factors else None


def reasons(source: Size, rungs: Sequence[Rung]) -> dict[int, str]:
    """Return for each rung of one ladder, by ticket id, why it is off: '' for those that are made."""
    smallest = min((rung.factor for rung in rungs if rung.counts), default=0.0)
    found = {}
    for rung in rungs:
        off = rung.factor > TOLERANCE and rung.factor > smallest
        target = Size(*(2 * round(side * rung.factor / 2) for side in source))
        found[rung.ticket.id] = f"would upscale {source} to {target}" if off else ""
    return found


def apply(recording: Ticket, children: Sequence[Ticket]) -> None:
    """Switch the rungs of a recording that has its master off or on; it and its encodings *children* are locked."""
    apply_all({recording.id: recording}, {recording.id: children}, recording.project_id)


def apply_all(recordings: Mapping[int, Ticket], talks: Mapping[int, Sequence[Ticket]], project_id: int) -> None:
    """Do so for several talks of a project; *talks* maps the ids of recordings to their encoding tickets."""
    children = [child for found in talks.values() for child in found]
    formats = {child.profile_id for child in children if child.profile_id is not None}
    values = queries.named_values(NAMES, ticket_ids=[*talks, *(child.id for child in children)], profile_ids=formats)
    priorities = {used.profile_id: used.priority for used in queries.project_profiles(project_id)}
    for number, found in talks.items():
        _apply(recordings[number], found, values, priorities)


def _apply(recording: Ticket, children: Sequence[Ticket], values: Values, priorities: Mapping[int, float]) -> None:
    source = size_of(values.get(("ticket", recording.id), {}))
    wanted: dict[int, str] = {}
    if source is not None:
        for rungs in _ladders(source, children, values, priorities):
            wanted |= reasons(source, rungs)
    for child in children:
        choice = values.get(("ticket", child.id), {}).get(CHOICE, "")
        if choice != "off" and choice != f"on {source}" and not_begun(child):
            _switch(child, wanted.get(child.id, ""), recording, children)


def _ladders(
    source: Size, children: Iterable[Ticket], values: Values, priorities: Mapping[int, float]
) -> Iterable[list[Rung]]:
    ladders: dict[str, list[Rung]] = {}
    for child in children:
        if child.profile_version is None or child.profile_id is None:
            continue
        own = values.get(("ticket", child.id), {})
        scaled = factor(source, {**values.get(("profile", child.profile_id), {}), **own})
        if scaled is not None:
            choice = own.get(CHOICE, "")
            counts = choice != "off" and priorities.get(child.profile_id, 1.0) > 0
            ladders.setdefault(child.profile_version.profile.extension, []).append(Rung(child, scaled, counts))
    return ladders.values()


def _switch(child: Ticket, reason: str, recording: Ticket, children: Sequence[Ticket]) -> None:
    if child.off == reason:
        return
    child.off = reason
    child.blocked = blocks.why(child, recording, children)
    touch(child)
    log(child, TRACKER, "Off" if reason else "On", reason, child.state, child.state)
