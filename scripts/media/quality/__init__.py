"""The quality report of an encoded file: what a machine can tell of picture and sound, and what is suspicious in it."""

from scripts.media.quality.bounds import BadBound, Bounds, bounds_of
from scripts.media.quality.measure import Cut, Measured, measure
from scripts.media.quality.places import SUFFIX, file_timeline
from scripts.media.quality.verdict import Finding, findings, report, verdict

__all__ = [
    "SUFFIX",
    "BadBound",
    "Bounds",
    "Cut",
    "Finding",
    "Measured",
    "bounds_of",
    "file_timeline",
    "findings",
    "measure",
    "report",
    "verdict",
]
