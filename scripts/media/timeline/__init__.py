"""The virtual recording: which frame of a talk stands in which file, and when it was (docs/timeline.md).

Frame 0 is the first frame at the padded start; in is inclusive, out exclusive; every frame of the wall clock counts,
also one without a picture. Everything here is pure arithmetic on exact fractions: no file is opened.
"""

from scripts.media.timeline.parts import (
    PTS_CLOCK,
    RATES,
    Audio,
    Hole,
    Mark,
    Overlap,
    Piece,
    Segment,
    TimelineError,
    Video,
    is_inside,
)
from scripts.media.timeline.whole import Timeline

__all__ = [
    "PTS_CLOCK", "RATES", "Audio", "Hole", "Mark", "Overlap", "Piece", "Segment", "Timeline", "TimelineError", "Video",
    "is_inside",
]  # fmt: skip
