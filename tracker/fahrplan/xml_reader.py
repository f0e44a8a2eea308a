"""Schedules as XML (pentabarf, frab, pretalx, wafer, the hub, EMF and others): one pass that keeps what they say.

Nothing is interpreted here. Events are read and freed one by one, so that memory holds what they say and not the tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from lxml import etree

from tracker.errors import FahrplanError
from tracker.fahrplan.raw import RawDay, RawEvent, RawSchedule

MAX_TAGS = 10_000_000
MAX_DEPTH = 64

FIELDS = {
    name: name
    for name in (
        *("abstract", "code", "date", "description", "duration", "end", "language", "room", "slug", "start"),
        *("subtitle", "tag", "title", "track", "type", "url", "video_download_url"),
    )
}
"""The elements of an event that are read; mapped to themselves because lxml makes a new text of each tag."""
_OFTEN = frozenset(("date", "duration", "language", "room", "start", "track", "type"))
"""Fields that many events have in common: one text in memory for all of them."""
_HEAD = ("conference", "version")
_NAMES = ("name", "full_public_name", "public_name")
"""Where merged schedules keep a person's name when it is not the text of the element itself."""


def _text(element: Any) -> str:
    return "".join(element.itertext()) if len(element) else element.text or ""


def _person(element: Any) -> str:
    """Return a person's name: that of a name element inside, else the text."""
    if len(element):
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


class _Around:
    """What surrounds events: looked up once for all events of one parent element."""

    def __init__(self, parent: Any) -> None:
        """Walk up from the parent of an event to the root."""
        self.parent = parent
        self.room: str | None = None
        self.room_guid = ""
        self.day: RawDay | None = None
        self.flaw = ""
        depth = 1
        while parent is not None:
            self._take(parent)
            parent, depth = parent.getparent(), depth + 1
        if depth > MAX_DEPTH:
            raise FahrplanError(f"The Fahrplan nests elements deeper than {MAX_DEPTH}; no schedule does that.")

    def _take(self, outer: Any) -> None:
        if outer.tag == "room" and self.room is None:
            self.room, self.room_guid = outer.get("name", ""), outer.get("guid", "")
        elif outer.tag == "day" and self.day is None:
            self.day = RawDay(outer.get("index", ""), outer.get("date", ""), outer.get("end", ""))
        elif outer.tag == "event":
            self.flaw = "it stands inside another event"


class _Reader:
    """Collects the raw schedule while the parser walks through the document."""

    def __init__(self) -> None:
        """Begin before the root element."""
        self.schedule = RawSchedule()
        self.around: _Around | None = None
        self.texts: dict[str, str] = {}

    def event(self, element: Any) -> None:
        """Keep what an event says, and free the memory of it and of what stands before it."""
        parent = element.getparent()
        if self.around is None or self.around.parent is not parent:
            self.around = _Around(parent)
        self.schedule.events.append(self._event(element, self.around))
        element.clear(keep_tail=True)
        if not self.around.flaw:
            while parent[0] is not element:
                del parent[0]

    def _event(self, element: Any, around: _Around) -> RawEvent:
        event = RawEvent(
            self.schedule.next_number(),
            guid=element.get("guid", ""),
            id=element.get("id", ""),
            code=element.get("code", ""),
            room_name=around.room,
            room_guid=around.room_guid,
            day=around.day,
            flaw=around.flaw,
        )
        for child in element:
            tag = child.tag
            if name := FIELDS.get(tag):
                text = _text(child)
                event.add(name, self.texts.setdefault(text, text) if name in _OFTEN else text)
            elif tag == "persons":
                event.persons += [_person(person) for person in child.iterfind("person")]
            elif tag == "recording":
                _recording(child, event)
            elif tag in ("optout", "opt_out"):
                event.optouts.append(_text(child))
        return event

    def head(self, element: Any) -> None:
        """Keep what the head of the document says; elements of that name elsewhere mean something else."""
        parent = element.getparent()
        if parent is None or parent.getparent() is not None:
            return
        if element.tag == "version":
            self.schedule.version = self.schedule.version or _text(element).strip()
        elif not self.schedule.conference:
            self.schedule.conference = {child.tag: _text(child).strip() for child in reversed(element)}


def _check_root(element: Any) -> None:
    if element.tag == "schedule":
        return
    name = etree.QName(element)
    if name.localname == "html":
        raise FahrplanError("This is an HTML page, not a Fahrplan; give the address of the schedule's XML or JSON.")
    where = f" in the namespace {name.namespace[:100]}" if name.namespace else ""
    raise FahrplanError(f"The root element is <{name.localname[:40]}>{where}, not <schedule>: this is no Fahrplan.")


def _walk(stream: BytesIO) -> Iterator[Any]:
    """Yield the elements that count as they end; at last the root has been checked."""
    walk = etree.iterparse(
        stream,
        events=("end",),
        tag=("event", *_HEAD),
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _action, element in walk:
            yield element
    except etree.XMLSyntaxError as error:
        reason = " ".join(error.msg.split())[:200]
        raise FahrplanError(f"The Fahrplan is no complete, well-formed XML ({reason}); nothing was read.") from None
    if walk.root.getroottree().docinfo.doctype:
        raise FahrplanError("The Fahrplan has a DOCTYPE; these are refused, as no schedule needs one. Remove it.")
    _check_root(walk.root)


def read_xml(document: bytes, root: int) -> RawSchedule:
    """Read a schedule from XML in UTF-8 whose root element begins at *root*. Raise FahrplanError."""
    if document.count(b"<") > MAX_TAGS:
        raise FahrplanError(f"The Fahrplan has more than {MAX_TAGS} tags; that is too many.")
    stream, reader = BytesIO(document), _Reader()
    stream.seek(root)
    for element in _walk(stream):
        if element.tag == "event":
            reader.event(element)
        else:
            reader.head(element)
    return reader.schedule
