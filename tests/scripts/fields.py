"""Footage whose two fields show different moments: a bar that moves from field to field, and how to look at it.

The bar moves 4 of 320 pixels in a fiftieth of a second. A picture with combs shows it at two places, line by line; one
made of the wrong field shows it elsewhere than its number says. The number itself is that of both fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from scripts.media.sources import luma

_WIDTH, _STEP, _MOMENTS, _BEGIN, _BAR = 320, 4, 62, 20, 24
_TOP, _BOTTOM = 0.22, 0.36  # shares of the height that lie well within the bar


def moving(order: str, shape: str = "") -> tuple[str, ...]:
    """Return the filters of ffmpeg that make 25 interlaced pictures of 25 whole ones; `order` is tff or bff."""
    return (
        "-filter_complex",
        f"color=white:s={_BAR}x60:r=50[bar];[0:v]fps=50,drawbox=y=20:h=80:w=iw:color=black:t=fill[room];"
        f"[room][bar]overlay=x='{_BEGIN}+{_STEP}*mod(n-1\\,{_MOMENTS})':y=30:shortest=1{shape},"
        f"interlace=scan={order}:lowpass=off[v]",
    )


def steps_off(path: Path, codes: Sequence[int], order: str = "") -> tuple[float, float]:
    """Return how far the bar's edge is off in the worst line of the first and the second field, in steps of the bar.

    `codes` are those of the pictures of the file. Without an `order` of the fields every picture has to show the moment
    of its first field, in all lines. Where the bar jumped back, nothing can tell how a line between two others moved.
    """
    worst = [0.0, 0.0]
    with av.open(str(path)) as container:
        for code, frame in zip(codes, container.decode(video=0), strict=True):
            moment = 2 * code % _MOMENTS
            edges = _edges(luma(frame), even=order != "bff")
            for field in (0, 1) if 2 <= moment < _MOMENTS - 2 else ():
                right = (_BEGIN + _STEP * (moment + (field if order else 0))) / _WIDTH
                worst[field] = max(worst[field], float(np.abs(edges[field] - right).max()) * _WIDTH / _STEP)
    return worst[0], worst[1]


def _edges(picture: NDArray[np.uint8], *, even: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the bar begins in each line, as a share of the width: in the lines of one field, then the others."""
    height, width = picture.shape
    top = round(_TOP * height) // 2 * 2 + (not even)
    lines = picture[top : round(_BOTTOM * height)] > 125
    assert lines.any(axis=1).all()
    found = lines.argmax(axis=1) / width
    return found[::2], found[1::2]
