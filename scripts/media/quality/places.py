"""The timeline of an encoded file: the places that the quality report speaks of, as marks with frame numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

VERSION = 1
_ROUNDED_S = Fraction(5, 1000)
"""By how much a time of the report may lie before the picture it means: it is kept in hundredths of a second."""
SUFFIX = ".timeline.json"
_SPANS = {"silence": "silence", "black": "black picture", "frozen": "still picture"}


def file_timeline(report: str, rate: Fraction | None, cut: str) -> str:
    """Return the text of the timeline that belongs to a quality report (docs/quality.md).

    *rate* is None for sound alone, whose marks have seconds only. *cut* names the cut the file is made from.
    """
    facts = json.loads(report)
    marks = sorted([*_findings(facts), *_spans(facts)], key=lambda mark: (mark["seconds"] or 0.0, mark["kind"]))
    written = {
        "version": VERSION,
        "cut": cut,
        "rate": {"num": rate.numerator, "den": rate.denominator} if rate else None,
        "frames": facts["frames"] if rate else None,
        "duration_s": facts["seconds"],
        "marks": [_with_frame(mark, rate, facts["frames"]) for mark in marks],
    }
    return json.dumps(written, ensure_ascii=False, indent=1) + "\n"


def _findings(facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for each in facts["findings"]:
        yield {"kind": each["level"], "seconds": each["at"], "text": each["text"]}


def _spans(facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, words in _SPANS.items():
        for begin, end in facts.get(kind, ()):
            yield {"kind": kind, "seconds": begin, "text": f"{end - begin:.1f} s of {words}"}


def _with_frame(mark: dict[str, Any], rate: Fraction | None, frames: int) -> dict[str, Any]:
    """Add the frame that is shown at the second of a mark; none where it concerns the whole file."""
    if rate is None or mark["seconds"] is None:
        return {**mark, "frame": None}
    frame = math.floor((Fraction(str(mark["seconds"])) + _ROUNDED_S) * rate)
    return {**mark, "frame": min(frame, max(0, frames - 1))}
