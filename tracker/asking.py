"""The language of the ticket search: ``state:encoded room:saal1 not (profile:hd or failed:yes) "exact words"``.

Parts that stand beside each other must all hold; ``or``, ``not`` (or ``-``) and brackets do what they say. A word looks
into titles, persons and numbers. ``field:value`` compares whole values, ``field~value`` looks for a part; a field with
a dot in its name is a property as it is in force for a ticket. Reading only: what SQL makes of it is in queries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tracker import veil
from tracker.errors import InvalidInput
from tracker.filters import NAME

FIELDS = {
    "type": "recording, encoding or misc",
    "state": 'a state, such as encoded or "ready to encode"',
    "failed": "yes or no",
    "attention": "yes or no",
    "off": "yes or no: formats that are not made of a talk",
    "room": "key or name of a room",
    "profile": "slug of an encoding profile",
    "language": "language code of the recording",
    "day": "day of the talk, YYYY-MM-DD",
    "title": "title of the talk",
    "person": "a name among the persons",
    "id": "number of a ticket or Fahrplan.ID; several joined by commas",
    "who": "name of a user or worker, me or nobody",
    "changed": "how long ago at most it changed: 30m, 2h, 3d",
}
"""Field -> what its value is."""

FLAGS = ("failed", "attention", "off")
MAX_LENGTH, MAX_PARTS, MAX_DEPTH = 1000, 40, 10
_TOKEN = re.compile(r'\s*(?:(\()|(\))|(-)(?=[^\s)])|((?:[\w.-]+[:~])?(?:"[^"]*"|[^\s()"]+)))')
_AGO = re.compile(r"(\d{1,5})([mhd])\Z")
SECONDS = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Word:
    """Looks into title, persons and numbers."""

    text: str


@dataclass(frozen=True)
class Term:
    """A field or property compared with a text; *part* looks for it inside, *veiled* only in what may be shown."""

    field: str
    text: str
    part: bool = False
    veiled: bool = False


@dataclass(frozen=True)
class Every:
    """All parts hold; without parts, always."""

    parts: Sequence[Question] = ()


@dataclass(frozen=True)
class Some:
    """At least one part holds."""

    parts: Sequence[Question]


@dataclass(frozen=True)
class No:
    """The part does not hold."""

    part: Question


Question = Word | Term | Every | Some | No


def read(text: str) -> Question:
    """Read a search. Raises InvalidInput that names what is wrong and what would be right."""
    if len(text) > MAX_LENGTH or "\x00" in text:
        raise _wrong(f"A search has {MAX_LENGTH} characters at most.")
    words = _words(text)
    if len(words) > MAX_PARTS * 2:
        raise _wrong(f"A search has {MAX_PARTS} parts at most.")
    found, rest = _some(words, 0)
    if rest:
        raise _wrong("There is a closing bracket too many.")
    return found


def for_lookers(question: Question) -> Question:
    """Return the question of somebody whom values are shown veiled: neither do its answers spell out a secret.

    Raises InvalidInput for a property that is one.
    """
    match question:
        case Term(field) if "." in field and veil.is_secret(field):
            raise _wrong(f"{field} is a secret, which superusers alone may search; leave it out of the question.")
        case Term():
            return replace(question, veiled=True)
        case No(part):
            return No(for_lookers(part))
        case Every(parts):
            return Every([for_lookers(part) for part in parts])
        case Some(parts):
            return Some([for_lookers(part) for part in parts])
    return question


def seconds_ago(text: str) -> int:
    """Return the seconds that ``30m``, ``2h`` or ``3d`` mean. Raises InvalidInput."""
    found = _AGO.match(text)
    if found is None:
        raise _wrong(f"changed:{text[:40]} is not understood; write changed:30m, changed:2h or changed:3d.")
    return int(found[1]) * SECONDS[found[2]]


def _wrong(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, "q")


def _words(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _wrong(f"A quotation mark has no end: {text[at:].strip()[:40]}")
        found.append(match[0].strip())
        at = match.end()
    return found


def _some(words: list[str], depth: int) -> tuple[Question, list[str]]:
    if depth > MAX_DEPTH:
        raise _wrong(f"Brackets nest deeper than {MAX_DEPTH}.")
    parts = []
    while True:
        part, words = _every(words, depth)
        parts.append(part)
        if not words or words[0].lower() != "or":
            return (parts[0] if len(parts) == 1 else Some(parts)), words
        words = words[1:]


def _every(words: list[str], depth: int) -> tuple[Question, list[str]]:
    parts = []
    while words and words[0] != ")" and words[0].lower() != "or":
        if words[0].lower() == "and":
            words = words[1:]
            continue
        part, words = _one(words, depth)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else Every(parts)), words


def _one(words: list[str], depth: int) -> tuple[Question, list[str]]:
    first, rest = words[0], words[1:]
    if first == "-" or first.lower() == "not":
        if not rest or rest[0] == ")" or depth > MAX_DEPTH:
            raise _wrong(f"Nothing follows {first!r}.")
        part, rest = _one(rest, depth + 1)
        return No(part), rest
    if first == "(":
        part, rest = _some(rest, depth + 1)
        if not rest:
            raise _wrong("A bracket has no end.")
        return part, rest[1:]
    return _term(first), rest


def _term(word: str) -> Question:
    if word.startswith('"'):
        return Word(word.strip('"'))
    field, sign, text = re.match(r"([\w.-]*)([:~]?)(.*)", word, re.DOTALL).groups()  # type: ignore[union-attr]
    if not sign or (field not in FIELDS and "." not in field):
        if sign and field:
            raise _wrong(
                f"There is no field {field!r}; fields are {', '.join(FIELDS)}, and properties such as Record.Language."
            )
        return Word(word)
    return _checked(field, text.strip('"'), sign == "~")


def _checked(field: str, text: str, part: bool) -> Term:
    if not text:
        raise _wrong(f"{field}: needs a value: {FIELDS.get(field, 'the value of the property')}.")
    if "." in field and not NAME.match(field):
        raise _wrong(f"{field[:40]!r} is no name of a property.")
    if field in FLAGS and text not in ("yes", "no"):
        raise _wrong(f"{field}:{text[:40]} is not understood; write {field}:yes or {field}:no.")
    if field == "id" and not all(each.isascii() and each.isdigit() and len(each) < 10 for each in text.split(",")):
        raise _wrong(f"id:{text[:40]} is not understood; write numbers joined by commas.")
    if field == "day" and not re.match(r"\d{4}-\d\d-\d\d\Z", text, re.ASCII):
        raise _wrong(f"day:{text[:40]} is not understood; write a day as 2026-12-27.")
    if field == "changed":
        seconds_ago(text)
    return Term(field, text, part or field in ("title", "person"))
