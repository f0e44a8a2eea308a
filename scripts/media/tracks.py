"""Which tracks of sound a released file has: which stream of the cut master, which of its channels, in what language.

`Record.Language` names the languages in the order of the streams, `Record.Audio` where the sound is good
(docs/properties.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

WORDS = ("left", "right", "both", "mixed")
UNKNOWN = "und"
"""The language of a track that nobody named; among several languages: a track that is not released."""


class BadTracks(Exception):
    """The properties name no tracks; the sentence says which and what to write."""


@dataclass(frozen=True)
class Track:
    """A track: number of the stream, its channels ('both': as recorded), language, gain in dB (None: as recorded)."""

    stream: int
    channels: str
    language: str
    gain_db: float | None = None

    def with_gain(self, decibels: float) -> Track:
        """Return the track turned up by *decibels*."""
        return replace(self, gain_db=decibels)

    def __str__(self) -> str:
        """Write it as Encoding.Tracks has it, like ``0:both:-3.5:deu``."""
        gain = "" if self.gain_db is None else f"{self.gain_db:.1f}"
        return f"{self.stream}:{self.channels}:{gain}:{self.language}"


def tracks_of(properties: Mapping[str, str], streams: int) -> list[Track]:
    """List the tracks of a talk whose cut master has *streams* of sound, in order; [] when it has none.

    Each language is the stream of its number. When Record.Audio names channels for each language, they may share one
    stream: an interpreter on the right. Raise BadTracks for a word that is none.
    """
    languages = properties.get("Record.Language", "").split("-")
    words = (properties.get("Record.Audio", "") or "both").split("-")
    wrong = [word for word in words if word not in WORDS]
    if wrong:
        raise BadTracks(f"Record.Audio names {wrong[0][:40]!r}; write {', '.join(WORDS)}, or one for each language.")
    count = len(languages) if len(words) > 1 and streams else min(len(languages), streams)
    found = [
        Track(min(number, streams - 1), words[min(number, len(words) - 1)], languages[number] or UNKNOWN)
        for number in range(count)
    ]
    return [track for track in found if track.language != UNKNOWN] or found[:1]


def written(tracks: Sequence[Track]) -> str:
    """Return Encoding.Tracks."""
    return " ".join(map(str, tracks))
