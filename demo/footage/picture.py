"""The picture of a room: slides of the talk, the time of day, a speaker who moves, and the frame code below.

Only what changes is painted anew: a slide is drawn once, the time once a second, the speaker comes from a stock.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from demo.footage.framecode import paint_code
from demo.footage.wallclock import wall_time
from tracker.names import transliterate

SLIDE_S = 20.0
_SWAY_S = 4.0
_POINTS = (
    "what we wanted to know",
    "how we took it apart",
    "the part nobody had read",
    "numbers from the first week",
    "three things that broke",
    "what the manual says",
    "what really happens",
    "how to repair it at home",
    "a bus, a clock and a lamp",
    "who helped us",
    "mistakes we made twice",
    "open questions",
)

Plane = NDArray[np.uint8]


@dataclass(frozen=True)
class RoomPicture:
    """What the camera and the beamer of a room show, by seconds from the start of the recording."""

    room: str
    size: tuple[int, int]
    rate: Fraction
    start: datetime
    talks: Sequence[tuple[float, float, str]] = ()
    black: Sequence[tuple[float, float]] = ()
    _shown: list[tuple[str, int, str]] = field(default_factory=list)

    @cached_property
    def _buffer(self) -> Plane:
        width, height = self.size
        return np.zeros(width * height * 3 // 2, dtype=np.uint8)

    @property
    def _planes(self) -> tuple[Plane, Plane, Plane]:
        width, height = self.size
        luma, chroma = width * height, width * height // 4
        flat = self._buffer
        small = (height // 2, width // 2)
        return (
            flat[:luma].reshape(height, width),
            flat[luma : luma + chroma].reshape(small),
            flat[luma + chroma :].reshape(small),
        )

    def frame(self, index: int, code: int) -> memoryview:
        """Paint frame `index` of the recording (planar 4:2:0); the buffer is used again for the next one."""
        seconds = float(index / self.rate)
        if any(low <= seconds < high for low, high in self.black):
            self._fade_to_black()
        else:
            self._show(self._what(seconds))
            self._show_speaker(index)
        paint_code(self._planes[0], code)
        return self._buffer.data

    def _what(self, seconds: float) -> tuple[str, int, str]:
        clock = wall_time(self.start, Fraction(math.floor(seconds))).strftime("%H:%M:%S")
        for begin, end, title in self.talks:
            if begin <= seconds < end:
                return title, 1 + int((seconds - begin) // SLIDE_S), clock
        return "", 0, clock

    def _show(self, what: tuple[str, int, str]) -> None:
        if self._shown == [what]:
            return
        self._shown[:] = [what]
        title, number, clock = what
        image = _slide(self.room, self.size, title, number).copy()
        _write_clock(image, clock)
        for plane, values in zip(self._planes, _video_levels(image), strict=True):
            plane[:] = values

    def _fade_to_black(self) -> None:
        self._shown.clear()
        luma, blue, red = self._planes
        luma[:], blue[:], red[:] = 16, 128, 128

    def _show_speaker(self, index: int) -> None:
        left, top, width, height = _speaker_box(self.size)
        stock = _speakers((width, height), round(_SWAY_S * self.rate))
        self._planes[0][top : top + height, left : left + width] = stock[index % len(stock)]


def _speaker_box(size: tuple[int, int]) -> tuple[int, int, int, int]:
    width, height = size
    box_w, box_h = width // 4 & ~1, height // 3 & ~1
    return width - box_w - (width // 20 & ~1), height - box_h - (height // 5 & ~1), box_w, box_h


@lru_cache(maxsize=4)
def _speakers(size: tuple[int, int], count: int) -> tuple[Plane, ...]:
    """Draw a person swaying to and fro, once round in `count` pictures."""
    return tuple(_speaker(size, math.sin(2 * math.pi * k / count), k / count) for k in range(count))


def _speaker(size: tuple[int, int], sway: float, turn: float) -> Plane:
    width, height = size
    image = Image.new("L", size, 70)
    draw = ImageDraw.Draw(image)
    x, head = width * (0.5 + 0.22 * sway), height * 0.17
    draw.ellipse((x - head, height * 0.15, x + head, height * 0.15 + 2 * head), fill=200)
    draw.rounded_rectangle((x - 2 * head, height * 0.55, x + 2 * head, height * 1.3), radius=head, fill=140)
    arm = math.pi * (1.1 + 0.4 * math.sin(6 * math.pi * turn))
    tip = (x - 2 * head + 3 * head * math.cos(arm), height * 0.7 + 3 * head * math.sin(arm))
    draw.line((x - 1.6 * head, height * 0.7, *tip), fill=180, width=max(2, width // 24))
    return np.asarray(image, dtype=np.uint8)


@lru_cache(maxsize=64)
def _slide(room: str, size: tuple[int, int], title: str, number: int) -> Image.Image:
    """Draw a slide: title, three points, room; without a title the picture of a break."""
    image = Image.new("RGB", size, _colour(title))
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.rectangle((0, 0, width, height // 40), fill=(230, 120, 30))
    _write_title(draw, size, transliterate(title) or "Break")
    small = ImageFont.load_default(size=height / 16)
    for line in range(3 if title else 0):
        point = _POINTS[(zlib.crc32(title.encode()) + 3 * number + line) % len(_POINTS)]
        draw.text((width * 0.06, height * (0.4 + 0.1 * line)), f"- {point}", font=small, fill=(235, 235, 235))
    place = transliterate(room)  # the font that Pillow brings has no umlauts
    foot = f"{place}  -  slide {number}" if title else f"{place}  -  we go on soon"
    draw.text((width * 0.06, height * 0.76), foot, font=small, fill=(190, 200, 210))
    left, top, box_w, box_h = _speaker_box(size)
    draw.rectangle((left, top, left + box_w - 1, top + box_h - 1), fill=(70, 70, 70))
    return image


def _colour(title: str) -> tuple[int, int, int]:
    mark = zlib.crc32(title.encode())
    return 20 + mark % 40, 30 + mark // 40 % 40, 50 + mark // 1600 % 60


def _write_title(draw: ImageDraw.ImageDraw, size: tuple[int, int], title: str) -> None:
    """Write the title as large as it fits, in at most two lines."""
    width, height = size
    font = ImageFont.load_default(size=height / 9)
    words, lines = title.split(), [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font=font) <= width * 0.88 or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    for number, line in enumerate(lines[:2]):
        draw.text((width * 0.06, height * (0.08 + 0.14 * number)), line, font=font, fill=(255, 255, 255))


def _write_clock(image: Image.Image, clock: str) -> None:
    width, height = image.size
    font = ImageFont.load_default(size=height / 14)
    draw = ImageDraw.Draw(image)
    draw.text((width * 0.7, height * 0.39), clock, font=font, fill=(255, 220, 120))


def _video_levels(image: Image.Image) -> tuple[Plane, Plane, Plane]:
    """Turn RGB into the three planes of 4:2:0 at video levels (16 to 235)."""
    luma, blue, red = image.convert("YCbCr").split()
    half = (image.width // 2, image.height // 2)
    y = 16 + np.asarray(luma, dtype=np.float32) * (219 / 255)
    u, v = (128 + (np.asarray(c.resize(half), dtype=np.float32) - 128) * (224 / 255) for c in (blue, red))
    return y.round().astype(np.uint8), u.round().astype(np.uint8), v.round().astype(np.uint8)
