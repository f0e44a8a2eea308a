"""Chapters: as the cut page stores them (frames of the recording), and as ffmpeg reads them (times of the file)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

MOST = 200
_LINE = re.compile(r"(\d{1,9}) (\S.{0,300})")
_SPECIAL = re.compile(r"([=;#\\\n])")


@dataclass(frozen=True)
class Chapter:
    """A part of the file from `begin_s` (seconds) on."""

    begin_s: float
    title: str


def chapters_of(
    text: str, kept: Sequence[tuple[int, int]], rate: Fraction, begin_s: float, title: str
) -> list[Chapter]:
    """Return the chapters in Record.Chapters (lines of frame and title) by the time of a cut that begins at *begin_s*.

    *kept* are the frames of the recording the cut consists of. What lies before the first one is called *title*; a
    chapter that begins where something was left out begins behind it. Lines of another form, and chapters behind the
    end, are passed over.
    """
    found: dict[float, str] = {}
    for line in text.splitlines()[:MOST]:
        match = _LINE.fullmatch(line.strip())
        place = _place(int(match[1]), kept) if match else None
        if match and place is not None:
            found[round(begin_s + float(place / rate), 3)] = "".join(c for c in match[2] if c.isprintable())
    if not found:
        return []
    if min(found) > begin_s + 0.5:
        found[0.0] = title
    else:
        found[0.0] = found.pop(min(found))  # players want the first chapter at the very beginning
    return [Chapter(begin, found[begin]) for begin in sorted(found)]


def _place(frame: int, kept: Sequence[tuple[int, int]]) -> int | None:
    """Return which frame of the cut a frame of the recording is, or the next one that is kept; None behind the end."""
    length = 0
    for first, stop in kept:
        if frame < stop:
            return length + max(0, frame - first)
        length += stop - first
    return None


def metadata(chapters: Sequence[Chapter], end_s: float) -> str:
    """Return the chapters as ffmpeg's metadata file has them; the last one ends at *end_s*."""
    ends = [*(chapter.begin_s for chapter in chapters[1:]), end_s]
    lines = [";FFMETADATA1"]
    for chapter, end in zip(chapters, ends, strict=True):
        title = _SPECIAL.sub(r"\\\1", chapter.title)
        begin, stop = round(chapter.begin_s * 1000), round(end * 1000)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={begin}", f"END={max(begin + 1, stop)}", f"title={title}"]
    return "\n".join(lines) + "\n"


def merged(parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join parts that follow each other without a gap."""
    if not parts:
        return []
    joined = [parts[0]]
    for one, two in pairwise(parts):
        if one[1] == two[0]:
            joined[-1] = (joined[-1][0], two[1])
        else:
            joined.append(two)
    return joined
