"""Where in an encoded file something begins: pieces of the recording, the joints between them, chapters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tracker.errors import NotFound
from tracker.gui import marks
from tracker.gui.speech.spoken import say
from tracker.gui.views.media import work_file
from tracker.tickets.cutlists import Range, read_chapters, read_ranges

_MOST = 200


@dataclass(frozen=True)
class Place:
    """A second of the encoded file that is worth a look, and why."""

    at_s: float
    text: str


@dataclass(frozen=True)
class Origin:
    """What an encoded file shows: pieces of the recording (frames), in turn, from `lead_s` seconds on."""

    pieces: Sequence[Range]
    rate: Fraction | None
    lead_s: float

    def text(self) -> str:
        """Write the pieces for the page's script: `first-stop,first-stop`."""
        return ",".join(f"{first}-{stop}" for first, stop in self.pieces)

    def second_of(self, frame: int) -> float | None:
        """Return when the file shows a frame of the recording, None when it does not."""
        passed = 0
        for first, stop in self.pieces:
            if first <= frame < stop:
                return self.lead_s + float((passed + frame - first) / self.rate) if self.rate else None
            passed += stop - first
        return None

    def joints(self) -> list[Place]:
        """List where two pieces meet."""
        found = []
        for (_, out), (following, _) in zip(self.pieces, self.pieces[1:], strict=False):
            at = self.second_of(following)
            if at is not None and self.rate is not None:
                gone = float((following - out) / self.rate)
                found.append(Place(at, f"joint: {gone:.1f} s of the recording are left out here"))
        return found[:_MOST]


def origin_of(values: Mapping[str, str]) -> Origin:
    """Return what the file shows, by Record.Cutin, .Cutout and .Ranges without the holes of timeline.json."""
    ranges = read_ranges(values.get("Record.Ranges", "")) or _whole(values)
    pieces = list(ranges)
    for first, stop in _holes(values):
        pieces = [
            part for piece in pieces for part in ((piece[0], min(piece[1], first)), (max(piece[0], stop), piece[1]))
        ]
        pieces = [(a, b) for a, b in pieces if a < b]
    lead = values.get("Encoding.LeadSeconds", "")
    return Origin(pieces[:_MOST], marks.rate_of(values), float(lead) if lead.replace(".", "", 1).isdigit() else 0.0)


def _whole(values: Mapping[str, str]) -> list[Range]:
    begin, end = values.get("Record.Cutin", ""), values.get("Record.Cutout", "")
    return [(int(begin), int(end))] if begin.isdigit() and end.isdigit() and len(begin + end) < 19 else []


def _holes(values: Mapping[str, str]) -> list[Range]:
    try:
        found = json.loads(work_file(values, "timeline.json").read_bytes())["holes"]
        return [(int(hole["first_frame"]), int(hole["first_frame"] + hole["frames"])) for hole in found][:_MOST]
    except (NotFound, OSError, ValueError, KeyError, TypeError):
        return []


def chapters_in(values: Mapping[str, str], origin: Origin) -> list[Place]:
    """List the chapters of the talk by the seconds of the file."""
    chapters = ((origin.second_of(each.frame), each.title) for each in read_chapters(values.get("Record.Chapters", "")))
    return [Place(at, f"chapter: {title}") for at, title in chapters if at is not None]


@dataclass(frozen=True)
class Compared:
    """A line of the metadata: what it is, what the tracker says, what the file carries, whether they agree."""

    name: str
    wanted: str
    carried: str

    @property
    def same(self) -> bool:
        """Tell whether the file says what it should, but for blanks."""
        return " ".join(self.wanted.split()) == " ".join(self.carried.split())


def compared(values: Mapping[str, str]) -> list[Compared]:
    """Compare Encoding.Tags (or what script D will write instead) with the talk; [] when the file was not looked at."""
    try:
        tags = json.loads(values.get("Encoding.Tags", "") or "{}") | json.loads(
            values.get("Encoding.Metadata", "") or "{}"
        )
        languages = "-".join(map(str, tags.get("languages", [])))
    except (ValueError, TypeError, RecursionError):
        return []
    if not tags:
        return []
    released = "-".join(code for code in values.get("Record.Language", "").split("-") if code != "und")
    return [
        Compared(say("Title"), values.get("Fahrplan.Title", ""), str(tags.get("title", ""))),
        Compared(say("Persons"), values.get("Fahrplan.Person_list", ""), str(tags.get("artist", ""))),
        Compared(say("Language of the sound"), released, languages),
    ]
