"""Draw an SVG (resvg: no scripts, no network), at the size and on the fonts of this host."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np
import resvg_py
from lxml import etree
from numpy.typing import NDArray

FONT = "DejaVu Sans"
"""What stands for `sans-serif`; other fonts of the host are taken for letters it does not have."""
LARGEST = 16_384
BLACK = "#000000"

Pixels = NDArray[np.uint8]


class SlideError(Exception):
    """A slide cannot be made; the sentence says why and what to change."""


@dataclass(frozen=True)
class Drawing:
    """An SVG, and the colour beside it where a picture has another shape."""

    svg: str
    background: str = BLACK


def draw(drawing: Drawing, width: int, height: int) -> bytes:
    """Return a PNG of this size in pixels, the drawing in its middle as large as it fits. Raise SlideError."""
    if not (0 < width <= LARGEST and 0 < height <= LARGEST):
        raise SlideError(f"A slide of {width}x{height} pixels cannot be drawn.")
    try:
        return resvg_py.svg_to_bytes(
            svg_string=_sized(drawing.svg, width, height),
            background=drawing.background,
            sans_serif_family=FONT,
            font_family=FONT,
        )
    except ValueError as error:
        raise SlideError(f"The slide cannot be drawn: {error}.") from error


def _sized(svg: str, width: int, height: int) -> str:
    """Have the SVG drawn at this size: the renderer would only keep its own shape."""
    root = etree.fromstring(svg.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    if not root.get("viewBox"):
        root.set("viewBox", f"0 0 {root.get('width', width)} {root.get('height', height)}")
    root.set("width", str(width))
    root.set("height", str(height))
    return str(etree.tostring(root, encoding="unicode"))


def pixels(svg: str, width: int, height: int) -> Pixels:
    """Return the drawing on white as rows of RGB."""
    with av.open(io.BytesIO(draw(Drawing(svg, "#ffffff"), width, height)), "r", format="png_pipe") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8, copy=False)
