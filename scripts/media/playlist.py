"""The HLS playlist over the raw files: what a browser plays on the cut page without a copy of the video."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from urllib.parse import quote

from scripts.media.placement import JOINT_FRAMES
from scripts.media.timeline import PTS_CLOCK, Segment, Timeline

MIME_TYPE = "application/vnd.apple.mpegurl"


def playlist(timeline: Timeline, *, ended: bool = True) -> str:
    """Return index.m3u8 (RFC 8216, version 3): whole files or their proxies, URIs percent-encoded.

    One that has not *ended* grows: players ask for it again.
    """
    lengths = playing_us(timeline.segments, timeline.rate)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if ended else 'EVENT'}",
        f"#EXT-X-TARGETDURATION:{math.ceil(max(lengths) / 1_000_000)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    earlier: Segment | None = None
    for segment, length in zip(timeline.segments, lengths, strict=True):
        if earlier and not _goes_on(earlier, segment):
            lines.append("#EXT-X-DISCONTINUITY")
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{segment.start.isoformat(timespec='milliseconds')}")
        lines.append(f"#EXTINF:{length // 1_000_000}.{length % 1_000_000:06},")
        lines.append(quote(segment.played_as or segment.file, safe="/"))
        earlier = segment
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""])


def playing_us(segments: Sequence[Segment], rate: Fraction) -> list[int]:
    """Return how long each file plays in microseconds: till the next one's first PTS, at a joint of takes till its end.

    Rounded once per file, so that the sum of what the playlist says is `Segment.playlist_s` exactly.
    """
    ticks = [
        Fraction(after.first_pts - before.first_pts) if _goes_on(before, after) else before.frames * PTS_CLOCK / rate
        for before, after in pairwise(segments)
    ]
    ticks.extend(segment.frames * PTS_CLOCK / rate for segment in segments[-1:])
    return [round(length * 1_000_000 / PTS_CLOCK) for length in ticks]


def _goes_on(before: Segment, after: Segment) -> bool:
    return before.take == after.take and abs(after.first_frame - before.stop_frame) <= JOINT_FRAMES
