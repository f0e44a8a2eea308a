"""timeline.json: reading, which trusts nothing, and writing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from fractions import Fraction
from typing import Any, TypeVar

from scripts.media.timeline.parts import Audio, Hole, Mark, Overlap, Segment, TimelineError, Video
from scripts.media.timeline.whole import Timeline

VERSION = 1

_Part = TypeVar("_Part", Segment, Hole, Overlap, Mark, Video, Audio)


class _Node:
    """A JSON object that knows its place, so that a mistake can be named."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise TimelineError(f"{place}: an object is needed, found {type(value).__name__}")
        self.value, self.place = value, place

    def _get(self, key: str, kinds: tuple[type, ...], kind: str) -> Any:
        found = self.value.get(key)
        if isinstance(found, bool) or not isinstance(found, kinds):
            raise TimelineError(f"{self.place}: {key} must be {kind}, found {found!r:.80}")
        return found

    def text(self, key: str) -> str:
        return str(self._get(key, (str,), "text"))

    def whole(self, key: str, at_least: int | None = None) -> int:
        number = int(self._get(key, (int,), "a whole number"))
        if at_least is not None and number < at_least:
            raise TimelineError(f"{self.place}: {key} must be at least {at_least}, found {number}")
        return number

    def number(self, key: str) -> float:
        number = float(self._get(key, (int, float), "a number"))
        if not math.isfinite(number):
            raise TimelineError(f"{self.place}: {key} must be a finite number")
        return number

    def moment(self, key: str) -> datetime:
        text = self.text(key)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise TimelineError(f"{self.place}: {key} must be an ISO 8601 time, found {text!r:.80}") from error
        if moment.tzinfo is None:
            raise TimelineError(f"{self.place}: {key} needs a UTC offset, found {text!r}")
        return moment

    def node(self, key: str) -> _Node:
        return _Node(self.value.get(key), f"{self.place}: {key}")

    def nodes(self, key: str) -> list[_Node]:
        found = self._get(key, (list,), "a list")
        return [_Node(each, f"{self.place}: {key}[{number}]") for number, each in enumerate(found)]


def from_dict(data: object) -> Timeline:
    """Return what timeline.json means. Raises TimelineError with the place of the first mistake."""
    node = _Node(data, "timeline.json")
    if node.whole("version") != VERSION:
        raise TimelineError(f"{node.place}: version {node.whole('version')} is unknown, only {VERSION} can be read")
    rate = node.node("rate")
    return Timeline(
        project=node.text("project"),
        fahrplan_id=node.whole("fahrplan_id"),
        title=node.text("title"),
        rate=Fraction(rate.whole("num", 1), rate.whole("den", 1)),
        frames=node.whole("frames", 1),
        start=node.moment("start"),
        segments=tuple(_part(Segment, each) for each in node.nodes("segments")),
        holes=tuple(_part(Hole, each) for each in node.nodes("holes")),
        overlaps=tuple(_part(Overlap, each) for each in node.nodes("overlaps")),
        marks=tuple(_part(Mark, each) for each in node.nodes("marks")),
        video=_part(Video, node.node("video")),
        audio=_part(Audio, node.node("audio")) if node.value.get("audio") is not None else None,
        first_dts_offset_ms=node.number("first_dts_offset_ms"),
        tracks=tuple(_part(Audio, each) for each in node.nodes("tracks")) if "tracks" in node.value else (),
        interlaced=node.value.get("interlaced") is True,
        folder=node.text("folder") if "folder" in node.value else "",
    )


def _part(kind: type[_Part], node: _Node) -> _Part:
    """Read a flat dataclass, each field by the type it is annotated with."""
    readers: dict[str, Callable[[str], Any]] = {
        "str": node.text,
        "int": node.whole,
        "float": node.number,
        "datetime": node.moment,
    }
    given = [field for field in fields(kind) if field.name in node.value or field.default is MISSING]
    return kind(**{field.name: readers[str(field.type)](field.name) for field in given})


def as_dict(timeline: Timeline) -> dict[str, Any]:
    """Return what timeline.json says, as plain values."""
    return {
        "version": VERSION,
        "project": timeline.project,
        "fahrplan_id": timeline.fahrplan_id,
        "title": timeline.title,
        "rate": {"num": timeline.rate.numerator, "den": timeline.rate.denominator},
        "frames": timeline.frames,
        "duration_s": round(timeline.duration_s, 6),
        "start": timeline.start.isoformat(),
        "segments": [_plain(segment) for segment in timeline.segments],
        "holes": [_plain(hole) for hole in timeline.holes],
        "overlaps": [_plain(overlap) for overlap in timeline.overlaps],
        "marks": [_plain(mark) for mark in timeline.marks],
        "video": _plain(timeline.video),
        "audio": _plain(timeline.audio) if timeline.audio else None,
        "first_dts_offset_ms": timeline.first_dts_offset_ms,
        "tracks": [_plain(track) for track in timeline.tracks],
        "interlaced": timeline.interlaced,
        **({"folder": timeline.folder} if timeline.folder else {}),
    }


def _plain(part: Segment | Hole | Overlap | Mark | Video | Audio) -> dict[str, Any]:
    """Return the fields of a part, but for those that say nothing because they are as they are by default."""
    said = [field.name for field in fields(part) if field.default is MISSING or getattr(part, field.name)]
    values = {name: getattr(part, name) for name in said}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
