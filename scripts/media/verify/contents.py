"""Contents: whether pictures and sounds of a cut are those of the recording, and stand where they belong."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import av
import numpy as np

from scripts.media.files import final_name
from scripts.media.pieces import Piece
from scripts.media.scan import VerifyFailed
from scripts.media.sources import SAMPLE_RATE, Luma, Samples, Sources, sound_at
from scripts.media.timeline import Piece as FilePiece
from scripts.media.timeline import Segment

_STRANGER = 8.0  # mean difference of brightness (of 255) above which it is another picture
_RADIUS = 2  # frames to both sides that are compared, too
_MOST_JOINTS, _BETWEEN, _MOST_SOUNDS = 24, 8, 10
_WINDOW_S, _REACH_S, _EXACT_S = 0.8, 0.3, 0.002
_QUIET = 0.002
_ALIKE = 0.8

T = TypeVar("T")


class Places:
    """Where each frame of a cut comes from, and which of them are worth a comparison."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.parts: list[tuple[int, FilePiece]] = []  # number in the cut, part of a file
        self.frames = 0
        self._pieces = pieces
        for part in (part for piece in pieces for part in piece.parts):
            self.parts.append((self.frames, part))
            self.frames += part.stop_frame - part.first_frame

    def chosen(self) -> set[int]:
        """Choose the first and last frame, both sides of the joints, and some between."""
        joints = _evenly([begin for begin, _ in self.parts[1:]], _MOST_JOINTS)
        between = np.linspace(0, self.frames - 1, _BETWEEN + 2, dtype=int).tolist()
        return {0, self.frames - 1, *between, *joints, *(number - 1 for number in joints)}

    def source(self, number: int, tick: Fraction) -> tuple[FilePiece, int]:
        """Return the part that has a frame of the cut, and the frame's stamp there."""
        begin, part = next((b, p) for b, p in reversed(self.parts) if b <= number)
        return part, part.first_pts + round((number - begin) * tick)

    def around(self, number: int) -> Iterator[Segment]:
        """List the files whose pictures stand near a frame: the one it comes from, and one it borders on in a piece."""
        for begin, part in self.parts:
            end = begin + part.stop_frame - part.first_frame
            if begin - _RADIUS <= number < end + _RADIUS and part in self._piece_at(number).parts:
                yield part.segment

    def decoded(self, first: int, stop: int, sources: Sources) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode what frames of the cut are made from, those that can be decoded from one file."""
        for begin, part in self.parts:
            low, high = max(first, begin), min(stop, begin + part.stop_frame - part.first_frame)
            if low < high:
                pts = part.first_pts + round((low - begin) * sources.tick)
                for later, frame in sources.run(part.segment, pts, high - low):
                    yield low + later, frame

    def _piece_at(self, number: int) -> Piece:
        begin = 0
        for piece in self._pieces:
            begin += piece.frames
            if number < begin:
                return piece
        raise IndexError(number)

    def sounds(self, rate: Fraction) -> Iterator[tuple[int, float]]:
        """Choose places of sound that lie within a file: (number of a frame of the cut, seconds)."""
        for begin, part in _evenly(self.parts, _MOST_SOUNDS):
            length = part.stop_frame - part.first_frame
            seconds = min(_WINDOW_S, float(length / rate))
            last = max(0, length - math.ceil(seconds * rate))
            starts = {last // 2} | ({0} if begin == 0 else set()) | ({last} if begin + length == self.frames else set())
            yield from ((begin + start, seconds) for start in sorted(starts))


def _evenly(items: Sequence[T], most: int) -> list[T]:
    """Choose at most `most` items, the first and last among them."""
    if len(items) <= most:
        return list(items)
    return [items[index] for index in np.linspace(0, len(items) - 1, most, dtype=int).tolist()]


def difference(path: Path, number: int, picture: Luma, places: Places, sources: Sources) -> float | None:
    """Compare a picture with the one it was made of; None when that one cannot be decoded or is damaged.

    Near pictures of the source must not be more like it: that is how a shift by one frame shows.
    """
    part, pts = places.source(number, sources.tick)
    near = {}
    for segment in places.around(number):
        near.update(sources.pictures(segment, pts, _RADIUS))
    if 0 not in near:
        return None
    differences = {later: apart(picture, other) for later, other in near.items()}
    best = min(differences, key=lambda later: differences[later])
    shifted = differences[0] - differences[best] > max(0.1, differences[0] / 4)
    if not shifted and differences[0] <= _STRANGER:
        return differences[0]
    if sources.damaged(part.segment, pts):
        return None
    found = f"{final_name(path)}: frame {number} shows "
    if shifted:
        which = f"{abs(best)} frame{'s' if abs(best) > 1 else ''} {'later' if best > 0 else 'earlier'}"
        found += f"what {part.segment.file} shows {which} "
        found += f"(difference {differences[best]:.2f} instead of {differences[0]:.2f})."
    else:
        found += f"something else than {part.segment.file} (difference {differences[0]:.1f})."
    raise VerifyFailed(found)


def apart(one: Luma, two: Luma) -> float:
    """Return the mean difference of brightness; pictures of different size are strangers."""
    if one.shape != two.shape:
        return 255.0
    return float(np.abs(one.astype(np.int16) - two).mean())


def compare_sounds(path: Path, places: Places, rate: Fraction, sources: Sources) -> int:
    """Find each chosen place of the cut's sound in the source; return how many were compared."""
    compared = strange = 0
    for number, seconds in places.sounds(rate):
        part, pts = places.source(number, sources.tick)
        reach = round(_REACH_S * 90_000)
        source = sources.sound(part.segment, pts - reach, seconds + 2 * _REACH_S)
        own = sound_at(path, number / rate, seconds)
        lag, likeness = _lag(own, source)
        if lag is None:
            continue
        compared += 1
        strange += likeness < _ALIKE
        if likeness >= _ALIKE and abs(lag) > _EXACT_S:
            raise VerifyFailed(
                f"{final_name(path)}: at frame {number} the sound is {1000 * lag:+.1f} ms late against "
                f"{part.segment.file}."
            )
    if compared and 2 * strange > compared:
        raise VerifyFailed(
            f"{final_name(path)}: the sound is not that of the recording at {strange} of {compared} places."
        )
    return compared


def _lag(own: Samples, source: Samples) -> tuple[float | None, float]:
    """Return by how many seconds `own` is late against the middle of `source`, and how alike they are (1: the same).

    No lag (None) where both are quiet. A repeating tone fits in many places: then the nearest counts.
    """
    reach = round(_REACH_S * SAMPLE_RATE)
    loud = float(np.sqrt(np.mean(own**2))), float(np.sqrt(np.mean(source[reach : reach + len(own)] ** 2)))
    if max(loud) < _QUIET:
        return None, 1.0
    size = len(source) + len(own)
    product = np.fft.irfft(np.fft.rfft(source, size) * np.fft.rfft(own, size).conj(), size)[: 2 * reach + 1]
    energy = np.concatenate([[0.0], (source.astype(np.float64) ** 2).cumsum()])
    window = energy[len(own) : len(own) + len(product)] - energy[: len(product)]
    likeness = product / np.sqrt(np.maximum(window, 1e-9) * max(float(np.sum(own.astype(np.float64) ** 2)), 1e-9))
    exact = round(_EXACT_S * SAMPLE_RATE)
    here = likeness[reach - exact : reach + exact + 1]
    if here.max() >= 0.95 * likeness.max():
        return (exact - int(here.argmax())) / SAMPLE_RATE, float(here.max())
    return (reach - int(likeness.argmax())) / SAMPLE_RATE, float(likeness.max())
