"""Make a slide a film of exactly so many frames, like the recording in size, rate, shape of pixels and colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.video.reformatter import ColorRange

from scripts.media import ffmpeg
from scripts.media.probe import MediaUnreadable, Picture, opened, picture_stream, probe
from scripts.media.scan import VerifyFailed, scan
from scripts.media.slides.draw import Drawing, draw

_MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m"}
"""Numbers of ISO/IEC 23091-2, as libav and ffmpeg name them."""
_HD = 700
"""Lines from which on players take colours nobody named for BT.709."""


@dataclass(frozen=True)
class Shape:
    """What a slide has to be like: the picture of the recording as it is decoded, and its colours ('' for unnamed)."""

    width: int
    height: int
    sar: Fraction
    rate: Fraction
    pix_fmt: str
    matrix: str
    full_range: bool

    def shown(self, aspect: Fraction | None = None) -> tuple[int, int]:
        """Return width and height in square pixels, or as *aspect* (w/h) says."""
        return round(self.height * aspect if aspect else self.width * self.sar), self.height


def shape_of(master: Path, rate: Fraction) -> Shape:
    """Look at the first picture of the cut master, which plays at *rate*. Raise MediaUnreadable."""
    video = probe(master, video_needed=True).video
    assert video is not None
    with opened(master) as container:
        stream = picture_stream(container)
        frame = next(container.decode(stream), None) if stream is not None else None
    if frame is None:
        raise MediaUnreadable(f"{master.name} has no picture that can be decoded: copy the recording anew.")
    width, height, sar = _upright(video)
    return Shape(
        width=width,
        height=height,
        sar=sar,
        rate=rate,
        pix_fmt=video.pix_fmt,
        matrix=_MATRICES.get(int(frame.colorspace), ""),
        full_range=frame.color_range == ColorRange.JPEG,
    )


def _upright(video: Picture) -> tuple[int, int, Fraction]:
    """Return size and shape of a pixel once ffmpeg has turned the picture."""
    sar = video.sar if video.sar > 0 else Fraction(1)
    return (video.height, video.width, 1 / sar) if video.turned % 180 else (video.width, video.height, sar)


def make_film(
    drawing: Drawing,
    shape: Shape,
    frames: int,
    target: Path,
    *,
    aspect: Fraction | None = None,
    stop: Callable[[], bool] | None = None,
) -> None:
    """Write *target*: the slide for so many *frames*, without sound.

    Raise SlideError, FfmpegFailed, Stopped, VerifyFailed.
    """
    drawn = target.with_name(f"{target.stem}.png")
    drawn.write_bytes(draw(drawing, *shape.shown(aspect), stop))
    try:
        ffmpeg.run(arguments(drawn, shape, frames, target), stop=stop)
    finally:
        drawn.unlink(missing_ok=True)
    found = scan(target, stop=stop).frames
    if found != frames:
        raise VerifyFailed(f"The slide {target.name} has {found} frames and should have {frames}.")


def arguments(drawn: Path, shape: Shape, frames: int, target: Path) -> list[str]:
    """Return the command that makes the film of a drawing."""
    matrix = shape.matrix or ("bt709" if shape.height >= _HD else "smpte170m")
    span = "pc" if shape.full_range else "tv"
    rate = f"{shape.rate.numerator}/{shape.rate.denominator}"
    graph = (
        f"scale={shape.width}:{shape.height}:out_color_matrix={matrix}:out_range={span},format={shape.pix_fmt},"
        f"setsar={shape.sar.numerator}/{shape.sar.denominator}:max=65535,loop=loop={frames - 1}:size=1,"
        f"settb={shape.rate.denominator}/{shape.rate.numerator},setpts=N"
    )
    named = ["-colorspace", shape.matrix] if shape.matrix else []
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-color_range", span, *named]
    return ["ffmpeg", "-y", "-i", str(drawn), "-vf", graph, "-r", rate, "-frames:v", str(frames), *coded, str(target)]
