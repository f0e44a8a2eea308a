"""Changes in words: for messages, the history and the review."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tracker.fahrplan import policy as rules
from tracker.fahrplan.diff import LOCK, UNCLEAR
from tracker.fahrplan.wanted import OPTOUT

_SHOWN = 100
_TIMES = ("Fahrplan.Date", "Fahrplan.Start", "Fahrplan.DateTime")
_TEXTS = ("abstract", "description")
"""What is read and not compared at a glance."""
PHRASES = {
    rules.GONE: "no longer in the Fahrplan",
    rules.BACK: "in the Fahrplan again",
    rules.OPTED_OUT: "the speakers opted out of the recording",
    rules.OPTED_IN: "the speakers no longer opt out of the recording",
    "new in a room": "new, {1} in {2}",
    "new": "new, {1}",
    "moved": "time {1} -> {2}",
    "by hand": "{1} (chosen by hand here)",
    "not taken": "{1} (not taken over)",
    "locked": "locked: {1}",
    "text gone": "{1} removed",
    "rewritten": "{1} rewritten",
    "text added": "{1} added",
    "changed": "{1} '{2}' -> '{3}'",
    "removed": "{1} '{2}' removed",
    "added": "{1} '{2}'",
    "more": "... and {1} more",
}
"""What is said of changes; pages show it in the reader's language. {1}, {2}, {3} are values."""
LABELS = (
    *("title", "subtitle", "room", "time", "duration", "end", "speakers", "opt-out", "clarified", "language", "track"),
    *("type", "abstract", "description", "license", "slug", "url", "video download url", "date", "start", "day"),
)
"""What parts are about; of other properties the name is shown."""
NOTHING = "(none)"
VALUES = {OPTOUT: {"1": "opted out", "0": "may be recorded"}, LOCK: {UNCLEAR: "unclear"}}
Parts = Sequence[Mapping[str, Any]]


def talk(number: int | None, title: str) -> str:
    """Return how a talk is called in a sentence."""
    return f"{number} '{short(title, 60)}'" if number else f"'{short(title, 60)}'"


def sentence(number: int | None, title: str, parts: Parts, wanted: Mapping[str, Any] | None) -> str:
    """Return one sentence with everything that changes of a talk; '' when only bookkeeping does."""
    pieces = phrases(parts, wanted)
    return f"{talk(number, title)}: {'; '.join(pieces)}" if pieces else ""


def phrases(parts: Parts, wanted: Mapping[str, Any] | None) -> list[str]:
    """Return a phrase for each thing that changes of a talk, the times of it as one."""
    parts = [part for part in parts if part["kind"] != rules.BOOKKEEPING]
    hidden = {*_TIMES, LOCK}
    if any(part["name"] == "Fahrplan.Title" for part in parts):
        hidden.add("Fahrplan.Slug")  # it follows the title
    shown = [part for part in parts if part["name"] not in hidden]
    pieces = [_phrase(part, wanted) for part in shown]
    times = [part for part in parts if part["name"] == "Fahrplan.DateTime"]
    return [_moved(part) for part in times] + pieces


def label(part: Mapping[str, Any]) -> str:
    """Return what a part is about: 'title', 'room', 'time' ..."""
    name = str(part["name"])
    known = {"Fahrplan.DateTime": "time", "Fahrplan.Person_list": "speakers", OPTOUT: "opt-out", LOCK: "clarified"}
    return known.get(name, name.removeprefix("Fahrplan.").replace("_", " ").replace(".", " ").lower())


def said(phrase: str, *values: str) -> str:
    """Return one of PHRASES with its values."""
    return re.sub(r"\{(\d)\}", lambda place: values[int(place[1]) - 1], PHRASES[phrase])


def _phrase(part: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> str:
    name, old, new = part["name"], str(part["old"]), str(part["new"])
    if name == rules.NEW:
        return _where(wanted)
    if name in (rules.GONE, rules.BACK):
        return said(name)
    if name == OPTOUT and part["kind"] in (rules.OPTED_OUT, rules.OPTED_IN):
        return said(rules.OPTED_OUT if new == "1" else rules.OPTED_IN)
    text = _value(label(part), old, new)
    return said("by hand", text) if part.get("by_hand") else text


def _value(what: str, old: str, new: str) -> str:
    if "\n" in old + new or (what in _TEXTS and max(len(old), len(new)) > _SHOWN):
        return said("text gone" if not new else "rewritten" if old else "text added", what)
    if not old:
        return said("added", what, short(new))
    return said("changed", what, short(old), short(new)) if new else said("removed", what, short(old))


def _where(wanted: Mapping[str, Any] | None) -> str:
    values = (wanted or {}).get("properties", {})
    room, moment = values.get("Fahrplan.Room", ""), clock(values.get("Fahrplan.DateTime", ""))
    return said("new in a room", moment, short(room)) if room else said("new", moment)


def _moved(part: Mapping[str, Any]) -> str:
    return said("moved", clock(part["old"]) or NOTHING, clock(part["new"]) or NOTHING)


def readable(name: str, text: str) -> str:
    """Return a value of a part as a review shows it."""
    if name == "Fahrplan.DateTime":
        return clock(text)
    return VALUES.get(name, {}).get(text, text)


def clock(text: str) -> str:
    """Return a stored start as people read it: 'Fri 27 Dec 11:00'."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return short(text)
    return f"{moment:%a} {moment.day} {moment:%b %H:%M}"


def short(text: str, limit: int = _SHOWN) -> str:
    """Return a text as one line of bearable length."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[:limit]}..."


def counted(sentences: Iterable[str], limit: int) -> list[str]:
    """Return the first *limit* sentences, and how many more there are."""
    found = [text for text in sentences if text]
    rest = len(found) - limit
    return [*found[:limit], said("more", str(rest))] if rest > 0 else found
