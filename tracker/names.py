"""Names that become file names: room keys and slugs. What comes from a Fahrplan is never trusted as a path."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

MAX_LENGTH = 80
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ẞ": "SS"})
_READ = 1000
"""Characters of the original looked at: transliteration of megabytes is of no use to a file name."""


def transliterate(text: str) -> str:
    """Write *text* in ASCII: German umlauts as two letters, everything else as anyascii has it."""
    return anyascii(unicodedata.normalize("NFC", text[:_READ]).translate(_GERMAN))


def room_key(name: str) -> str:
    """Return how recorders call a room: lower-case ASCII letters and digits ('Saal 1' -> 'saal1'), '' if none remain.

    The key begins the names of segment files, so two rooms of a project never share one (design D12).
    """
    return re.sub(r"[^a-z0-9]", "", transliterate(name).lower())[:MAX_LENGTH]


def slugify(text: str, limit: int = MAX_LENGTH) -> str:
    """Return *text* as a piece of a file name: at most *limit* of A-Z, a-z, 0-9, '_' and '-', '' if none remain.

    It begins with a letter or a digit, so it is neither hidden nor taken for an option.
    """
    words = re.sub(r"['`]", "", transliterate(text))
    return re.sub(r"[^A-Za-z0-9_-]+", "_", words).lstrip("_-")[:limit].rstrip("_-")
