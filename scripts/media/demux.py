"""What a recorder's file holds: read from its packets without decoding, some hundred times faster than it plays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from scripts.media.timeline import PTS_CLOCK, RATES, Audio, Video

WRAP = 2**33
"""MPEG-TS time stamps count modulo this."""
PACKET_BYTES = 188
LONGEST_PAUSE_S = 60
"""A longer step of the time stamps inside one file is no loss of pictures but another clock."""
_RATE_TOLERANCE = 0.005
_SEVERAL = 20

Stamps = NDArray[np.int64]


class Unreadable(Exception):
    """A file holds no picture that could be used; the text completes a sentence that begins with its name."""


@dataclass(frozen=True, eq=False)
class Media:
    """Pictures and sound of one file.

    `first_pts` is its first picture's PTS as it stands in the file (1/90000 s, modulo 2^33); `stamps` are the PTS of
    all pictures relative to that, ascending. `first_key` is the stamp of the first picture that needs no other,
    `dts_lead` the first PTS minus the first DTS. `rate` is None when a single picture tells none.
    """

    video: Video
    audio: Audio | None
    rate: Fraction | None
    first_pts: int
    stamps: Stamps
    first_key: int
    dts_lead: int
    problems: tuple[str, ...] = ()

    @property
    def playing_s(self) -> float:
        """Return the seconds from the first to the last picture."""
        return float(self.stamps[-1]) / PTS_CLOCK

    def positions(self, rate: Fraction) -> Stamps:
        """Return the numbers of the frames that are there, ascending, the first one being 0."""
        return np.unique(np.rint(self.stamps * float(rate) / PTS_CLOCK).astype(np.int64))


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a transport stream for reading. Raises Unreadable, also for what goes wrong while it is open."""
    try:
        # The format is given: guessed from its content, a hostile file could be a playlist that fetches others.
        with av.open(str(path), format="mpegts", options={"protocol_whitelist": "file"}) as container:
            yield container
    except OSError as error:  # first, because PyAV's errors of the file system are both
        raise Unreadable(f"cannot be read ({error.strerror})") from error
    except FFmpegError as error:
        raise Unreadable(f"is no MPEG transport stream ({_reason(error)})") from error


def only(container: InputContainer, stream: Stream) -> None:
    """Let the demuxer skip the packets of all other streams."""
    for other in container.streams:
        other.discard = Discard.none if other.index == stream.index else Discard.all


def read_media(path: Path) -> Media:
    """Read the packets of a transport stream. Raises Unreadable; flaws that leave something to use are `problems`."""
    with opened(path) as container:
        return _read(container, path)


def _read(container: InputContainer, path: Path) -> Media:
    if not container.streams.video:
        raise Unreadable("has no picture in it")
    stream = container.streams.video[0]
    pts, dts, keys, problems = _packets(container, stream)
    if not len(pts) or not keys.any() or not stream.codec_context.width:
        raise Unreadable("has no picture in it that could be decoded")
    if path.stat().st_size % PACKET_BYTES:
        problems.append("ends in the middle of a packet; what can be read is used")
    first = int(pts.min())
    stamps: Stamps = np.unique(pts - first)
    rate = rate_of(stamps)
    audio = _audio(container)
    if audio is None:
        problems.append("has no sound")
    return Media(
        video=Video(stream.codec_context.name, stream.codec_context.width, stream.codec_context.height),
        audio=audio,
        rate=rate,
        first_pts=first % WRAP,
        stamps=stamps,
        first_key=int(pts[keys].min()) - first,
        dts_lead=first - int(dts[0]),
        problems=tuple(problems + _losses(stamps, rate)),
    )


def _packets(container: InputContainer, stream: VideoStream) -> tuple[Stamps, Stamps, NDArray[np.bool_], list[str]]:
    """Return PTS, DTS and key flags in the order of decoding, up to where the clock jumps, if it does."""
    only(container, stream)
    rows: list[tuple[int, int, bool]] = []
    problems = []
    try:
        for packet in container.demux(stream):
            if packet.pts is not None:
                rows.append((packet.pts, packet.pts if packet.dts is None else packet.dts, packet.is_keyframe))
    except FFmpegError as error:
        problems.append(f"cannot be read after {len(rows)} frames ({_reason(error)})")
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    steps = np.diff(table[:, 1])
    jumps = np.flatnonzero((steps < 0) | (steps > LONGEST_PAUSE_S * PTS_CLOCK))
    if len(jumps):
        table = table[: jumps[0] + 1]
        problems.append(f"jumps in time after {len(table)} frames; what comes after that is not used")
    return table[:, 0], table[:, 1], table[:, 2].astype(bool), problems


def rate_of(stamps: Stamps) -> Fraction | None:
    """Return the standard rate that the distances of the pictures mean (1/90000 s), or None when they mean none."""
    steps = np.diff(stamps)
    if not len(steps):
        return None
    usual = steps[np.abs(steps - np.median(steps)) <= np.median(steps) / 4]
    if 2 * len(usual) < len(steps):
        return None
    tick = float(np.mean(usual))  # the mean, because some recorders round their stamps to milliseconds
    nearest = min(RATES, key=lambda rate: abs(float(PTS_CLOCK / rate) - tick))
    return nearest if abs(tick * float(nearest) / PTS_CLOCK - 1) <= _RATE_TOLERANCE else None


def _losses(stamps: Stamps, rate: Fraction | None) -> list[str]:
    if rate is None:
        return (
            ["has no frame rate this can work with (24, 25, 30, 50 or 60, or the NTSC ones)"] if len(stamps) > 1 else []
        )
    steps = np.diff(np.rint(stamps * float(rate) / PTS_CLOCK))
    lost, places = int(np.maximum(steps - 1, 0).sum()), int((steps > 1).sum())
    return [f"lost {lost} frames in {places} places"] if places >= _SEVERAL else []


def _audio(container: InputContainer) -> Audio | None:
    if not container.streams.audio:
        return None
    context: Any = container.streams.audio[0].codec_context
    return Audio(context.sample_rate, context.channels) if context.sample_rate and context.channels else None


def _reason(error: FFmpegError) -> str:
    return error.strerror or type(error).__name__
