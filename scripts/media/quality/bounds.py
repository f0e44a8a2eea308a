"""Bounds of the quality report, from the properties Quality.* of a project (docs/quality.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NUMBER = re.compile(r"-?\d{1,6}(\.\d{1,6})?")


class BadBound(Exception):
    """A property Quality.* is no number; the sentence names it."""


@dataclass(frozen=True)
class Bound:
    """Beyond `warn` a value is suspicious, beyond `fail` it is wrong (None: never); `low`: beyond means below."""

    warn: float | None
    fail: float | None
    low: bool = False

    def level(self, value: float) -> str:
        """Return '', 'warn' or 'fail' for a measured value."""
        for name, limit in (("fail", self.fail), ("warn", self.warn)):
            if limit is not None and (value < limit if self.low else value > limit):
                return name
        return ""


Bounds = Mapping[str, Bound]

DEFAULTS: Bounds = {
    "BitrateHigh": Bound(None, None),
    "BitrateLow": Bound(16, None, low=True),
    "Black": Bound(5, 120),
    "Cancelling": Bound(0, None),
    "Clipped": Bound(200, None),
    "Dead": Bound(0, None),
    "Frozen": Bound(300, None),
    "Identical": Bound(None, None),
    "Length": Bound(60, 500),
    "LoudnessHigh": Bound(-9, None),
    "LoudnessLow": Bound(-33, -55, low=True),
    "Offset": Bound(45, 200),
    "SSIM": Bound(0.85, 0.5, low=True),
    "Silence": Bound(30, None),
    "TruePeak": Bound(1, None),
}
"""Seconds, samples, LUFS, milliseconds, likeness (1: the same), dBTP, kbit/s; Clipped counts per minute, Dead
channels; Cancelling and Identical are 1 when they are so."""


def bounds_of(properties: Mapping[str, str]) -> Bounds:
    """Return the bounds in force: Quality.<Name>.Warn and .Fail, `off` for none. Raise BadBound for no number."""
    return {
        name: Bound(
            _limit(properties, f"Quality.{name}.Warn", default.warn),
            _limit(properties, f"Quality.{name}.Fail", default.fail),
            default.low,
        )
        for name, default in DEFAULTS.items()
    }


def _limit(properties: Mapping[str, str], name: str, default: float | None) -> float | None:
    text = properties.get(name, "").strip()
    if not text:
        return default
    if text == "off":
        return None
    if not _NUMBER.fullmatch(text):
        raise BadBound(f"{name} is {text[:40]!r}: write a number, or off.")
    return float(text)
