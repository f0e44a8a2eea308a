"""Put a talk's data into an SVG template. Values come from outside: they only ever become text, never markup.

A text stands for a property by its name in double braces. One with `data-box="x y width height"` is broken into lines
and made smaller until it fits (docs/slides.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from lxml import etree

from scripts.media.files import PathRefused, inside
from scripts.media.plainxml import NotPlain, plain_root
from scripts.media.slides.draw import BLACK, Drawing, SlideError
from scripts.media.slides.fit import Box, Lines, fit

SHIPPED = "shipped"
"""Names, as the file of a slide, the template that comes with Fahrwerk."""
KINDS = ("intro", "apology", "outro")
MOST_BYTES = 4_000_000
MOST_TEXT = 1000
_SVG = "{http://www.w3.org/2000/svg}"
_TOKEN = re.compile(r"\{\{\s*([\w.-]{1,200}(?:\s*\|\s*[\w.-]{1,200}){0,4})\s*\}\}")
"""A property, or several parted by bars: the first of them that has a value."""
_EMBEDDED = re.compile(r"#|data:image/(png|jpeg|gif|webp)[;,]")
_REFERENCE = re.compile(r"url\(\s*['\"]?(?!#)|@import", re.IGNORECASE)


def template(kind: str, where: str, roots: Sequence[Path]) -> str:
    """Return the text of a template: the shipped one of this kind, or a file under *roots*. Raise SlideError."""
    if where == SHIPPED:
        return resources.files("scripts.media.slides").joinpath("shipped", f"{kind}.svg").read_text(encoding="utf-8")
    if not where.lower().endswith(".svg") or not where.startswith("/"):
        raise SlideError(f"The slide {where[:200]!r} is neither {SHIPPED!r} nor the absolute path of an SVG file.")
    try:
        path = inside(roots, where)
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (PathRefused, OSError) as error:
        raise SlideError(f"The slide {where[:200]!r} cannot be read: {str(error).rstrip('.')}.") from error
    if len(data) > MOST_BYTES:
        raise SlideError(f"The slide {where!r} has more than {MOST_BYTES} bytes: make its pictures smaller.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SlideError(f"The slide {where!r} is not UTF-8 ({error.reason} at byte {error.start}).") from error


def filled(text: str, values: Mapping[str, str]) -> Drawing:
    """Return the SVG with the values of properties in place of their names. Raise SlideError for no plain SVG."""
    root = _root(text)
    for element in list(root.iter(f"{_SVG}text")):
        _fill(element, values)
    background = root.attrib.pop("data-background", BLACK)
    return Drawing(etree.tostring(root, encoding="unicode"), background)


def without_value(text: str, values: Mapping[str, str]) -> list[str]:
    """List the properties that a template names and that have no value, so stand for nothing."""
    return [names for names in dict.fromkeys(_TOKEN.findall(text)) if not _value(names, values)]


def _value(names: str, values: Mapping[str, str]) -> str:
    """Return the value of the first property of "A.B | C.D" that has one, '' for none."""
    return next((found for name in names.split("|") if (found := plain(values.get(name.strip(), "")))), "")


def _root(text: str) -> etree._Element:
    try:
        root = plain_root(text, "The slide", "SVG")
    except NotPlain as error:
        if error.__cause__ is not None:
            raise SlideError(f"The slide is no well-formed SVG ({error.__cause__}).") from error
        raise SlideError("The slide has a DOCTYPE, which is not accepted.") from error
    if root.tag != f"{_SVG}svg":
        raise SlideError("The slide begins with another element than <svg> of http://www.w3.org/2000/svg.")
    for element in root.iter(etree.Element):
        _check(element)
    return root


def _check(element: etree._Element) -> None:
    """Refuse what would have the renderer open files: pictures have to be embedded."""
    for name, value in element.attrib.items():
        link = etree.QName(name).localname in ("href", "src")
        if (link and not _EMBEDDED.match(value.strip())) or (not link and _REFERENCE.search(value)):
            raise SlideError(f"The slide refers to {value[:80]!r}: embed the picture as data:image/png;base64.")
    if etree.QName(element).localname == "style" and _REFERENCE.search("".join(element.itertext())):
        raise SlideError("The slide's <style> refers to another file: embed what it needs.")


def _fill(element: etree._Element, values: Mapping[str, str]) -> None:
    box = element.attrib.pop("data-box", "")
    for part in element.iter(etree.Element):
        part.text, part.tail = _told(part.text, values), _told(part.tail, values) if part is not element else part.tail
    if box:
        _set(element, fit(" ".join("".join(element.itertext()).split()), _box(box), _style(element)))


def _told(text: str | None, values: Mapping[str, str]) -> str | None:
    return _TOKEN.sub(lambda found: _value(found[1], values), text) if text else text


def plain(text: str) -> str:
    """Return *text* on one line, without what is not shown (control characters, turns of the writing direction)."""
    kept = "".join(each if unicodedata.category(each) not in ("Cc", "Cs", "Co", "Cn") else " " for each in text)
    shown = "".join(each for each in kept if unicodedata.category(each) != "Cf" or each in "\u200c\u200d")
    words = " ".join(shown.replace("\ufffe", " ").replace("\uffff", " ").split())
    return words if len(words) <= MOST_TEXT else f"{words[: MOST_TEXT - 1]}\u2026"


def _box(text: str) -> Box:
    numbers = text.split()
    try:
        x, y, width, height = map(float, numbers)
    except ValueError:
        raise SlideError(f"data-box is {text[:60]!r}; write x, y, width and height, parted by blanks.") from None
    if not (0 < width <= 20_000 and 0 < height <= 20_000):
        raise SlideError(f"data-box is {text[:60]!r}, which has no area.")
    return Box(x, y, width, height)


def _style(element: etree._Element) -> dict[str, str]:
    """Return what decides the width of the letters; the size has to be a plain number."""
    size = element.get("font-size", "48")
    if not re.fullmatch(r"\d{1,4}(\.\d+)?", size) or float(size) < 1:
        raise SlideError(f"A text of the slide has the font-size {size[:20]!r}; write a plain number.")
    names = ("font-family", "font-weight", "font-style", "letter-spacing")
    return {"font-size": size} | {name: element.get(name, "") for name in names if element.get(name)}


def _set(element: etree._Element, lines: Lines) -> None:
    """Replace what the element holds by lines, placed as its text-anchor and data-align say."""
    for child in list(element):
        element.remove(child)
    element.text = None
    align, anchor = element.attrib.pop("data-align", "top"), element.get("text-anchor", "start")
    element.set("font-size", f"{lines.size:.2f}")
    x = lines.box.x + lines.box.width * {"middle": 0.5, "end": 1.0}.get(anchor, 0.0)
    y = lines.box.y + lines.room * {"middle": 0.5, "bottom": 1.0}.get(align, 0.0)
    for number, text in enumerate(lines.texts):
        line = etree.SubElement(element, f"{_SVG}tspan")
        line.set("x", f"{x:.2f}")
        line.set("y", f"{y + lines.baseline(number):.2f}")
        line.text = text
