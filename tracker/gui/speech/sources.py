"""What there is to translate: texts of the templates, and sentences in the code of the tracker."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from tracker import errors
from tracker.gui.speech import nodes, phrases
from tracker.gui.speech.catalogue import PHRASE, SCRIPT, SENTENCE

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "gui" / "templates"
SCRIPTS = ROOT / "gui" / "static"
SLIDES = ROOT.parent / "scripts" / "media" / "slides"
"""What it says of a template is shown with the previews."""
SPOKEN = re.compile(r'\bt\(\s*"((?:[^"\\\n]|\\.)*)"')
"""A text of a script: ``t("...")``."""
SPEAKING = (
    *("errors", "properties", "projects", "users", "rooms", "filters", "asking", "patterns", "reports", "readiness"),
    "slides",
    *("tickets", "profiles", "workers", "uploads", "fahrplan", "gui"),
)
"""Modules and packages of the tracker whose sentences reach a page."""
LOOKS = re.compile(r"[A-Z{][^\n]*[a-z]{2,}[ ,][^\n]*[.?!:]\Z", re.DOTALL)
"""A sentence begins with a capital or a value, has at least two words and ends as one."""

REFUSALS = {name for name, thing in vars(errors).items() if isinstance(thing, type)}


@dataclass(frozen=True)
class Found:
    """A message, its context ("", SENTENCE, PHRASE or SCRIPT), and where it stands."""

    text: str
    context: str
    path: str
    line: int


def messages() -> Iterator[Found]:
    """Yield everything that can be translated, in the order of files and lines."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    for path in sorted(TEMPLATES.glob("*.html")):
        for line, text in nodes.texts(environment, path.read_text(encoding="utf-8")):
            yield Found(text, "", str(path.relative_to(ROOT.parent)), line)
    for path in sorted(_modules()):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        where = str(path.relative_to(ROOT.parent))
        yield from (Found(text, "", where, line) for line, text in _said_on_pages(tree))
        yield from (Found(text, SENTENCE, where, line) for line, text in sentences(tree))
    for path in sorted(SCRIPTS.glob("*.js")):
        where = str(path.relative_to(ROOT.parent))
        yield from (Found(text, SCRIPT, where, line) for line, text in scripted(path.read_text(encoding="utf-8")))
    yield from (Found(text, PHRASE, "tracker/fahrplan/words.py", 0) for text in phrases.vocabulary())


def scripted(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of the calls of ``t("...")`` in a script of the browser."""
    for found in SPOKEN.finditer(source):
        yield source.count("\n", 0, found.start()) + 1, json.loads(f'"{found[1]}"')


def _modules() -> Iterator[Path]:
    yield from SLIDES.glob("*.py")
    for name in SPEAKING:
        yield from [ROOT / f"{name}.py"] if (ROOT / f"{name}.py").is_file() else (ROOT / name).rglob("*.py")


def sentences(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, sentence) of a module: its texts that look like one, values as {1}; and what refusals say."""
    silent = set(_docstrings(tree)) | {part for node in _joined(tree) for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        text = _refusal(node) or ("" if node in silent else _text(node))
        if LOOKS.match(text):
            yield getattr(node, "lineno", 1), text


def _said_on_pages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, message) of the calls of ``say("...")``, and of what is spoken of in labels."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("say", "speech.say") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield node.lineno, str(first.value)


def _joined(tree: ast.Module) -> Iterator[ast.JoinedStr]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value


def _refusal(node: ast.AST) -> str:
    """Return the first line of the docstring of an exception, which is its message unless another is given."""
    if not isinstance(node, ast.ClassDef) or not {ast.unparse(base) for base in node.bases} & REFUSALS:
        return ""
    text = (ast.get_docstring(node) or "").partition("\n")[0]
    return text if "*" not in text else ""


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if "{" not in node.value else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    found, number = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            found.append(str(part.value))
        else:
            number += 1
            found.append(f"{{{number}}}")
    text = "".join(found)
    return text if re.sub(r"\{\d+\}", "", text).count("{") == 0 else ""
