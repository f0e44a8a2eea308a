"""The languages of a talk: those that were chosen on the page, and the one that the schedule names."""

from __future__ import annotations

import re
from collections.abc import Sequence

SHORT = {
    "ar": "ara", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "fi": "fin",
    "fr": "fra", "hu": "hun", "it": "ita", "ja": "jpn", "nl": "nld", "no": "nor", "pl": "pol", "pt": "por",
    "ro": "ron", "ru": "rus", "sv": "swe", "tr": "tur", "uk": "ukr", "zh": "zho",
}  # fmt: skip
"""ISO 639-1 as schedules write it -> ISO 639-3 as projects have it."""


def joined(sent: Sequence[str], known: Sequence[str]) -> str:
    """Join the codes sent, one a field or several in one, by '-' in the project's order; unknown ones stay as sent."""
    codes = [code for field in sent for code in field.split("-")]
    return "-".join(codes if set(codes) - set(known) else [code for code in known if code in codes])


def scheduled(text: str, known: Sequence[str]) -> str:
    """Return the project's code that the schedule's language (de, de-DE, deu) means; '' unless it is just one."""
    parts = [SHORT.get(part, part) for part in re.split(r"[^a-z]+", text.lower()) if part]
    codes = {part for part in parts if part in known}
    return parts[0] if len(codes) == 1 and parts[0] in codes else ""
