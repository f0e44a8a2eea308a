"""Changes of the Fahrplan in the reader's language: the domain says them in English, made of `words.PHRASES`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from babel import Locale

from tracker.fahrplan import policy, words
from tracker.gui.speech.catalogue import Catalogue, catalogue
from tracker.gui.speech.spoken import language

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CLOCK = re.compile(rf"({'|'.join(DAYS)}) (\d{{1,2}}) ({'|'.join(MONTHS)}) (\d\d:\d\d)\Z")
TALK = re.compile(r"((?:\d+ )?'.*?': )(.*)", re.DOTALL)
"""How `words.sentence` begins: the number and the title of the talk, which nobody translates."""
BETWEEN = "; "


def vocabulary() -> Iterator[str]:
    """Yield all phrases and names that can be translated."""
    yield from dict.fromkeys(
        (
            *words.PHRASES.values(),
            *words.LABELS,
            words.NOTHING,
            *(text for texts in words.VALUES.values() for text in texts.values()),
            *policy.CLASSES,
            *policy.ACTIONS,
        )
    )


def phrased(text: Any) -> str:
    """Return what changed, one phrase or several, with the talk before it or without, in the reader's language."""
    plain, known = str(text), catalogue(language())
    if not known.phrases:
        return plain
    found = TALK.fullmatch(plain)
    begin, rest = (found[1], found[2]) if found else ("", plain)
    return begin + BETWEEN.join(_phrase(known, each) for each in rest.split(BETWEEN))


def _phrase(known: Catalogue, text: str) -> str:
    """Translate one phrase, and its first value: what it is about, or the phrase that something is said of."""

    def value(number: int, text: str) -> str:
        if CLOCK.match(text):
            return _clock(text)
        if number > 1 and text != words.NOTHING:
            return text  # what people wrote
        return known.phrase(text, value) if text.endswith("'") else known.phrases.get(text) or known.sentence(text)

    return known.phrase(text, value)


def _clock(text: str) -> str:
    """Write a start as `words.clock` does, with the names of the reader's language."""
    found = CLOCK.match(text)
    if found is None:
        return text
    locale = Locale(language())
    day = locale.days["format"]["abbreviated"][DAYS.index(found[1])].rstrip(".")
    month = locale.months["format"]["abbreviated"][MONTHS.index(found[3]) + 1].rstrip(".")
    return f"{day} {found[2]}. {month} {found[4]}"
