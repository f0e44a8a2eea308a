"""Patterns over dotted names, as PostgreSQL's lquery has them: scripts of API 3.0 ask for properties by them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracker.errors import InvalidInput

MAX_PATTERN = 200
"""Characters; a name has as many at most."""
MAX_COUNT = 65535

_COUNT = r"(?:\{(?P<least>[0-9]*)(?P<comma>,)?(?P<most>[0-9]*)\})?\Z"
_STAR = re.compile(r"\*" + _COUNT)
_WORDS = re.compile(r"(?P<no>!?)(?P<words>[\w-]+[@*%]*(?:\|[\w-]+[@*%]*)*)" + _COUNT)


@dataclass(frozen=True)
class _Word:
    """One of the alternatives of a level: text and what ``@``, ``*`` and ``%`` say about it."""

    text: str
    any_case: bool
    begins: bool
    parts: bool

    def fits(self, label: str) -> bool:
        mine, label = (self.text.lower(), label.lower()) if self.any_case else (self.text, label)
        if not self.parts:
            return label.startswith(mine) if self.begins else label == mine
        # As PostgreSQL does it, not as its manual says: each part of the pattern has to be some part of the label.
        theirs = [part for part in label.split("_") if part]
        return all(
            any(other.startswith(part) if self.begins else other == part for other in theirs)
            for part in mine.split("_")
            if part
        )


@dataclass(frozen=True)
class _Level:
    """One piece between dots: what a label has to be (no words: anything), and how many labels in a row."""

    words: tuple[_Word, ...]
    negated: bool
    least: int
    most: int

    def fits(self, label: str) -> bool:
        return not self.words or any(word.fits(label) for word in self.words) is not self.negated


def matching(values: Mapping[str, str], pattern: str | None) -> dict[str, str]:
    """Return the *values* whose names match *pattern*, all of them without one.

    ``*`` stands for any number of labels, ``*{2}``, ``*{1,}``, ``*{,3}``, ``*{1,3}`` for so many, ``x*`` for a label
    that begins with x, ``x@`` for x in any case, ``x%`` for a label with the part x between underscores, ``x|y`` for
    either, ``!x`` for any but x. Raises InvalidInput for what is no pattern.
    """
    if not pattern:
        return dict(values)
    if len(pattern) > MAX_PATTERN:
        raise InvalidInput(f"A pattern has {MAX_PATTERN} characters at most.", "pattern")
    levels = [_level(piece) for piece in pattern.split(".")]
    return {name: value for name, value in values.items() if _fits(levels, name.split("."))}


def _level(piece: str) -> _Level:
    found = _STAR.match(piece) or _WORDS.match(piece)
    counts = _counts(found) if found else None
    if found is None or counts is None:
        raise InvalidInput(
            f"{piece[:40]!r} is no part of a pattern: labels joined by dots, with *, {{n,m}}, @, %, | or !, as in "
            "'Record.*'.",
            "pattern",
        )
    named = found.groupdict()
    words = tuple(_word(text) for text in (named.get("words") or "").split("|") if text)
    return _Level(words, bool(named.get("no")), *counts)


def _counts(found: re.Match[str]) -> tuple[int, int] | None:
    """Return the least and the most labels of a level, None when braces hold nonsense."""
    least, comma, most = found["least"], found["comma"], found["most"]
    if least is None:
        return (1, 1) if found.groupdict().get("words") else (0, MAX_COUNT)
    if not comma and (not least or most):
        return None
    low = int(least or 0)
    high = (int(most) if most else MAX_COUNT) if comma else low
    return (low, high) if low <= high <= MAX_COUNT else None


def _word(text: str) -> _Word:
    bare = text.rstrip("@*%")
    signs = text[len(bare) :]
    return _Word(bare, "@" in signs, "*" in signs, "%" in signs)


def _fits(levels: Sequence[_Level], labels: Sequence[str]) -> bool:
    """Follow all ways through the labels at once, a bit for each place: no pattern can be slow."""
    places = 1
    for level in levels:
        fitting = sum(1 << place for place, label in enumerate(labels) if level.fits(label))
        reached, steps = places if level.least == 0 else 0, places
        for count in range(1, min(level.most, len(labels)) + 1):
            steps = (steps & fitting) << 1
            if count >= level.least:
                reached |= steps
        places = reached
    return bool(places >> len(labels) & 1)
