"""Break a text into lines and choose its size so that it fits into a box.

How wide a word is, only the renderer knows: all words are drawn once, each in a row of its own, and measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from scripts.media.slides.draw import SlideError, pixels

LEADING = 1.25
"""Height of a line, in sizes of the letters."""
_MEASURED = 20
_ROW = 32
_WIDEST = 8000
_LONGEST = 24
_MOST_WORDS = 300
_SHRINK = 0.94
_SMALLEST = 0.2


@dataclass(frozen=True)
class Box:
    """Where a text may be, in units of the template."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Lines:
    """Lines of letters of a `size` within a box."""

    box: Box
    size: float
    texts: Sequence[str]

    @property
    def room(self) -> float:
        """Return the height that is left."""
        return max(0.0, self.box.height - len(self.texts) * self.size * LEADING)

    def baseline(self, number: int) -> float:
        """Return how far below the top of the text a line stands."""
        return (number * LEADING + 1.0) * self.size


def fit(text: str, box: Box, style: Mapping[str, str]) -> Lines:
    """Break *text* into lines of the size *style* asks for, or of the largest below that with which it fits.

    What does not fit at a fifth of the size is cut off, with an ellipsis.
    """
    size = float(style["font-size"])
    words = _words(text)
    if not words:
        return Lines(box, size, [])
    known = list(dict.fromkeys(["\u00a0", *words]))
    width = dict(zip(known, measured(known, style), strict=True))
    widths, blank, smallest = [width[word] for word in words], width["\u00a0"], size * _SMALLEST
    for step in count():
        tried = max(size * _SHRINK**step, smallest)
        lines = _broken(words, widths, blank, box.width / tried)
        most = int(box.height / (tried * LEADING))
        if len(lines) <= most and _fits([line for line, _ in lines], box.width / tried, style):
            return Lines(box, tried, [line for line, _ in lines])
        if tried <= smallest:
            kept = [line for line, _ in lines[: max(1, most)]]
            return Lines(box, tried, [*kept[:-1], f"{kept[-1]}\u2026"] if len(lines) > most else kept)
    raise AssertionError("unreachable")


def _fits(lines: Sequence[str], most: float, style: Mapping[str, str]) -> bool:
    """Tell whether no line is wider than *most*: letters of some scripts are narrower in a word of their own."""
    return all(width <= most for width in measured(lines, style, most + 4))


def _words(text: str) -> list[str]:
    """Return the words; very long ones in pieces."""
    pieces = [word[i : i + _LONGEST] for word in text.split() for i in range(0, len(word), _LONGEST)]
    return pieces if len(pieces) <= _MOST_WORDS else [*pieces[:_MOST_WORDS], "\u2026"]


def _broken(words: Sequence[str], widths: Sequence[float], blank: float, most: float) -> list[tuple[str, float]]:
    """Fill line after line; widths in sizes of the letters."""
    lines: list[tuple[str, float]] = []
    for word, width in zip(words, widths, strict=True):
        if lines and lines[-1][1] + blank + width <= most:
            lines[-1] = (f"{lines[-1][0]} {word}", lines[-1][1] + blank + width)
        else:
            lines.append((word, width))
    return lines


def measured(words: Sequence[str], style: Mapping[str, str], most: float = 2 * _LONGEST) -> list[float]:
    """Return how wide each word is drawn, in sizes of the letters, up to *most*; a mark behind counts blanks, too."""
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in style.items() if name != "font-size")
    rows = "".join(
        f'<text x="{_MEASURED}" y="{number * _ROW + _MEASURED}">{escape(word)}|</text>'
        for number, word in enumerate(["", *words])
    )
    width, height = min(math.ceil(_MEASURED * (most + 4)), _WIDEST), _ROW * (len(words) + 1)
    drawn = pixels(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<g font-size="{_MEASURED}" {attributes}>{rows}</g></svg>',
        width,
        height,
    )
    inked = (drawn[:, :, :3].max(axis=2) < 200).reshape(len(words) + 1, _ROW, width).any(axis=1)
    ends = [int(np.flatnonzero(row)[-1]) + 1 if row.any() else 0 for row in inked]
    if not ends[0]:
        raise SlideError("This host has no font to draw slides with: apt-get install fonts-dejavu-core.")
    return [max(0.0, end - ends[0]) / _MEASURED for end in ends[1:]]
