"""What a conference has recorded: per room what is there, missing or doubtful, and which talks that touches.

The same inventory that script B works by (scripts/media/survey.py); nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from scripts import material
from scripts.media.survey import Survey, survey
from scripts.media.timeline import TimelineError
from scripts.schedule import NoPlan, Plan, plan_of
from scripts.worker.outcomes import JobFailed

Span = tuple[datetime, datetime]
SHORTEST_S = 1.0
"""File names cannot tell a shorter hole from none."""
VERDICTS = ("whole", "doubtful", "padding", "holes", "lost", "running", "to come", "elsewhere", "unknown")


@dataclass(frozen=True)
class Talk:
    """A talk as it was found: `missing` are stretches without a picture, `doubtful` sentences.

    `verdict` is one of VERDICTS: `padding` when only the padding has holes, `elsewhere` when the talk is not made of
    what its room recorded, `unknown` when it cannot be told where or when it is.
    """

    ticket: int
    number: str
    title: str
    room: str
    verdict: str
    span: Span | None = None
    present: tuple[Span, ...] = ()
    missing: tuple[Span, ...] = ()
    doubtful: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what the JSON says of it."""
        return {
            "ticket": self.ticket,
            "fahrplan_id": self.number,
            "title": self.title,
            "verdict": self.verdict,
            "from": self.span[0].isoformat() if self.span else None,
            "to": self.span[1].isoformat() if self.span else None,
            "missing": [_stretch(each) for each in self.missing],
            "missing_s": round(sum(map(_seconds, self.missing)), 3),
            "doubtful": list(self.doubtful),
        }


@dataclass
class Room:
    """A room and its talks in their order."""

    key: str
    recorders: str
    talks: list[Talk] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return what the JSON says of it."""
        return {
            "key": self.key,
            "recorders": self.recorders.split(),
            "present": [_stretch(each) for each in merged(span for talk in self.talks for span in talk.present)],
            "missing": [_stretch(span) | {"talks": talks} for span, talks in self.missing()],
            "doubtful": [{"said": said, "talks": talks} for said, talks in self.doubtful()],
            "talks": [talk.as_dict() for talk in self.talks],
        }

    def missing(self) -> list[tuple[Span, list[str]]]:
        """Return the stretches without a picture in which somebody wanted one, and the numbers of their talks."""
        return [
            (span, [talk.number for talk in self.talks if any(_touch(span, each) for each in talk.missing)])
            for span in merged(span for talk in self.talks for span in talk.missing)
        ]

    def doubtful(self) -> list[tuple[str, list[str]]]:
        """Return what is not as it should be, each sentence once, and the numbers of the talks it touches."""
        found: dict[str, list[str]] = {}
        for talk in self.talks:
            for said in talk.doubtful:
                found.setdefault(said, []).append(talk.number)
        return list(found.items())


def coverage(
    raw: Path,
    talks: Iterable[tuple[int, str, Mapping[str, str]]],
    now: datetime,
    wanted: Callable[[str, Plan | None], bool] = lambda room, plan: True,
) -> list[Room]:
    """Look at what is there of each talk: (ticket, title, merged properties). Raises NoFolder.

    *wanted* chooses by the key of the room and the times, None where they are not known. Talks of which nothing is
    known are in a room without key.
    """
    rooms: dict[str, Room] = {}
    for ticket, title, properties in talks:
        key, number = properties.get("Room.Key", ""), properties.get("Fahrplan.ID", "")
        try:
            plan, recorders = plan_of(properties), material.recorders(properties)
            offsets = material.clock_offsets(properties)
        except (NoPlan, JobFailed) as error:
            talk = Talk(ticket, number, title, key, "unknown", doubtful=(str(error),))
            if wanted(key, None):
                rooms.setdefault(key, Room(key, "")).talks.append(talk)
            continue
        if wanted(key, plan):
            blank = Talk(ticket, number, title, key, "", (plan.start, plan.stop))
            room = rooms.setdefault(key, Room(key, recorders))
            room.talks.append(_looked_at(raw, blank, properties, plan, recorders, offsets, now))
    for room in rooms.values():
        room.talks.sort(key=lambda talk: (talk.span[0].timestamp() if talk.span else 0, talk.ticket))
    return [rooms[key] for key in sorted(rooms)]


def _looked_at(
    raw: Path,
    talk: Talk,
    properties: Mapping[str, str],
    plan: Plan,
    recorders: str,
    offsets: Mapping[str, float],
    now: datetime,
) -> Talk:
    told = properties.get(material.REPLACEMENT) or properties.get(material.SOURCE) or "recording"
    if told != "recording":
        return replace(talk, verdict="elsewhere")
    if now <= plan.start:
        return replace(talk, verdict="to come")
    try:
        seen = survey(raw, recorders, plan.start, min(plan.stop, now), plan.zone, ahead_s=offsets)
    except TimelineError as error:
        return replace(talk, verdict="unknown", doubtful=(str(error),))
    missing = tuple(span for span in _missing(seen, plan.zone) if _seconds(span) > SHORTEST_S)
    span = (seen.start.astimezone(plan.zone), seen.stop.astimezone(plan.zone))
    doubtful = tuple(_doubtful(seen))
    return replace(
        talk,
        verdict=_verdict(seen, missing, doubtful, plan, now),
        present=_without(span, missing) if seen.used else (),
        missing=missing,
        doubtful=doubtful,
    )


def _verdict(seen: Survey, missing: Sequence[Span], doubtful: Sequence[str], plan: Plan, now: datetime) -> str:
    if now < plan.stop:
        return "running"
    if not seen.used:
        return "lost"
    if any(_touch(span, (plan.begins, plan.ends)) for span in missing):
        return "holes"
    return "padding" if missing else "doubtful" if doubtful else "whole"


def _missing(seen: Survey, zone: tzinfo) -> Iterator[Span]:
    if not seen.used:
        yield seen.start.astimezone(zone), seen.stop.astimezone(zone)
    for first, stop in seen.holes if seen.used else ():
        begin, end = (seen.start + timedelta(seconds=float(frame / seen.rate)) for frame in (first, stop))
        yield begin.astimezone(zone), end.astimezone(zone)


def _doubtful(seen: Survey) -> Iterator[str]:
    yield from seen.problems
    for later, earlier, frames in seen.overlaps:
        if frames > SHORTEST_S * seen.rate:
            seconds = float(frames / seen.rate)
            yield f"{later.found.name} and {earlier.found.name} both show {seconds:.1f} s."


def merged(spans: Iterable[Span]) -> list[Span]:
    """Join stretches that touch or overlap, in order."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _without(span: Span, missing: Sequence[Span]) -> tuple[Span, ...]:
    """Return what is left of a stretch."""
    edges = [span[0], *(edge for each in missing for edge in each), span[1]]
    return tuple((begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end)


def _touch(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _seconds(span: Span) -> float:
    return (span[1].astimezone(UTC) - span[0].astimezone(UTC)).total_seconds()


def _stretch(span: Span) -> dict[str, Any]:
    return {"from": span[0].isoformat(), "to": span[1].isoformat(), "seconds": round(_seconds(span), 3)}
