"""Changes in words: for messages, the history and the review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tracker.fahrplan import policy as rules
from tracker.fahrplan.diff import LOCK
from tracker.fahrplan.wanted import OPTOUT

_SHOWN = 100
_TIMES = ("Fahrplan.Date", "Fahrplan.Start", "Fahrplan.DateTime")
_TEXTS = ("abstract", "description")
"""What is read and not compared at a glance."""
_WHOLE = {
    rules.GONE: "no longer in the Fahrplan",
    rules.BACK: "in the Fahrplan again",
}
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


def _phrase(part: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> str:
    name, old, new = part["name"], str(part["old"]), str(part["new"])
    if name == rules.NEW:
        return f"new{_where(wanted)}"
    if name in _WHOLE:
        return _WHOLE[name]
    if name == OPTOUT and part["kind"] in (rules.OPTED_OUT, rules.OPTED_IN):
        said = "opted out of the recording" if new == "1" else "no longer opt out of the recording"
        return f"the speakers {said}"
    text = _value(label(part), old, new)
    return f"{text} (chosen by hand here)" if part.get("by_hand") else text


def _value(what: str, old: str, new: str) -> str:
    if "\n" in old + new or (what in _TEXTS and max(len(old), len(new)) > _SHOWN):
        return f"{what} {'removed' if not new else 'rewritten' if old else 'added'}"
    if not old:
        return f"{what} '{short(new)}'"
    return f"{what} '{short(old)}' -> '{short(new)}'" if new else f"{what} '{short(old)}' removed"


def _where(wanted: Mapping[str, Any] | None) -> str:
    values = (wanted or {}).get("properties", {})
    room = values.get("Fahrplan.Room", "")
    return f", {clock(values.get('Fahrplan.DateTime', ''))}{f' in {short(room)}' if room else ''}"


def _moved(part: Mapping[str, Any]) -> str:
    return f"time {clock(part['old']) or '(none)'} -> {clock(part['new']) or '(none)'}"


def readable(name: str, text: str) -> str:
    """Return a value of a part as a review shows it."""
    if name == "Fahrplan.DateTime":
        return clock(text)
    if name == OPTOUT:
        return {"1": "opted out", "0": "may be recorded"}.get(text, text)
    return text


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
    return [*found[:limit], f"... and {rest} more"] if rest > 0 else found
