"""What a cut consists of besides its outer marks: parts left out in the middle, and chapters (docs/properties.md)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tracker.errors import InvalidInput

Range = tuple[int, int]
"""First frame and the frame after the last one."""

MOST_RANGES, MOST_CHAPTERS, MAX_TITLE = 100, 200, 200
AUDIO = ("both", "left", "right", "mixed")
"""What Record.Audio may say, once or for each language; the first one, as recorded, is stored as nothing."""
UNUSED = "und"
"""Among several languages: a track that is not released."""

_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})\Z")
_CHAPTER = re.compile(r"([0-9]{1,9}) (.+)\Z")


@dataclass(frozen=True)
class Chapter:
    """Where a part of the talk begins (frame), and what it is called."""

    frame: int
    title: str


def kept(cut_in: int, cut_out: int, left_out: Sequence[Range]) -> list[Range]:
    """Return the ranges from in to out without the parts *left_out*, in order. Raises InvalidInput (`leave_out`)."""
    ranges, begin = [], cut_in
    for first, stop in sorted(left_out):
        if stop <= first:
            raise InvalidInput(
                f"A part to leave out ends (frame {stop}) before it begins (frame {first}).", "leave_out"
            )
        if first <= cut_in or stop >= cut_out:
            raise InvalidInput(
                f"Frames {first} to {stop} are to be left out, but do not lie between in (frame {cut_in}) and out "
                f"(frame {cut_out}); move in or out instead.",
                "leave_out",
            )
        if first <= begin:
            raise InvalidInput(f"The parts to leave out meet at frame {first}; make one of them.", "leave_out")
        ranges.append((begin, first))
        begin = stop
    if len(ranges) >= MOST_RANGES:
        raise InvalidInput(f"More than {MOST_RANGES - 1} parts are to be left out.", "leave_out")
    return [*ranges, (begin, cut_out)]


def ranges_text(ranges: Sequence[Range]) -> str:
    """Write Record.Ranges; '' for a single range, which Record.Cutin and Record.Cutout tell."""
    return ",".join(f"{first}-{stop}" for first, stop in ranges) if len(ranges) > 1 else ""


def read_ranges(text: str) -> list[Range]:
    """Read Record.Ranges; [] when it is empty or of another form."""
    found = [_RANGE.match(part) for part in text.replace(" ", "").split(",")]
    ranges = [(int(each[1]), int(each[2])) for each in found if each]
    return ranges if len(ranges) == len(found) else []


def gaps(ranges: Sequence[Range]) -> list[Range]:
    """Return what lies between ranges."""
    return [(one[1], other[0]) for one, other in pairwise(ranges)]


def chapters_text(chapters: Sequence[Chapter], ranges: Sequence[Range]) -> str:
    """Write Record.Chapters, one a line and in order. Raises InvalidInput (`chapters`)."""
    if len(chapters) > MOST_CHAPTERS:
        raise InvalidInput(f"There are more than {MOST_CHAPTERS} chapters.", "chapters")
    lines: dict[int, str] = {}
    for each in sorted(chapters, key=lambda chapter: chapter.frame):
        title = " ".join(each.title.split())
        if not title or len(title) > MAX_TITLE:
            wrong = f"is longer than {MAX_TITLE} characters" if title else "has no title"
            raise InvalidInput(f"The chapter at frame {each.frame} {wrong}.", "chapters")
        if not any(first <= each.frame < stop for first, stop in ranges):
            raise InvalidInput(f"Chapter {title!r} begins at frame {each.frame}, which is cut out.", "chapters")
        if each.frame in lines:
            raise InvalidInput(f"Two chapters begin at frame {each.frame}.", "chapters")
        lines[each.frame] = f"{each.frame} {title}"
    return "\n".join(lines.values())


def read_chapters(text: str) -> list[Chapter]:
    """Read Record.Chapters; lines of another form are passed over."""
    found = (_CHAPTER.match(line) for line in text.splitlines())
    return [Chapter(int(each[1]), each[2]) for each in found if each]
