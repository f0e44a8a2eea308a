"""From bytes to raw events: one pass over the XML that keeps what a schedule says and nothing else.

Nothing is interpreted here. The document is untrusted: no DOCTYPE, no entities, no network, bounded sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from lxml import etree

from tracker.errors import FahrplanError
from tracker.fahrplan.text import strip_prolog, to_utf8

MAX_ELEMENTS = 10_000_000
MAX_DEPTH = 64
MAX_EVENTS = 300_000

FIELDS = frozenset(
    (
        *("abstract", "code", "date", "description", "duration", "language", "room", "slug", "start", "subtitle"),
        *("tag", "title", "track", "type", "url", "video_download_url"),
    )
)
_NAMES = ("name", "full_public_name", "public_name")
"""Where merged schedules keep a person's name when it is not the text of the element itself."""


@dataclass(frozen=True, slots=True)
class RawDay:
    """The attributes of a `day` element, as written."""

    index: str = ""
    date: str = ""
    end: str = ""


@dataclass(slots=True)
class RawEvent:
    """One `event` element as written: *fields* maps a tag to the texts of its elements in order."""

    number: int
    guid: str
    id: str
    code: str
    room_name: str | None
    day: RawDay | None
    nested: bool
    fields: dict[str, list[str]] = field(default_factory=dict)
    persons: list[str] = field(default_factory=list)
    license: str = ""
    optouts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class RawSchedule:
    """The events of a document in order, and what its head says."""

    version: str = ""
    conference: dict[str, str] = field(default_factory=dict)
    events: list[RawEvent] = field(default_factory=list)


def _text(element: Any) -> str:
    return "".join(element.itertext()) if len(element) else element.text or ""


def _person(element: Any) -> str:
    """Return a person's name: that of a name element inside, else the text."""
    for tag in _NAMES:
        found = element.find(tag)
        if found is not None and (name := _text(found)).strip():
            return name
    return _text(element)


def _recording(element: Any, event: RawEvent) -> None:
    for child in element:
        if child.tag == "license":
            event.license = event.license or _text(child)
        elif child.tag in ("optout", "opt_out"):
            event.optouts.append(_text(child))


def _context(element: Any) -> tuple[str | None, RawDay | None, bool]:
    """Return the name of the room and the day an event stands in, and whether it stands inside another event."""
    room: str | None = None
    day: RawDay | None = None
    nested = False
    for outer in element.iterancestors():
        if outer.tag == "room" and room is None:
            room = outer.get("name", "")
        elif outer.tag == "day" and day is None:
            day = RawDay(outer.get("index", ""), outer.get("date", ""), outer.get("end", ""))
        nested = nested or outer.tag == "event"
    return room, day, nested


def _event(element: Any, number: int) -> RawEvent:
    room, day, nested = _context(element)
    event = RawEvent(number, element.get("guid", ""), element.get("id", ""), element.get("code", ""), room, day, nested)
    for child in element:
        if child.tag in FIELDS:
            event.fields.setdefault(child.tag, []).append(_text(child))
        elif child.tag == "persons":
            event.persons += [_person(person) for person in child.iterfind("person")]
        elif child.tag == "recording":
            _recording(child, event)
        elif child.tag in ("optout", "opt_out"):
            event.optouts.append(_text(child))
    return event


class _Reader:
    """Collects the raw schedule while the parser walks through the document."""

    def __init__(self) -> None:
        """Begin before the root element."""
        self.schedule = RawSchedule()
        self.elements = 0
        self.depth = 0

    def start(self, element: Any) -> None:
        """Count an element and refuse what is too large, too deep or no schedule."""
        self.elements += 1
        self.depth += 1
        if self.depth == 1:
            _check_root(element)
        if self.depth > MAX_DEPTH:
            raise FahrplanError(f"The Fahrplan nests elements deeper than {MAX_DEPTH}; no schedule does that.")
        if self.elements > MAX_ELEMENTS:
            raise FahrplanError(f"The Fahrplan has more than {MAX_ELEMENTS} elements; that is too many.")

    def end(self, element: Any) -> None:
        """Keep what an element says, and free the memory of finished events."""
        self.depth -= 1
        if element.tag == "event":
            if len(self.schedule.events) >= MAX_EVENTS:
                raise FahrplanError(f"The Fahrplan has more than {MAX_EVENTS} events; that is too many.")
            self.schedule.events.append(_event(element, len(self.schedule.events) + 1))
            element.clear(keep_tail=True)
        elif self.depth == 1 and element.tag == "conference" and not self.schedule.conference:
            self.schedule.conference = {child.tag: _text(child).strip() for child in reversed(element)}
        elif self.depth == 1 and element.tag == "version":
            self.schedule.version = self.schedule.version or _text(element).strip()


def _check_root(element: Any) -> None:
    if element.getroottree().docinfo.doctype:
        raise FahrplanError("The Fahrplan has a DOCTYPE; these are refused, as no schedule needs one. Remove it.")
    if element.tag == "schedule":
        return
    name = etree.QName(element)
    if name.localname == "html":
        raise FahrplanError("This is an HTML page, not a Fahrplan; give the address of the schedule's XML.")
    where = f" in the namespace {name.namespace[:100]}" if name.namespace else ""
    raise FahrplanError(f"The root element is <{name.localname[:40]}>{where}, not <schedule>: this is no Fahrplan.")


def _walk(xml: bytes) -> Iterator[tuple[str, Any]]:
    walk = etree.iterparse(
        BytesIO(xml),
        events=("start", "end"),
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        yield from walk
    except etree.XMLSyntaxError as error:
        reason = " ".join(error.msg.split())[:200]
        raise FahrplanError(f"The Fahrplan is no complete, well-formed XML ({reason}); nothing was read.") from None


def read(xml: bytes) -> RawSchedule:
    """Read a schedule. Raise FahrplanError, one sentence, for what is refused as a whole."""
    reader = _Reader()
    for action, element in _walk(strip_prolog(to_utf8(xml))):
        if action == "start":
            reader.start(element)
        else:
            reader.end(element)
    return reader.schedule
