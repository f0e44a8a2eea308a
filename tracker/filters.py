"""Filters over properties: and, or, not; read from JSON, told in words, tried on the values of a ticket.

A filter is an object: ``{"and": [...]}``, ``{"or": [...]}``, ``{"not": {...}}`` or a clause with one operator, such as
``{"property": "Fahrplan.Room", "is": "Saal 1"}``. What SQL makes of it is in queries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.errors import InvalidInput

IS, IS_NOT, CONTAINS, BEGINS, IN, ABSENT = "is", "is not", "contains", "begins", "in", "absent"
OPERATORS = (IS, IS_NOT, CONTAINS, BEGINS, IN, ABSENT)
VIRTUAL = frozenset(
    (
        "EncodingProfile.Extension",
        "EncodingProfile.IsMaster",
        "EncodingProfile.Slug",
        "Fahrplan.ID",
        "Project.Slug",
        "Project.TimeZone",
        "Room.Key",
    )
)
"""Computed properties that a filter may name; all others but the stored ones have no value while a ticket waits."""

NAME = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)*\Z")
MAX_DEPTH, MAX_CLAUSES, MAX_TEXT = 8, 50, 1000


@dataclass(frozen=True)
class Clause:
    """A property compared with *texts* (one, but several for ``in``, "true" or "false" for ``absent``)."""

    name: str
    operator: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class All:
    """Passes when every part does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Either:
    """Passes when at least one part does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Not:
    """Passes when the part does not."""

    part: Filter


Filter = Clause | All | Either | Not


def read(data: Any) -> Filter:
    """Read a filter from decoded JSON. Raises InvalidInput with a sentence that names the part and the remedy."""
    found = _read(data, 1)
    if (count := len(clauses(found))) > MAX_CLAUSES:
        raise _wrong(f"The filter has {count} clauses; {MAX_CLAUSES} are the most.")
    return found


def _wrong(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, "filter")


def _read(data: Any, depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise _wrong(f"The filter nests deeper than {MAX_DEPTH}.")
    if not isinstance(data, Mapping):
        raise _wrong(f"{_shown(data)} is no filter; write an object such as {{'property': 'Room.Key', 'is': 'saal1'}}.")
    if "property" in data:
        return _clause(data)
    if len(data) != 1 or (word := next(iter(data))) not in ("and", "or", "not"):
        raise _wrong(f"{_shown(dict(data))} is no filter; it has to have one of: and, or, not, property.")
    if word == "not":
        return Not(_read(data[word], depth + 1))
    if not isinstance(data[word], list) or not data[word]:
        raise _wrong(f"{word!r} needs a list of at least one filter.")
    parts = tuple(_read(part, depth + 1) for part in data[word])
    return All(parts) if word == "and" else Either(parts)


def _clause(data: Mapping[str, Any]) -> Clause:
    name, words = data["property"], [word for word in data if word != "property"]
    if not isinstance(name, str) or len(name) > 200 or not NAME.match(name):
        raise _wrong(f"{_shown(name)} is no name of a property: labels of letters, digits, _ and -, joined by dots.")
    if len(words) != 1 or words[0] not in OPERATORS:
        raise _wrong(f"The clause about {name} needs exactly one of: {', '.join(OPERATORS)}.")
    return Clause(name, words[0], _texts(name, words[0], data[words[0]]))


def _texts(name: str, operator: str, value: Any) -> tuple[str, ...]:
    if operator == ABSENT:
        if not isinstance(value, bool):
            raise _wrong(f"The clause about {name}: 'absent' is true or false.")
        return (str(value).lower(),)
    texts = value if operator == IN else [value]
    if not isinstance(texts, list) or not 0 < len(texts) <= MAX_CLAUSES:
        raise _wrong(f"The clause about {name}: 'in' needs a list of 1 to {MAX_CLAUSES} texts.")
    for text in texts:
        if not isinstance(text, str) or not text or "\x00" in text or len(text) > MAX_TEXT:
            remedy = f"a text of 1 to {MAX_TEXT} characters is needed; for a property without value write 'absent'"
            raise _wrong(f"The clause about {name} compares with {_shown(text)}; {remedy}.")
    return tuple(texts)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def clauses(rule: Filter) -> list[Clause]:
    """List the clauses of a filter in the order they stand there."""
    match rule:
        case Clause():
            return [rule]
        case Not(part):
            return clauses(part)
        case All(parts) | Either(parts):
            return [clause for part in parts for clause in clauses(part)]


def passes(rule: Filter, values: Mapping[str, str]) -> bool:
    """Tell whether a ticket with these merged properties passes."""
    match rule:
        case Clause():
            return _holds(rule, values.get(rule.name))
        case Not(part):
            return not passes(part, values)
        case All(parts):
            return all(passes(part, values) for part in parts)
        case Either(parts):
            return any(passes(part, values) for part in parts)


def _holds(clause: Clause, value: str | None) -> bool:
    first = clause.texts[0]
    if clause.operator == ABSENT:
        return (value is None) == (first == "true")
    if value is None:
        return clause.operator == IS_NOT
    return {
        IS: value == first,
        IS_NOT: value != first,
        CONTAINS: first in value,
        BEGINS: value.startswith(first),
        IN: value in clause.texts,
    }[clause.operator]


def excluded_by(rule: Filter, values: Mapping[str, str]) -> str:
    """Say which part of the filter a ticket does not pass, in words; '' when it passes."""
    if passes(rule, values):
        return ""
    if isinstance(rule, All):
        return next(filter(None, (excluded_by(part, values) for part in rule.parts)))
    return words(rule)


def words(rule: Filter) -> str:
    """Write a filter in words: ``Room.Key is 'saal1' and not (EncodingProfile.Slug in 'hd', 'sd')``."""
    match rule:
        case Clause(name, operator, texts):
            if operator == ABSENT:
                return f"{name} is {'absent' if texts == ('true',) else 'present'}"
            return f"{name} {operator} {', '.join(repr(text) for text in texts)}"
        case Not(part):
            return f"not ({words(part)})"
        case All(parts) | Either(parts):
            joint = " and " if isinstance(rule, All) else " or "
            return joint.join(words(part) if isinstance(part, Clause | Not) else f"({words(part)})" for part in parts)
