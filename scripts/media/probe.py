"""What a media file is: container, picture, sound, length. Read by libav, which takes milliseconds.

Every file is hostile until it was read: only plain media containers are tried, and nothing but the file is opened (a
playlist that calls itself a recording could name other files).
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from scripts.media.timeline import RATES

CONTAINERS = "mpegts,mpeg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,ogg,wav,w64,flac,aac,dv,avi,mxf,ac3"
_SNAP = 0.005
_ATTACHED_PICTURE = 0x0400


class MediaUnreadable(Exception):
    """A file is missing, empty, damaged or lacks what is needed; the sentence names it and the remedy."""


@dataclass(frozen=True)
class Picture:
    """The picture: codec, size in pixels, frames per second, shape of a pixel (width/height), interlaced or not.

    `turned` is by how many degrees a player turns it.
    """

    codec: str
    width: int
    height: int
    rate: Fraction
    sar: Fraction
    pix_fmt: str
    interlaced: bool
    turned: int = 0

    def shown(self, aspect: Fraction | None = None) -> tuple[int, int]:
        """Return width and height in square pixels as a player shows the picture, or as *aspect* (w/h) says."""
        width = round(self.height * aspect if aspect else self.width * (self.sar if self.sar > 0 else 1))
        return (self.height, width) if self.turned % 180 else (width, self.height)


@dataclass(frozen=True)
class Sound:
    """A stream of sound: codec, samples per second, number of channels and their layout as ffmpeg names it."""

    codec: str
    rate: int
    channels: int
    layout: str


@dataclass(frozen=True)
class Media:
    """A media file; `duration_s` is what the container says, in seconds (0 when it does not say)."""

    container: str
    duration_s: float
    video: Picture | None
    audio: tuple[Sound, ...]


def probe(path: Path, *, video_needed: bool = False) -> Media:
    """Read what a file is. Raise MediaUnreadable when it cannot be read, or has no picture and needs one."""
    with opened(path) as container:
        try:
            media = _media(container)
        except FFmpegError as error:
            raise MediaUnreadable(
                f"{path.name} cannot be decoded ({_reason(error)}); record or copy it anew."
            ) from error
    if media.video is None and video_needed:
        raise MediaUnreadable(f"{path.name} has no picture; check what the recorder writes.")
    if media.video is None and not media.audio:
        raise MediaUnreadable(f"{path.name} has neither picture nor sound; record or copy it anew.")
    return media


def opened(path: Path) -> InputContainer:
    """Open a media file for reading, and nothing else. Raise MediaUnreadable with the reason."""
    check_there(path)
    try:
        options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
        return av.open(str(path), options=options)
    except (FFmpegError, OSError) as error:
        raise MediaUnreadable(
            f"{path.name} is no media file or is damaged ({_reason(error)}); copy it anew."
        ) from error


def snap(rate: Fraction) -> Fraction:
    """Return the standard rate a measured one means (within 0.5 %), else the measured one."""
    nearest = min(RATES, key=lambda known: abs(known - rate))
    return nearest if abs(nearest - rate) <= _SNAP * nearest else rate


def picture_stream(container: InputContainer) -> VideoStream | None:
    """Return the first moving picture; a cover that an MP3 carries is none."""
    return next((s for s in container.streams.video if not int(s.disposition) & _ATTACHED_PICTURE), None)


def check_there(path: Path) -> None:
    """Raise MediaUnreadable when a file is not there or empty."""
    if not path.is_file():
        raise MediaUnreadable(f"{path.name} is not there; is the mount in place?")
    if path.stat().st_size == 0:
        raise MediaUnreadable(f"{path.name} is empty; record or copy it anew.")


def _media(container: InputContainer) -> Media:
    stream = picture_stream(container)
    return Media(
        container=container.format.name,
        duration_s=(container.duration or 0) / av.time_base,
        video=_picture(container, stream) if stream is not None else None,
        audio=tuple(_sound(stream) for stream in container.streams.audio),
    )


def _picture(container: InputContainer, stream: VideoStream) -> Picture | None:
    """Decode the first picture: only that tells whether it is interlaced, and that it can be decoded at all."""
    first = next(container.decode(stream), None)
    if first is None or not first.width:
        return None
    return Picture(
        codec=stream.codec_context.name,
        width=first.width,
        height=first.height,
        rate=snap(Fraction(stream.guessed_rate or stream.average_rate or 0)),
        sar=Fraction(stream.sample_aspect_ratio or 1),
        pix_fmt=first.format.name,
        interlaced=bool(first.interlaced_frame),
        turned=round(first.rotation) % 360,
    )


def _sound(stream: AudioStream) -> Sound:
    context: Any = stream.codec_context
    return Sound(context.name, context.sample_rate or 0, context.channels or 0, context.layout.name)


def _reason(error: FFmpegError | OSError) -> str:
    return error.strerror or type(error).__name__
