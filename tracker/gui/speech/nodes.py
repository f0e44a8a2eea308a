"""What people read in a template: the texts between tags and some attributes, found in its tokens.

The extension turns ``<p>Held by {{ name }}.</p>`` into ``<p>{{ _t("Held by {1}.", name) }}</p>`` when a template is
compiled. A block (``{% if %}``) ends a text; code, keys and scripts are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jinja2.environment import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

READ = frozenset(("title", "placeholder", "aria-label", "data-label", "alt"))
"""Attributes that people see or hear."""
LEFT_ALONE = frozenset(("script", "style", "pre", "code", "kbd", "textarea"))
WORD = re.compile(r"[^\W\d_]{2}")
TAG = re.compile(r"<(/?)([a-z0-9]+)", re.I)
TEXT = re.compile(r"(?=[^.%]*[ ]|[^.%]*\Z)\s*(?:[A-Z][a-z]|[^%]*[a-z]+ [a-z]|[a-z]{2,} \Z)[^%{}]*\Z")
"""A text in an expression: it begins with a capital or has words with spaces; ``Record.Language`` is a name."""
ATTRIBUTE = re.compile(r'([\w-]+)="$')

Part = str | list[Token]
"""Text as written, or the tokens of one ``{{ ... }}``."""


def message(parts: Iterable[Part]) -> str | None:
    """Return the message that a text is, its values as {1}, {2}; None for what nobody has to translate."""
    found, number = [], 0
    for part in parts:
        if isinstance(part, str):
            if "{" in part or "}" in part:
                return None
            found.append(part)
        else:
            number += 1
            found.append(f"{{{number}}}")
    text = " ".join("".join(found).split())
    if '="' in text:  # an attribute that a block or a macro writes
        return None
    return text if WORD.search(re.sub(r"\{\d\}|&\w+;", "", text)) else None


def _parts(stream: Iterable[Token]) -> Iterator[tuple[str, Part]]:
    """Yield ("data", text), ("value", tokens of a {{ }}), ("block", tokens of a {% %})."""
    inside: list[Token] = []
    for token in stream:
        if inside or token.type in ("variable_begin", "block_begin"):
            inside.append(token)
            if token.type in ("variable_end", "block_end"):
                yield ("value" if token.type == "variable_end" else "block"), inside
                inside = []
        elif token.type == "data":
            yield "data", token.value
        else:
            yield "block", [token]


def _spoken(tokens: list[Token]) -> Iterator[Token]:
    """Yield the tokens of a ``{{ }}`` with its texts, such as ``'Store' if new else 'Change'``, as calls of ``_t``.

    What is compared, or has no capital and no space, is a name and stays.
    """
    names = [token.value for token in tokens if token.type == "name"]
    for before, token in zip([tokens[0], *tokens], tokens, strict=False):
        text = str(token.value)
        if token.type != "string" or before.type in ("eq", "ne") or names[:1] == ["drawn"] or not TEXT.match(text):
            yield token
            continue
        yield from (Token(token.lineno, kind, value) for kind, value in _call_of(text))


def _call_of(text: str) -> list[tuple[str, str]]:
    """Return the tokens of ``(_t('text') ~ ' ')``; blanks around a text are no part of the message."""
    bare = text.strip()
    lead, trail = text[: text.index(bare)], text[text.index(bare) + len(bare) :]
    call = [("name", "_t"), ("lparen", "("), ("string", bare), ("rparen", ")")]
    before = [("string", lead), ("tilde", "~")] if lead else []
    after = [("tilde", "~"), ("string", trail)] if trail else []
    return [("lparen", "("), *before, *call, *after, ("rparen", ")")]


@dataclass
class _Reader:
    """Walks through a template character by character of what it writes, and knows whether that is read by people."""

    line: int = 1
    text: list[Part] = field(default_factory=list)
    """The text or attribute under way."""
    tag: str = ""
    """The tag under way, as far as it was written; '' between tags."""
    name: str = ""
    """The attribute under way; '' outside."""
    skipped: str = ""
    """The element whose content is left alone."""

    def read(self, kind: str, part: Part) -> Iterator[Token]:
        """Take one part; yield the tokens that can be written by now."""
        if kind == "data":
            assert isinstance(part, str)
            yield from self._data(part)
        elif kind == "value" and (self.name in READ if self.tag else not self.skipped):
            assert not isinstance(part, str)
            self.text.append(list(_spoken(part)))
        else:
            yield from self.flush(raw=bool(self.name or self.skipped))
            yield from part if not isinstance(part, str) else ()

    def _data(self, data: str) -> Iterator[Token]:
        for piece in re.split(r'([<>"])', data):
            if self.name:
                yield from self._in_value(piece)
            elif self.tag:
                yield from self._in_tag(piece)
            elif piece == "<":
                yield from self.flush(raw=bool(self.skipped))
                self.tag = "<"
            else:
                self.text.append(piece)

    def _in_value(self, piece: str) -> Iterator[Token]:
        if piece != '"':
            self.text.append(piece)
            return
        yield from self.flush(raw=self.name not in READ)
        self.tag, self.name = f'{self.tag}"', ""
        yield self._written('"')

    def _in_tag(self, piece: str) -> Iterator[Token]:
        self.tag += piece
        yield self._written(("<" if self.tag == f"<{piece}" else "") + piece)
        if piece == '"' and (found := ATTRIBUTE.search(self.tag)):
            self.name = found[1]
        elif piece == ">":
            self._ended()

    def _ended(self) -> None:
        found = TAG.match(self.tag)
        name = found[2].lower() if found else ""
        opens = bool(found) and not (found and found[1])
        bare_option = name == "option" and "value=" not in self.tag  # its text is what the form sends
        if not self.skipped and opens and (name in LEFT_ALONE or bare_option):
            self.skipped = name
        elif self.skipped == name and not opens:
            self.skipped = ""
        self.tag = ""

    def flush(self, *, raw: bool = False) -> Iterator[Token]:
        """Yield the text under way, as a call that translates it unless it is to stay as it is (*raw*)."""
        parts, self.text = self.text, []
        found = None if raw else message(parts)
        if found is None:
            for part in parts:
                yield from [self._written(part)] if isinstance(part, str) else part
            return
        whole = "".join(part if isinstance(part, str) else "x" for part in parts)
        yield self._written(whole[: len(whole) - len(whole.lstrip())])
        yield from self._call(found, [part for part in parts if not isinstance(part, str)])
        yield self._written(whole[len(whole.rstrip()) :])

    def _call(self, text: str, values: list[list[Token]]) -> Iterator[Token]:
        yield from (self._token("variable_begin", "{{"), self._token("name", "_t"), self._token("lparen", "("))
        yield self._token("string", text)
        for value in values:
            yield from (self._token("comma", ","), self._token("lparen", "("))
            yield from value[1:-1]
            yield self._token("rparen", ")")
        yield from (self._token("rparen", ")"), self._token("variable_end", "}}"))

    def _token(self, kind: str, value: str) -> Token:
        return Token(self.line, kind, value)

    def _written(self, text: str) -> Token:
        return Token(self.line, "data", text)


def translated(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens of a template with its texts as calls of ``_t``."""
    reader = _Reader()
    for kind, part in _parts(_counted(tokens, reader)):
        yield from reader.read(kind, part)
    yield from reader.flush(raw=bool(reader.tag))


def _counted(tokens: Iterable[Token], reader: _Reader) -> Iterator[Token]:
    for token in tokens:
        reader.line = token.lineno
        yield token


class Texts(Extension):
    """Translates the texts of templates while they are compiled."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Return the stream with texts as calls of ``_t``."""
        return translated(stream)


def texts(environment: Environment, source: str) -> list[tuple[int, str]]:
    """Return (line, message) of what people read in a template's source, also in ``_("...")`` of its expressions."""
    plain = list(translated(environment.lexer.tokenize(source)))
    found = []
    for before, opening, text in zip(plain, plain[1:], plain[2:], strict=False):
        if before.type == "name" and before.value in ("_t", "_") and opening.type == "lparen" and text.type == "string":
            found.append((text.lineno, str(text.value)))
        if before.type == "name" and before.value == "counted" and text.type == "string":
            found += [(text.lineno, f"{{1}} {text.value}{ending}") for ending in ("", "s")]
    return found
