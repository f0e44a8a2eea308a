"""Draw an SVG (resvg: no scripts, no network), at the size and on the fonts of this host."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import resvg_py
from lxml import etree
from numpy.typing import NDArray

from scripts.media.ffmpeg import LEASH, Stopped

FONT = "DejaVu Sans"
"""What stands for `sans-serif`; other fonts of the host are taken for letters it does not have."""
LARGEST = 16_384
BLACK = "#000000"
LIMIT_S = 10.0
"""A slide is drawn within a tenth of a second; filters of a template may take hours."""
MOST_BYTES = 2 << 30
"""Memory for a drawing: a picture of 8K takes 130 MB, and each layer as much again."""
_TICK_S = 0.2
_PAINTER = Path(__file__).with_name("painter.py")

Pixels = NDArray[np.uint8]


class SlideError(Exception):
    """A slide cannot be made; the sentence says why and what to change."""


@dataclass(frozen=True)
class Drawing:
    """An SVG, and the colour beside it where a picture has another shape."""

    svg: str
    background: str = BLACK


def draw(drawing: Drawing, width: int, height: int, stop: Callable[[], bool] | None = None) -> bytes:
    """Return a PNG of this size in pixels, the drawing in its middle as large as it fits.

    It is drawn in a process of its own, for LIMIT_S at most; *stop* is asked meanwhile. Raise SlideError, Stopped.
    """
    svg = _asked(drawing.svg, width, height)
    order = {"svg": svg, "background": drawing.background, "font": FONT, "memory": MOST_BYTES}
    with _painter() as process:
        try:
            png, said = _answer(process, json.dumps(order).encode(), stop)
        finally:
            process.kill()
    if process.returncode < 0:
        raise SlideError("The slide takes too much memory to draw: take out its filters.")
    if process.returncode:
        told = said.decode(errors="replace").strip().splitlines() or ["nobody knows why"]
        raise SlideError(f"The slide cannot be drawn: {told[-1]}.")
    return png


def _painter() -> subprocess.Popen[bytes]:
    """Start what draws, in a group of its own; it ends with this process, however that ends."""
    painter = [sys.executable, "-I", str(_PAINTER)]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *painter],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )


def _answer(process: subprocess.Popen[bytes], order: bytes, stop: Callable[[], bool] | None) -> tuple[bytes, bytes]:
    """Hand over the order and return what came to stdout and stderr. Raise SlideError when that takes too long."""
    until, given = time.monotonic() + LIMIT_S, order
    while True:
        try:
            return process.communicate(given, timeout=_TICK_S)
        except subprocess.TimeoutExpired:
            given = b""  # what is left of the order is kept there
        if stop is not None and stop():
            raise Stopped("The drawing of a slide was broken off on request.")
        if time.monotonic() > until:
            raise SlideError(f"The slide takes longer than {LIMIT_S:g} s to draw: take out its filters.")


def _asked(svg: str, width: int, height: int) -> str:
    if not (0 < width <= LARGEST and 0 < height <= LARGEST):
        raise SlideError(f"A slide of {width}x{height} pixels cannot be drawn.")
    return _sized(svg, width, height)


def _sized(svg: str, width: int, height: int) -> str:
    """Have the SVG drawn at this size: the renderer would only keep its own shape."""
    root = etree.fromstring(svg.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    if not root.get("viewBox"):
        root.set("viewBox", f"0 0 {root.get('width', width)} {root.get('height', height)}")
    root.set("width", str(width))
    root.set("height", str(height))
    return str(etree.tostring(root, encoding="unicode"))


def pixels(svg: str, width: int, height: int) -> Pixels:
    """Return the drawing on white as rows of RGB: at once, so for what we wrote ourselves, never for a template."""
    try:
        png = resvg_py.svg_to_bytes(svg_string=svg, background="#ffffff", sans_serif_family=FONT, font_family=FONT)
    except ValueError as error:
        raise SlideError(f"The slide cannot be drawn: {error}.") from error
    with av.open(io.BytesIO(png), "r", format="png_pipe") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8, copy=False)
