"""Listen to a recording while its waveform is made: applause, and sound that changes its kind.

Applause is many claps at once: a hiss that lasts, while speech and music hiss only for moments. So a twentieth of a
second hisses when the differences between neighbouring samples are large for their loudness, and seconds of nearly
nothing but hissing, no quieter than what is usual in the recording, are taken for applause. Rain on the roof is taken
for it, too, a single hand clapping is not: a mark is a place to look at, not a fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from scripts.media.timeline import Mark, Timeline

PER_SECOND = 20
APPLAUSE_S = 3
HISS = 0.06
"""Energy of the differences of samples (at 48 kHz) by that of the samples: speech has up to 0.03, applause 0.1 to 1."""
_SHARE, _WINDOW_S = 0.85, 2
_AUDIBLE = 10 ** (-45 / 10)
_RATE = 48_000

Samples = NDArray[np.float32]
Energies = NDArray[np.float64]


class Ear:
    """Hears the blocks of the first track, in any order; `marks` says what was heard."""

    def __init__(self, timeline: Timeline) -> None:
        """Begin with silence."""
        length = int(timeline.duration_s * PER_SECOND) + 1
        self._timeline = timeline
        self._energy, self._steps = np.zeros(length), np.zeros(length)
        self._kinds: list[tuple[float, str]] = []

    def hear(self, position: int, block: Samples, rate: int) -> None:
        """Take in samples (channels x n), the first of which is number `position` since frame 0."""
        if block.shape[1] < 2 or position < 0:
            return
        self._note(position / rate, f"{len(block)} channel{'s' * (len(block) > 1)} at {rate} Hz")
        mono = block.mean(axis=0, dtype=np.float64)
        windows = np.minimum((position + np.arange(len(mono))) * PER_SECOND // rate, len(self._energy) - 1)
        edges = np.flatnonzero(np.diff(windows, prepend=-1))
        steps = np.square(np.diff(mono, prepend=mono[0])) * (rate / _RATE) ** 2
        np.add.at(self._energy, windows[edges], np.add.reduceat(np.square(mono), edges) / rate)
        np.add.at(self._steps, windows[edges], np.add.reduceat(steps, edges) / rate)

    def marks(self) -> list[Mark]:
        """Return where applause begins, and where the sound changes its kind inside of a file."""
        return [*self._applause(), *self._changes()]

    def _note(self, second: float, kind: str) -> None:
        if not self._kinds or self._kinds[-1][1] != kind:
            self._kinds.append((second, kind))

    def _applause(self) -> Iterator[Mark]:
        power = self._energy * PER_SECOND
        heard = power > _AUDIBLE
        usual = float(np.median(power[heard])) if heard.any() else 0.0
        hisses = heard & (self._steps > HISS * self._energy) & (power > usual / 4)
        window = _WINDOW_S * PER_SECOND
        if len(hisses) < window:
            return
        share = np.convolve(hisses, np.ones(window) / window, mode="valid") >= _SHARE
        edges = np.flatnonzero(np.diff(np.concatenate([[0], share.astype(np.int8), [0]])))
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            seconds = (end - begin - 1 + window) / PER_SECOND
            if seconds >= APPLAUSE_S:
                yield self._mark("applause", begin / PER_SECOND, f"applause for {seconds:.0f} s, perhaps")

    def _changes(self) -> Iterator[Mark]:
        known = [float(mark.frame / self._timeline.rate) for mark in self._timeline.marks if mark.kind == "change"]
        for (_, before), (second, now) in zip(self._kinds, self._kinds[1:], strict=False):
            if not any(abs(second - each) < 1 for each in known):
                yield self._mark("change", second, f"The sound changes from {before} to {now}.")

    def _mark(self, kind: str, second: float, text: str) -> Mark:
        frame = min(max(int(Fraction(second) * self._timeline.rate), 0), self._timeline.frames)
        return Mark(kind, frame, self._timeline.time_of(frame), text)
