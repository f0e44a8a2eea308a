"""What a recorder's file holds: read from its packets, some hundred times faster than it plays.

Nothing is decoded but one picture, and one more wherever the encoder's parameters change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
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
FORMATS = {
    ".ts": "mpegts",
    ".mkv": "matroska",
    ".webm": "matroska",
    ".mp4": "mov",
    ".mov": "mov",
    ".dv": "dv",
    ".avi": "avi",
    ".mpg": "mpeg",
    ".mpeg": "mpeg",
}
"""End of a name -> container, as libav calls it."""
JOINABLE = "mpegts"
"""The container whose files, one after the other, are one stream again."""
_RATE_TOLERANCE = 0.005
_SEVERAL = 20
_PARAMETERS = {"h264": (0x1F, 0, (7,)), "hevc": (0x3F, 1, (32, 33)), "mpeg2video": (0xFF, 0, (0xB3,))}
"""Codec -> mask and shift of the byte behind a start code, and which units tell the picture's size and kind."""
_IN_BAND = (JOINABLE, "mpeg")
"""Containers in which parameters stand in the stream; elsewhere they hold for the whole file."""
_LOOKED_AT = 4096
"""Parameters stand at the beginning of a key picture."""

Stamps = NDArray[np.int64]


class Unreadable(Exception):
    """A file holds no picture that could be used; the text completes a sentence that begins with its name."""


@dataclass(frozen=True, eq=False)
class Media:
    """Pictures and sound of one file.

    `first_pts` is its first picture's PTS as it stands in the file (1/90000 s, modulo 2^33); `stamps` are the PTS of
    all pictures relative to that, ascending. `first_key` is the stamp of the first picture that needs no other,
    `dts_lead` the first PTS minus the first DTS. `rate` is None when a single picture tells none. `tracks` are all
    streams of sound, `interlaced` what the file declares of its pictures. `problems` complete a sentence that begins
    with the file's name; so do `changes`, each with the stamp (as in `stamps`) from which on it holds.
    """

    video: Video
    audio: Audio | None
    rate: Fraction | None
    first_pts: int
    stamps: Stamps
    first_key: int
    dts_lead: int
    problems: tuple[str, ...] = ()
    tracks: tuple[Audio, ...] = ()
    interlaced: bool = False
    format: str = JOINABLE
    changes: tuple[tuple[int, str], ...] = ()

    @property
    def playing_s(self) -> float:
        """Return the seconds from the first to the last picture."""
        return float(self.stamps[-1]) / PTS_CLOCK

    def positions(self, rate: Fraction) -> Stamps:
        """Return the numbers of the frames that are there, ascending, the first one being 0."""
        return np.unique(np.rint(self.stamps * float(rate) / PTS_CLOCK).astype(np.int64))


def format_of(path: Path) -> str:
    """Return the container that a file's name promises, as libav calls it. Raises Unreadable for one that is none."""
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise Unreadable(f"has no name that ends in one of {', '.join(FORMATS)}") from None


def ticks(stamp: int, time_base: Fraction) -> int:
    """Return a time stamp of any clock in 1/90000 s."""
    return round(stamp * time_base * PTS_CLOCK)


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a recorder's file for reading. Raises Unreadable, also for what goes wrong while it is open."""
    kind = format_of(path)
    try:
        # The format is given: guessed from its content, a hostile file could be a playlist that fetches others.
        with av.open(str(path), format=kind, options={"protocol_whitelist": "file"}) as container:
            yield container
    except OSError as error:  # first, because PyAV's errors of the file system are both
        raise Unreadable(f"cannot be read ({error.strerror})") from error
    except FFmpegError as error:
        what = "MPEG transport stream" if kind == JOINABLE else f"{path.suffix.lower()[1:]} file"
        raise Unreadable(f"is no {what} ({_reason(error)})") from error


def only(container: InputContainer, stream: Stream) -> None:
    """Let the demuxer skip the packets of all other streams."""
    for other in container.streams:
        other.discard = Discard.none if other.index == stream.index else Discard.all


def read_media(path: Path) -> Media:
    """Read the packets of a recorder's file. Raises Unreadable; flaws that leave something to use are `problems`."""
    with opened(path) as container:
        interlaced = _interlaced(container)
    with opened(path) as container:
        return _read(container, path, interlaced)


def _interlaced(container: InputContainer) -> bool:
    """Decode the first picture that can be decoded: only that tells it for every codec."""
    if not container.streams.video:
        return False
    stream = container.streams.video[0]
    only(container, stream)
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                return bool(frame.interlaced_frame)
        except FFmpegError:
            continue
    return False


@dataclass(frozen=True, eq=False)
class _Packets:
    """PTS, DTS (1/90000 s) and key flags in the order of decoding, up to where a file stops to be of use."""

    pts: Stamps
    dts: Stamps
    keys: NDArray[np.bool_]
    problems: list[str]
    changes: list[tuple[int, str]]


def _read(container: InputContainer, path: Path, interlaced: bool) -> Media:
    if not container.streams.video:
        raise Unreadable("has no picture in it")
    stream, tracks = container.streams.video[0], tuple(_tracks(container))  # which may change while it is read
    found = _packets(container, stream)
    if not len(found.pts) or not found.keys.any() or not stream.codec_context.width:
        raise Unreadable("has no picture in it that could be decoded")
    problems = found.problems
    if path.suffix.lower() == ".ts" and path.stat().st_size % PACKET_BYTES:
        problems.append("ends in the middle of a packet; what can be read is used")
    first = int(found.pts.min())
    stamps: Stamps = np.unique(found.pts - first)
    rate = rate_of(stamps)
    if not tracks:
        problems.append("has no sound")
    return Media(
        video=Video(stream.codec_context.name, stream.codec_context.width, stream.codec_context.height),
        audio=tracks[0] if tracks else None,
        rate=rate,
        first_pts=first % WRAP,
        stamps=stamps,
        first_key=int(found.pts[found.keys].min()) - first,
        dts_lead=first - int(found.dts[0]),
        problems=tuple(problems + _losses(stamps, rate)),
        tracks=tracks,
        interlaced=interlaced,
        format=format_of(path),
        changes=tuple((stamp - first, text) for stamp, text in found.changes),
    )


def _packets(container: InputContainer, stream: VideoStream) -> _Packets:
    only(container, stream)
    rows: list[tuple[int, int | None, bool]] = []
    watch, problems = _Parameters(stream), []
    try:
        for packet in container.demux(stream):
            if packet.pts is None or not packet.size:
                continue
            if packet.is_keyframe and not watch.same_size(packet, len(rows)):
                problems.append(watch.end)
                watch.changes.append((len(rows) - 1, watch.end))
                break
            rows.append((packet.pts, packet.dts, packet.is_keyframe))
    except FFmpegError as error:
        problems.append(f"cannot be read after {len(rows)} frames ({_reason(error)})")
    table = _table(rows, Fraction(stream.time_base or 0))
    steps = np.diff(table[:, 1])
    jumps = np.flatnonzero((steps < 0) | (steps > LONGEST_PAUSE_S * PTS_CLOCK))
    if len(jumps):
        table = table[: jumps[0] + 1]
        problems.append(f"jumps in time after {len(table)} frames; what comes after that is not used")
    changes = [(int(table[number, 0]), text) for number, text in watch.changes if number < len(table)]
    return _Packets(table[:, 0], table[:, 1], table[:, 2].astype(bool), problems, changes)


def _table(rows: list[tuple[int, int | None, bool]], time_base: Fraction) -> Stamps:
    """Return PTS, DTS, key; Matroska has no DTS before the first picture is out, there the first one counts."""
    first = next((dts for _, dts, _ in rows if dts is not None), None)
    known = [(pts, dts if dts is not None else pts if first is None else first, key) for pts, dts, key in rows]
    table = np.array(known, dtype=np.int64).reshape(-1, 3)
    if time_base != Fraction(1, PTS_CLOCK):
        table[:, :2] = np.rint(table[:, :2] * float(time_base * PTS_CLOCK)).astype(np.int64)
    return table


class _Parameters:
    """Watches whether the encoder's parameters change: they stand in the stream, before each key picture."""

    def __init__(self, stream: VideoStream) -> None:
        self.codec = stream.codec_context.name
        self.size = stream.codec_context.width, stream.codec_context.height
        self.changes: list[tuple[int, str]] = []
        self.end = ""
        self._inside = stream.container.format.name in _IN_BAND
        self._known: set[bytes] = set()

    def same_size(self, packet: av.Packet[VideoStream], number: int) -> bool:
        """Look at the key picture of that number; False when from it on pictures have another size."""
        found = parameters(self.codec, bytes(memoryview(packet)[:_LOOKED_AT])) if self._inside else b""
        if not found or found in self._known:
            return True
        self._known.add(found)
        if len(self._known) == 1:
            return True
        size = _size(self.codec, bytes(packet))
        if size not in (None, self.size):
            assert size is not None
            was, now = ("x".join(map(str, each)) for each in (self.size, size))
            self.end = f"changes from {was} to {now} after {number} frames; what comes after that is not used"
            return False
        self.changes.append((number, f"changes the encoder's parameters after {number} frames"))
        return True


def parameters(codec: str, data: bytes) -> bytes:
    """Return the units that tell the size and kind of the pictures that follow; nothing for other codecs."""
    mask, shift, kinds = _PARAMETERS.get(codec, (0, 0, ()))
    units = data.split(b"\x00\x00\x01")[1:] if kinds else []
    return b"|".join(unit.rstrip(b"\x00") for unit in units if unit and (unit[0] >> shift) & mask in kinds)


def _size(codec: str, data: bytes) -> tuple[int, int] | None:
    """Decode one key picture for its size; None when that fails."""
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    try:
        frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except FFmpegError:
        return None
    return (frames[0].width, frames[0].height) if frames else None


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


def _tracks(container: InputContainer) -> Iterator[Audio]:
    """Yield the streams of sound that tell what they are."""
    for stream in container.streams.audio:
        context: object = stream.codec_context  # of a stream that changes its kind, it may be another's
        if isinstance(context, AudioCodecContext) and context.sample_rate and context.channels:
            yield Audio(context.sample_rate, context.channels, context.name)


def _reason(error: FFmpegError) -> str:
    return error.strerror or type(error).__name__
