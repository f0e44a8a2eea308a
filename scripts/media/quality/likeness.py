"""How much a few pictures of an encoded file resemble those of the cut master at the same moment."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from scripts.media.probe import opened, picture_stream

PLACES = (0.1, 0.5, 0.9)
_EACH = 2
_BLOCK = 8
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_MOST_DECODED = 1500

Picture = NDArray[np.float64]


def likeness(path: Path, master: Path, seconds: float, begin_s: float = 0.0) -> list[tuple[float, float]]:
    """Compare a few moments; return (seconds, mean SSIM of brightness), the master scaled to the size of the file.

    The talk lasts `seconds` and begins at `begin_s` of the file, behind the slides. A moment that cannot be decoded in
    either is left out.
    """
    found = []
    for place in PLACES:
        encoded = pictures(path, begin_s + place * seconds, _EACH, None)
        values = []
        for at, picture in encoded:
            original = pictures(master, at - begin_s, 1, (picture.shape[1], picture.shape[0]))
            values += [ssim(picture, other) for _, other in original]
        if values:
            found.append((round(begin_s + place * seconds, 3), round(sum(values) / len(values), 4)))
    return found


def ssim(one: Picture, other: Picture) -> float:
    """Return the mean structural similarity of two pictures of one size over blocks of 8 x 8 (1: the same)."""
    a, b = _blocks(one), _blocks(other)
    mean_a, mean_b = a.mean(-1), b.mean(-1)
    both = (a * b).mean(-1) - mean_a * mean_b
    spread = a.var(-1) + b.var(-1)
    score = (2 * mean_a * mean_b + _C1) * (2 * both + _C2) / ((mean_a**2 + mean_b**2 + _C1) * (spread + _C2))
    return float(score.mean())


def _blocks(picture: Picture) -> Picture:
    rows, columns = picture.shape[0] // _BLOCK, picture.shape[1] // _BLOCK
    cropped = picture[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return cropped.swapaxes(1, 2).reshape(rows, columns, _BLOCK * _BLOCK)


def pictures(path: Path, at_s: float, count: int, size: tuple[int, int] | None) -> list[tuple[float, Picture]]:
    """Decode pictures from a moment on: (seconds since the first picture, brightness)."""
    found: list[tuple[float, Picture]] = []
    try:
        with opened(path) as container:
            stream = picture_stream(container)
            if stream is None or not stream.average_rate:
                return []
            stream.thread_type = "AUTO"
            begin = float(stream.start_time or 0) * float(stream.time_base or 0)
            container.seek(max(0, int((begin + at_s - 0.5) * av.time_base)))
            half = 0.5 / float(stream.average_rate)
            for number, frame in enumerate(container.decode(stream)):
                if float(frame.time or 0) - begin > at_s - half:
                    found.append((float(frame.time or 0) - begin, _brightness(frame, size)))
                if len(found) == count or number > _MOST_DECODED:
                    break
    except FFmpegError:
        return found
    return found


def _brightness(frame: av.VideoFrame, size: tuple[int, int] | None) -> Picture:
    width, height = size or (frame.width, frame.height)
    scaled = frame.reformat(width=width, height=height, format="yuv420p", interpolation="BICUBIC")
    return scaled.to_ndarray()[:height].astype(np.float64)
