"""Prove that a finished file is what was asked for. A frame count does not see a shift, so contents are compared too.

The sources are decoded by another way (PyAV, by absolute time stamp) than the one that made the file.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import numpy as np

from scripts.media.files import final_name
from scripts.media.pieces import Piece
from scripts.media.scan import Scan, VerifyFailed, scan
from scripts.media.sources import SAMPLE_RATE, Luma, Samples, Sources, sound_at
from scripts.media.timeline import Piece as FilePiece
from scripts.media.timeline import Segment

__all__ = ["CutMeasured", "EncodingMeasured", "VerifyFailed", "verify_cut", "verify_encoding"]

_ROUNDING_S = 0.0011  # Matroska stores milliseconds
_STRANGER = 8.0  # mean difference of brightness (of 255) above which it is another picture
_RADIUS = 2  # frames to both sides that are compared, too
_MOST_JOINTS, _BETWEEN, _MOST_SOUNDS = 24, 8, 10
_WINDOW_S, _REACH_S, _EXACT_S = 0.8, 0.3, 0.002
_QUIET = 0.002
_ALIKE = 0.8

T = TypeVar("T")
StopTest = Callable[[], bool] | None


@dataclass(frozen=True)
class CutMeasured:
    """What was found in a cut master: lengths, and how many pictures and places of sound were compared."""

    frames: int
    seconds: float
    sound_seconds: float
    pictures_compared: int
    pictures_damaged: int
    worst_difference: float
    sounds_compared: int


@dataclass(frozen=True)
class EncodingMeasured:
    """What was found in an encoded file; `rate` is None without picture, `sound_seconds` 0 without sound."""

    frames: int
    seconds: float
    rate: Fraction | None
    sound_seconds: float
    size: int


def verify_cut(
    path: Path, pieces: Sequence[Piece], rate: Fraction, sources: Sources, stop: StopTest = None
) -> CutMeasured:
    """Compare a cut master with its sources: count, stamps, span of sound and picture, pictures and sound themselves.

    Raise VerifyFailed with a sentence, Stopped, MediaUnreadable for a source that vanished.
    """
    frames = sum(piece.frames for piece in pieces)
    samples = _Places(pieces)
    found = scan(path, samples.chosen(), stop)
    _check_count(path, found.frames, frames)
    _check_stamps(path, found.times, rate, start_s=0)
    _check_cut_sound(path, found, frames / rate)
    differences = [_difference(path, number, picture, samples, sources) for number, picture in found.kept.items()]
    known = [difference for difference in differences if difference is not None]
    if not known:
        raise VerifyFailed(
            f"{final_name(path)}: no picture could be compared with the recording; its files cannot be decoded."
        )
    return CutMeasured(
        frames=found.frames,
        seconds=float(found.frames / rate),
        sound_seconds=found.sounds[0].seconds,
        pictures_compared=len(known),
        pictures_damaged=len(differences) - len(known),
        worst_difference=max(known),
        sounds_compared=_compare_sounds(path, samples, rate, sources),
    )


def verify_encoding(
    path: Path,
    *,
    frames: int,
    seconds: float,
    rate: Fraction | None,
    has_video: bool,
    has_sound: bool = True,
    delay_s: float = 0.0,
    stop: StopTest = None,
) -> EncodingMeasured:
    """Measure an encoded file against the cut it was made from: `frames` at `rate`, `seconds` long.

    The picture may run at an integer fraction of `rate` (a profile may cap it). The sound may differ by 60 ms: encoders
    of sound work in blocks; correcting a delay of `delay_s` may take away or add as much. Raise VerifyFailed, Stopped.
    """
    found = scan(path, stop=stop)
    shown = _check_picture(path, found, frames, rate) if has_video and rate is not None else None
    if not has_video and found.frames:
        raise VerifyFailed(f"{final_name(path)} has a picture and should be sound alone.")
    if has_sound:
        _check_sound(path, found, seconds, abs(delay_s))
    length = float(found.frames / shown) if shown else found.sounds[0].seconds if found.sounds else 0.0
    return EncodingMeasured(
        found.frames, length, shown, found.sounds[0].seconds if found.sounds else 0.0, path.stat().st_size
    )


# --- counts and stamps ------------------------------------------------------------------------------------------------


def _check_count(path: Path, found: int, wanted: int) -> None:
    if found != wanted:
        raise VerifyFailed(f"{final_name(path)} has {found} frames and should have {wanted}.")


def _check_stamps(path: Path, times: Sequence[float], rate: Fraction, start_s: float) -> None:
    """Every picture is shown when its number says."""
    off = np.abs(np.array(times) - start_s - np.arange(len(times)) / float(rate))
    worst = int(off.argmax())
    if off[worst] > _ROUNDING_S:
        raise VerifyFailed(
            f"{final_name(path)} shows frame {worst} at {times[worst]:.4f} s; at {float(rate):.3f} frames per second "
            f"it should be {start_s + worst / float(rate):.4f} s."
        )


def _check_cut_sound(path: Path, found: Scan, seconds: Fraction) -> None:
    frame = float(seconds) / found.frames
    if not found.sounds:
        raise VerifyFailed(f"{final_name(path)} has no sound.")
    for sound in found.sounds:
        if abs(sound.start_s) > _ROUNDING_S or abs(sound.seconds - float(seconds)) >= frame:
            raise VerifyFailed(
                f"{final_name(path)} has sound from {sound.start_s:.4f} s on, {sound.seconds:.4f} s long, and "
                f"{float(seconds):.4f} s of picture."
            )
        if sound.gap_s > frame:
            raise VerifyFailed(f"{final_name(path)}: the sound has a gap of {sound.gap_s:.4f} s.")


def _check_picture(path: Path, found: Scan, frames: int, rate: Fraction) -> Fraction:
    """Find the fraction of the rate the picture runs at, and check it; return the rate it is shown at."""
    if not found.frames:
        raise VerifyFailed(f"{final_name(path)} has no picture and should have {frames} frames.")
    divisor = max(1, round(frames / found.frames))
    if abs(found.frames - frames / divisor) > (0 if divisor == 1 else 1):
        raise VerifyFailed(
            f"{final_name(path)} has {found.frames} frames and should have {frames} (or an integer fraction)."
        )
    shown = rate / divisor
    start = found.times[0]
    if not -_ROUNDING_S <= start <= 0.05:
        raise VerifyFailed(f"{final_name(path)} begins to show the picture at {start:.4f} s instead of 0.")
    _check_stamps(path, found.times, shown, start)
    return shown


def _check_sound(path: Path, found: Scan, seconds: float, delay_s: float) -> None:
    if not found.sounds:
        raise VerifyFailed(f"{final_name(path)} has no sound.")
    tolerance = 0.06
    for sound in found.sounds:
        picture = found.times[0] if found.times else min(sound.start_s, tolerance)
        if not -tolerance <= sound.start_s - picture <= tolerance + delay_s:
            raise VerifyFailed(
                f"{final_name(path)}: the sound begins {sound.start_s - picture:.4f} s after the picture."
            )
        if abs(sound.seconds - seconds) > tolerance + delay_s:
            raise VerifyFailed(
                f"{final_name(path)} has {sound.seconds:.3f} s of sound and should have {seconds:.3f} s."
            )
        if sound.gap_s > tolerance:
            raise VerifyFailed(f"{final_name(path)}: the sound has a gap of {sound.gap_s:.4f} s.")


# --- contents ---------------------------------------------------------------------------------------------------------


class _Places:
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


def _difference(path: Path, number: int, picture: Luma, places: _Places, sources: Sources) -> float | None:
    """Compare a picture with the one it was made of; None when that one cannot be decoded or is damaged.

    Near pictures of the source must not be more like it: that is how a shift by one frame shows.
    """
    part, pts = places.source(number, sources.tick)
    near = {}
    for segment in places.around(number):
        near.update(sources.pictures(segment, pts, _RADIUS))
    if 0 not in near:
        return None
    apart = {later: _apart(picture, other) for later, other in near.items()}
    best = min(apart, key=lambda later: apart[later])
    shifted = apart[0] - apart[best] > max(0.1, apart[0] / 4)
    if not shifted and apart[0] <= _STRANGER:
        return apart[0]
    if sources.damaged(part.segment, pts):
        return None
    found = f"{final_name(path)}: frame {number} shows "
    if shifted:
        which = f"{abs(best)} frame{'s' if abs(best) > 1 else ''} {'later' if best > 0 else 'earlier'}"
        found += f"what {part.segment.file} shows {which} (difference {apart[best]:.2f} instead of {apart[0]:.2f})."
    else:
        found += f"something else than {part.segment.file} (difference {apart[0]:.1f})."
    raise VerifyFailed(found)


def _apart(one: Luma, two: Luma) -> float:
    """Return the mean difference of brightness; pictures of different size are strangers."""
    if one.shape != two.shape:
        return 255.0
    return float(np.abs(one.astype(np.int16) - two).mean())


def _compare_sounds(path: Path, places: _Places, rate: Fraction, sources: Sources) -> int:
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
