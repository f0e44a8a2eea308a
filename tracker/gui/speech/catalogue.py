"""Catalogues of translations: gettext files (``de.po``), read when they are asked for first."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = {"en": "English", "de": "Deutsch"}
"""The languages of the pages, each by its own name; the first is what the code is written in."""
LONGEST = 600
"""Characters of a sentence whose pattern is looked for; longer ones are what somebody wrote."""
SENTENCE = "sentence"
"""Context of the messages that are sentences of the domain, whose values are not known any more."""


PHRASE = "phrase"
"""Context of the messages that are parts of a sentence about a change of the Fahrplan, and of what it names."""
SCRIPT = "script"
"""Context of the messages that the browser's scripts show."""
Patterns = list[tuple[re.Pattern[str], str]]


class Catalogue:
    """The translations into one language."""

    def __init__(
        self,
        messages: dict[str, str],
        sentences: dict[str, str],
        phrases: dict[str, str] | None = None,
        scripts: dict[str, str] | None = None,
    ) -> None:
        """Keep what maps English to the language: *messages* of pages and *scripts*, *sentences* of the domain."""
        self.messages = messages
        self.scripts = scripts or {}
        self.phrases = phrases or {}
        self._sentences = sentences
        self._patterns = _patterns(sentences)
        self._phrase_patterns = _patterns(self.phrases)
        self.sentence = lru_cache(2000)(self._sentence)

    def _sentence(self, text: str) -> str:
        """Return a sentence of the domain in this language, as it is when the catalogue does not know it."""
        if (exact := self._sentences.get(text)) is not None:
            return exact
        if len(text) > LONGEST:  # several values in a row are searched for at every place
            return text
        for pattern, translation in self._patterns:
            if found := pattern.fullmatch(text):
                return _filled(translation, found.groups())
        return text

    def phrase(self, text: str, value: Callable[[int, str], str]) -> str:
        """Return a phrase in this language, its values as *value* has them by number; unknown ones are the first."""
        if (exact := self.phrases.get(text)) is not None:
            return exact
        for pattern, translation in self._phrase_patterns:
            if found := pattern.fullmatch(text):
                return _filled(translation, tuple(value(*each) for each in enumerate(found.groups(), 1)))
        return value(1, text) if not text.endswith("'") else text


def _patterns(known: dict[str, str]) -> Patterns:
    """Compile what has values, the longest first: it says most."""
    ordered = sorted(known.items(), key=lambda pair: -len(pair[0]))
    return [(_pattern(text), translation) for text, translation in ordered if "{" in text]


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{\d+\}", text)
    return re.compile("(.*?)".join(map(re.escape, parts)), re.DOTALL)


def _filled(translation: str, values: tuple[str, ...]) -> str:
    return re.sub(r"\{(\d+)\}", lambda place: values[int(place[1]) - 1], translation)


def catalogue(code: str) -> Catalogue:
    """Return the catalogue of a language; that of the language of the code is empty."""
    return _read(code if code in LANGUAGES else next(iter(LANGUAGES)))


@cache
def _read(code: str) -> Catalogue:
    path = FOLDER / f"{code}.po"
    if not path.is_file():
        return Catalogue({}, {})
    with path.open("rb") as file:
        found = [
            message
            for message in read_po(file, code, charset="utf-8")
            if message.id and message.string and not message.fuzzy
        ]
    kinds: dict[str, dict[str, str]] = {"": {}, SENTENCE: {}, PHRASE: {}, SCRIPT: {}}
    for message in found:
        kinds[message.context or ""][str(message.id)] = str(message.string)
    return Catalogue(kinds[""], kinds[SENTENCE], kinds[PHRASE], kinds[SCRIPT])
