"""Read back what the invented recordings say: frame codes, clicks, and how far sound and picture are apart.

All times are seconds in the file's own timeline as a player sees it: container timestamps, edit lists and the
priming of lossy encoders are taken into account (by libav, as players do).
"""

import hashlib
from collections.abc import Collection, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

import av
import av.container
import numpy as np
from numpy.typing import NDArray

from demo.footage.framecode import read_code
from demo.footage.sound import click_shape

_APART_S = 0.3  # two clicks are never closer than this
_JITTER_S = 0.003  # Matroska rounds times to a millisecond: that is not a gap


class Picture(NamedTuple):
    """A decoded picture: when it is shown (seconds) and its code."""

    time: float
    code: int | None


def pictures(path: Path) -> Iterator[Picture]:
    """Decode the pictures of a file in the order they are shown."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield Picture(float(frame.time or 0), read_code(_luma(frame)))


def frame_codes(path: Path, indices: Collection[int] | None = None) -> list[int | None]:
    """Read the codes of all pictures, or of those at `indices` (ascending); None where a code is unreadable."""
    if indices is None:
        return [picture.code for picture in pictures(path)]
    wanted, last = set(indices), max(indices, default=-1)
    codes: list[int | None] = []
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number > last:
                break
            if number in wanted:
                codes.append(read_code(_luma(frame)))
    return codes


def click_times(path: Path) -> list[float]:
    """Find the clicks (seconds); one that the beginning or end of the sound cuts in two is left out."""
    start, rate, sound = _decode_sound(path)
    loudness = _click_loudness(sound, rate)
    edge = round(0.0015 * rate)
    return [start + at / rate for at in _peaks(loudness, rate) if edge <= at <= len(sound) - edge]


def av_offset_ms(path: Path, rate: Fraction) -> float:
    """Measure how late the sound is (ms; negative: early): the median over all clicks, at most half a second.

    `rate` is the rate the codes were recorded at, whatever the rate of this file. Raise ValueError without a pair.
    """
    step = round(rate)
    marks = _mark_times(list(pictures(path)), step, rate)
    offsets = [min((click - mark for mark in marks), key=abs) for click in click_times(path)] if marks else []
    near = [offset for offset in offsets if abs(offset) < 0.5]
    if not near:
        raise ValueError(f"{path.name} has no click near a picture of a whole second.")
    return 1000 * median(near)


def video_md5(path: Path) -> str:
    """Hash all decoded pictures (size, format, every visible sample) without regard to container and timestamps."""
    digest = hashlib.md5(usedforsecurity=False)
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            digest.update(f"{frame.width}x{frame.height} {frame.format.name}".encode())
            digest.update(np.ascontiguousarray(frame.to_ndarray()).tobytes())
    return digest.hexdigest()


def _luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Take the first plane as it is where that is 8-bit luma, else let libav convert."""
    if not frame.format.name.startswith("yuv") or frame.format.components[0].bits != 8:
        return np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
    plane = frame.planes[0]
    lines: NDArray[np.uint8] = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return lines[: frame.height, : frame.width]


def _mark_times(shown: list[Picture], step: int, rate: Fraction) -> list[float]:
    """Tell when the pictures whose code is a multiple of `step` are shown; one that was dropped is placed between."""
    known = [(picture.code, picture.time) for picture in shown if picture.code is not None]
    marks = []
    for (code, time), (following, _) in pairwise([*known, (known[-1][0] + 1, 0.0)] if known else []):
        mark = -(-code // step) * step
        if code <= mark < following <= code + 3:
            marks.append(time + float((mark - code) / rate))
    return marks


def _decode_sound(path: Path) -> tuple[float, int, NDArray[np.float32]]:
    """Decode the first sound stream: its first time (seconds), samples per second, mono; gaps filled with silence."""
    start, rate, filled = 0.0, 48000, 0
    pieces: list[NDArray[np.float32]] = []
    with av.open(str(path)) as container:
        priming = _mp3_priming(container)
        for frame in container.decode(audio=0):
            time, rate = float(frame.time or 0) - priming, frame.sample_rate
            start = start if pieces else time
            gap = time - start - filled / rate
            if abs(gap) > _JITTER_S and gap > 0:
                pieces.append(np.zeros(round(gap * rate), dtype=np.float32))
                filled += len(pieces[-1])
            pieces.append(_mono(frame))
            filled += len(pieces[-1])
    return start, rate, np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)


def _mp3_priming(container: av.container.InputContainer) -> float:
    """Tell the seconds an MP3 file starts late: libav counts from the encoder's padding on, players do not."""
    return (container.start_time or 0) / av.time_base if container.format.name == "mp3" else 0.0


def _mono(frame: av.AudioFrame) -> NDArray[np.float32]:
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    full = 1.0 if samples.dtype.kind == "f" else float(1 << (8 * samples.dtype.itemsize - 1))
    return np.asarray(samples.astype(np.float32).mean(axis=0) / full, dtype=np.float32)


def _click_loudness(sound: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Run the matched filter of the click over the sound, in blocks (an hour has 170 million samples)."""
    shape = click_shape(rate)
    half, block = len(shape) // 2, 1 << 18
    size = block + 2 * half
    kernel = np.fft.fft(shape.conj()[::-1], size)
    padded = np.concatenate([np.zeros(half), sound, np.zeros(half + block)])
    loudness = np.empty(len(sound) + block, dtype=np.float32)
    for at in range(0, len(sound), block):
        filtered = np.fft.ifft(np.fft.fft(padded[at : at + size], size) * kernel)
        loudness[at : at + block] = np.abs(filtered[2 * half :])
    return loudness[: len(sound)]


def _peaks(loudness: NDArray[np.float32], rate: int) -> list[float]:
    """Find the peaks, to a fraction of a sample. Encoders dampen single clicks; speech stays far below a tenth."""
    if not len(loudness):
        return []
    whole = len(loudness) // rate or 1
    loudest = [float(part.max()) for part in np.array_split(loudness, whole)]
    threshold = max(0.1 * float(np.percentile(loudest, 90)), 0.02)
    above = np.flatnonzero(loudness > threshold)
    groups = np.split(above, np.flatnonzero(np.diff(above) > _APART_S * rate) + 1) if len(above) else []
    return [_summit(loudness, int(group[loudness[group].argmax()])) for group in groups]


def _summit(loudness: NDArray[np.float32], at: int) -> float:
    if not 0 < at < len(loudness) - 1:
        return float(at)
    before, here, after = (float(loudness[at + d]) for d in (-1, 0, 1))
    bend = before - 2 * here + after
    return at + (0.5 * (before - after) / bend if bend else 0.0)
