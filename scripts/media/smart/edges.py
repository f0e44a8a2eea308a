"""Decode the pictures at the edges of a piece and encode them like the rest of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import av
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from scripts.media.smart.codecs import Codec, Refused
from scripts.media.smart.groups import Unit
from scripts.media.smart.nal import Framing

QUALITY = "14"
"""CRF: so fine that nobody sees where the copy begins."""
_KEY_EVERY_S = 2


@dataclass(frozen=True)
class Coded:
    """A picture of the cut as it is written: its number, its packet, whether decoding may begin at it."""

    number: int
    data: bytes
    key: bool
    copied: bool


def pictures(like: VideoCodecContext, units: Iterable[Unit], first: int, stop: int) -> Iterator[av.VideoFrame]:
    """Decode units that begin with a key picture; yield those numbered first..stop (exclusive), stamped so.

    Raise Refused when one of them is missing or interlaced, which the encoders of the edges are not told to do.
    """
    context = av.CodecContext.create(like.name, "r")
    assert isinstance(context, VideoCodecContext)
    context.extradata = like.extradata
    context.thread_count = 1  # threads of libav would wait for Python to free packets, and Python for them
    expected = first
    try:
        for frame in _decoded(context, units):
            if frame.pts is None or not first <= frame.pts < stop:
                continue
            if frame.pts != expected or frame.is_corrupt:
                break
            if frame.interlaced_frame:
                raise Refused("the picture is interlaced")
            expected += 1
            yield frame
            if expected == stop:
                return
    except FFmpegError as error:
        raise Refused(f"frame {expected} of a piece cannot be decoded ({error.strerror})") from error
    raise Refused(f"frame {expected} of a piece cannot be decoded")


def _decoded(context: VideoCodecContext, units: Iterable[Unit]) -> Iterator[av.VideoFrame]:
    for unit in units:
        packet = Packet(unit.data)
        packet.pts = unit.number
        yield from context.decode(packet)
    yield from context.decode(None)


@dataclass(frozen=True)
class Encoder:
    """Encodes edges like the stream of `like`, at `rate`; packets get the `framing`, the encoder its `options`."""

    codec: Codec
    framing: Framing
    like: VideoCodecContext
    rate: Fraction
    options: dict[str, str]

    def encode(
        self, frames: Iterable[av.VideoFrame], kinds: Mapping[int, PictureType] | None = None
    ) -> Iterator[Coded]:
        """Encode pictures that follow each other, stamped with their numbers. Raise Refused when it cannot be done.

        `kinds` tells of which kind the first, second ... one must be.
        """
        context: VideoCodecContext | None = None
        try:
            for index, frame in enumerate(frames):
                context = context or self._context(frame)
                frame.time_base = 1 / self.rate
                frame.pict_type = (kinds or {}).get(index, PictureType.NONE)  # not the kinds of the source
                yield from map(self._coded, context.encode(frame))
            if context is not None:
                yield from map(self._coded, context.encode(None))
        except (FFmpegError, ValueError) as error:
            raise Refused(f"{self.codec.encoder} cannot encode the edges ({error})") from error

    def _context(self, first: av.VideoFrame) -> VideoCodecContext:
        context = av.CodecContext.create(self.codec.encoder, "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = first.width, first.height, first.format.name
        context.time_base, context.framerate = 1 / self.rate, self.rate
        if self.like.sample_aspect_ratio:
            context.sample_aspect_ratio = self.like.sample_aspect_ratio
        for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
            setattr(context, name, getattr(first, name))
        context.gop_size = round(_KEY_EVERY_S * self.rate)
        context.options = {"preset": "faster", "crf": QUALITY, **self.options}
        return context

    def _coded(self, packet: Packet[av.VideoStream]) -> Coded:
        assert packet.pts is not None
        data = self.framing.join(Framing().split(bytes(packet)))
        return Coded(packet.pts, data, packet.is_keyframe, copied=False)


def options(codec: Codec, reorder: int, parameters: Iterable[bytes]) -> dict[str, str]:
    """Return the encoder's options for pictures that are shown up to `reorder` later than decoded.

    H.264 gets the number of a parameter set that none of `parameters` has, so that the sets do not replace each other.
    """
    pyramid, between = reorder > 1, min(reorder, 1) * 2 + (reorder > 1)
    if codec.name == "hevc":
        shape = f"bframes={between}:b-pyramid={int(pyramid)}"
        return {"x265-params": f"log-level=none:open-gop=0:scenecut=0:repeat-headers=1:{shape}"}
    shape = f"bframes={between}:b-pyramid={'normal' if pyramid else 'none'}"
    return {"x264-params": f"sps-id={codec.free_number(parameters)}:open-gop=0:scenecut=0:{shape}"}
