"""Small pictures of a virtual recording for the cut page: one image of up to a hundred, from key frames only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from scripts.media.demux import WRAP, Unreadable, opened
from scripts.media.ffmpeg import Stopped
from scripts.media.files import PathRefused, inside
from scripts.media.timeline import PTS_CLOCK, Segment, Timeline

COLUMNS, MOST, HEIGHT = 10, 100, 72
EVERY_S = 5
"""No more of them than one in so many seconds."""
_WIDEST = 320
_RUN_UP_S = 10
"""Recorders set key frames closer than that."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Sheet:
    """How the pictures lie in the image: row by row, the n-th from the middle of the n-th part of the recording."""

    version: int
    count: int
    columns: int
    width: int
    height: int

    def to_json(self) -> str:
        """Return the text of thumbs.json."""
        return json.dumps(asdict(self), separators=(",", ":")) + "\n"


def make(timeline: Timeline, raw_folder: Path, stopped: Callable[[], bool] = lambda: False) -> tuple[Sheet, bytes]:
    """Return the sheet and its JPEG. A hole, or a place that cannot be decoded, is grey. Raises Stopped."""
    count = min(max(int(timeline.duration_s / EVERY_S), 1), MOST)
    width = min(round(HEIGHT * timeline.video.width / max(timeline.video.height, 1) / 2) * 2, _WIDEST)
    sheet = Sheet(1, count, min(count, COLUMNS), max(width, 2), HEIGHT)
    image = np.full((-(-count // sheet.columns) * HEIGHT, sheet.columns * sheet.width, 3), 96, dtype=np.uint8)
    for number in range(count):
        if stopped():
            raise Stopped
        found = _picture(timeline, raw_folder, (2 * number + 1) * timeline.frames // (2 * count), sheet)
        if found is not None:
            row, column = divmod(number, sheet.columns)
            top, left = row * HEIGHT, column * sheet.width
            image[top : top + HEIGHT, left : left + sheet.width] = found
    return sheet, _jpeg(image)


def _picture(timeline: Timeline, raw_folder: Path, frame: int, sheet: Sheet) -> Picture | None:
    """Decode the key frame before *frame*, small; None in a hole and where nothing can be decoded."""
    segment = next((each for each in timeline.segments if each.used_from <= frame < each.used_to), None)
    hole = any(each.first_frame <= frame < each.stop_frame for each in timeline.holes)
    if segment is None or hole:
        return None
    try:
        with opened(inside(raw_folder, segment.file)) as container:
            return _key_frame(container, segment, frame, timeline.rate, sheet)
    except (Unreadable, PathRefused, FFmpegError, OSError):
        return None


def _key_frame(container: InputContainer, segment: Segment, frame: int, rate: Fraction, sheet: Sheet) -> Picture | None:
    """Return the last key frame up to *frame*, else the first one after it; a transport stream is sought by guess."""
    stream = container.streams.video[0]
    stream.codec_context.skip_frame = "NONKEY"
    tick = (stream.time_base or Fraction(1, PTS_CLOCK)) * PTS_CLOCK
    begin = segment.first_pts % WRAP
    wanted = begin + round((frame - segment.first_frame) * PTS_CLOCK / rate)
    container.seek(round(max(wanted - _RUN_UP_S * PTS_CLOCK, begin) / tick), stream=stream)
    best = None
    for picture in container.decode(stream):
        if best is not None and picture.pts is not None and picture.pts * tick > wanted:
            break
        best = picture
    if best is None:
        return None
    small = best.reformat(width=sheet.width, height=sheet.height, format="rgb24")
    return np.asarray(small.to_ndarray(), dtype=np.uint8)


def _jpeg(image: Picture) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.height, encoder.width, encoder.pix_fmt = image.shape[0], image.shape[1], "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"q:v": "5", "color_range": "pc"}
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuvj420p")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
