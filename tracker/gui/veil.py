"""What a page does not show of properties and jobs: passwords and keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

SECRET = re.compile(r"(?i)secret|passw|token|api_?key|credential|streamkey|(?:^|\.)key$")
"""Names of properties whose values are for programs only; ``Room.Key`` is none of them."""
NO_SECRET = frozenset(("Room.Key",))
LOGIN = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]*(?=@)")
VEIL = "••••••"
LEAST = 4
"""Shorter values stand for too much else in a text."""


def veiled(name: str, value: str) -> str:
    """Return what may be shown of the value of a property."""
    return VEIL if value and _secret(name) else LOGIN.sub(VEIL, value)


def veil(text: str, values: Mapping[str, str]) -> str:
    """Return *text* without the logins in its addresses and without the values of secret properties."""
    for value in sorted({values[name] for name in values if _secret(name)}, key=len, reverse=True):
        if len(value) >= LEAST:
            text = text.replace(value, VEIL)
    return LOGIN.sub(VEIL, text)


def _secret(name: str) -> bool:
    return name not in NO_SECRET and SECRET.search(name) is not None
