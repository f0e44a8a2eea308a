"""Writes what docs/api.md says about methods, from the tables: ``python -m tracker.rpc.document docs/api.md``."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tracker.rpc import METHODS, v4
from tracker.rpc.table import Method
from tracker.rpc.values import STATE_NUMBERS

_BLOCK = re.compile(r"(<!-- generated: ([\w ]+) -->\n).*?(<!-- end of what is generated -->)", re.DOTALL)


def rewritten(text: str) -> str:
    """Return the document with every generated block made anew. Raises KeyError for a block nobody can make."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n\n{found[3]}", text)


def _chapter(wanted: Callable[[Method], bool], methods: Iterable[Method]) -> str:
    return "\n\n".join(_entry(method) for method in methods if wanted(method))


def _entry(method: Method) -> str:
    """Write a method: heading with types, what it does, its own faults, whether it changes anything."""
    text = (inspect.getdoc(method.function) or "").replace("``", "`").replace("''", "`''`")
    notes = ["Changes something." if method.writes else "Only reads."]
    if method.faults:
        notes.append(f"Faults of its own: {', '.join(map(str, method.faults))}.")
    return "\n\n".join((heading(method), _filled(text), " ".join(notes)))


def heading(method: Method) -> str:
    """Return the heading of a method: its parameters with types and defaults, the type of its result."""
    shown = (
        f"{kind} {parameter.name}{_default(parameter.default)}"
        for kind, parameter in zip(method.signature[1:], method.parameters, strict=True)
    )
    return f"### `{method.name}({', '.join(shown)}) -> {' or '.join(method.results)}`"


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return ""
    return " = ''" if value in (None, "") and value is not False else f" = {str(value).lower()}"


def _filled(text: str) -> str:
    """Fill paragraphs; *emphasis* of parameters becomes code."""
    paragraphs = (re.sub(r"\*(\w+)\*", r"`\1`", " ".join(part.split())) for part in text.split("\n\n"))
    return "\n\n".join(textwrap.fill(part, 120, break_long_words=False, break_on_hyphens=False) for part in paragraphs)


def _states() -> str:
    rows = (f"| {number} | {name} |" for number, name in STATE_NUMBERS.items())
    return "\n".join(("| number | state |", "|---|---|", *rows))


BLOCKS: dict[str, Callable[[], str]] = {
    "methods without a project": lambda: _chapter(lambda m: not m.needs_project and _ours(m), METHODS.values()),
    "methods of a project": lambda: _chapter(lambda m: m.needs_project, METHODS.values()),
    "introspection": lambda: _chapter(lambda m: not _ours(m), METHODS.values()),
    "methods of API 4": lambda: _chapter(lambda m: True, v4.METHODS.values()),
    "numbers of states": _states,
}
"""What can stand between the marks in the document, by name."""


def _ours(method: Method) -> bool:
    return not method.name.startswith("system.")


def main(paths: list[str]) -> None:
    """Rewrite the documents at *paths* in place."""
    for path in map(Path, paths):
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
