"""What the quality report of an encoded file says, for the check page (docs/quality.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LEVELS = ("fail", "warn")
_MOST = 50


@dataclass(frozen=True)
class Found:
    """One finding: 'fail' or 'warn', the sentence, and the second to jump to (None: the whole file)."""

    level: str
    text: str
    at_s: float | None


def found_in(values: Mapping[str, str]) -> list[Found]:
    """List the findings of Encoding.Quality; nothing for a report that is missing or of another make."""
    try:
        report = json.loads(values.get("Encoding.Quality", "") or "{}")
    except (ValueError, RecursionError):
        return []
    listed = report.get("findings") if isinstance(report, dict) else None
    return list(_read(listed))[:_MOST] if isinstance(listed, list) else []


def _read(listed: list[Any]) -> Iterator[Found]:
    for each in listed:
        if isinstance(each, dict) and each.get("level") in LEVELS and isinstance(each.get("text"), str):
            at = each.get("at")
            place = float(at) if isinstance(at, int | float) and not isinstance(at, bool) and 0 <= at < 1e6 else None
            yield Found(each["level"], each["text"][:500], place)
