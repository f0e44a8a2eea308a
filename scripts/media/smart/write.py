"""Write the coded pictures and the sound of a cut into one Matroska file, every picture stamped by its number."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import accumulate, pairwise
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from scripts.media.ffmpeg import Stopped
from scripts.media.smart.codecs import Refused
from scripts.media.smart.edges import Coded
from scripts.media.smart.groups import Reader, codec_of
from scripts.media.smart.nal import Framing
from scripts.media.smart.splice import splice

_DELAY = 16
"""Decoding time runs ahead of showing by so many frames: as far as H.264 and HEVC can reorder."""
_ASK_EVERY = 25


@dataclass(frozen=True)
class Stretch:
    """Pictures first..stop (exclusive) of the cut that were all copied or all encoded anew, all of one piece."""

    first: int
    stop: int
    copied: bool


@dataclass(frozen=True)
class Spliced:
    """What was written: its stretches in the order in which they are shown, a checksum of each picture's packet."""

    stretches: tuple[Stretch, ...]
    checksums: tuple[int, ...]

    @property
    def encoded(self) -> int:
        """Return how many pictures were encoded anew."""
        return sum(each.stop - each.first for each in self.stretches if not each.copied)


def write_spliced(
    readers: Sequence[Reader],
    sound: Path,
    output: Path,
    progress: Callable[[int], None],
    stopped: Callable[[], bool],
) -> Spliced:
    """Cut the pieces of `readers`, put `sound` (a file of streams to copy) to them; return what was copied.

    `progress` gets the number of pictures written. Raise Refused, Stopped.
    """
    try:
        with av.open(str(output), "w", format="matroska") as out, av.open(str(sound)) as heard:
            return _write(out, heard, readers, progress, stopped)
    except FFmpegError as error:
        raise Refused(f"the packets cannot be written ({error.strerror})") from error


def _write(
    out: OutputContainer,
    heard: InputContainer,
    readers: Sequence[Reader],
    progress: Callable[[int], None],
    stopped: Callable[[], bool],
) -> Spliced:
    with readers[0].reading() as (template, _):
        picture = out.add_stream_from_template(template)
        notes = _Notes(readers, codec_of(template)[1])
    assert isinstance(picture, VideoStream)
    sounds = _Sounds(out, heard)
    for number, coded in enumerate(notes.noted(_pictures(readers))):
        if number % _ASK_EVERY == 0 and stopped():
            raise Stopped("The cut was broken off on request.")
        sounds.mux_until(Fraction(number) / readers[0].rate)
        out.mux(_packet(coded, number, picture, readers[0].rate))
        progress(number + 1)
    sounds.mux_until(None)
    return notes.spliced()


def _pictures(readers: Sequence[Reader]) -> Iterator[Coded]:
    """Yield the pictures of all pieces, numbered through. Raise Refused."""
    begin = 0
    for reader in readers:
        for coded in splice(reader):
            yield Coded(begin + coded.number, coded.data, coded.key, coded.copied)
        begin += reader.piece.frames


class _Notes:
    """Notes what of the cut was copied, and what was written, while the pictures go by."""

    def __init__(self, readers: Sequence[Reader], framing: Framing) -> None:
        frames = sum(reader.piece.frames for reader in readers)
        self._copied, self._checksums, self._framing = bytearray(frames), [0] * frames, framing
        self._begins = set(accumulate((reader.piece.frames for reader in readers), initial=0))

    def noted(self, pictures: Iterable[Coded]) -> Iterator[Coded]:
        """Hand the pictures on."""
        for each in pictures:
            self._copied[each.number] = each.copied
            self._checksums[each.number] = checksum(self._framing, each.data)
            yield each

    def spliced(self) -> Spliced:
        """Return what was noted."""
        changes = [n for n in range(1, len(self._copied)) if self._copied[n] != self._copied[n - 1]]
        edges = sorted({*self._begins, *changes})
        stretches = tuple(Stretch(a, b, bool(self._copied[a])) for a, b in pairwise(edges))
        return Spliced(stretches, tuple(self._checksums))


def checksum(framing: Framing, data: bytes) -> int:
    """Return the checksum of the NAL units in a packet, however it is framed."""
    return reduce(lambda total, nal: zlib.crc32(nal, total), framing.split(data), 0)


def _packet(coded: Coded, count: int, stream: VideoStream, rate: Fraction) -> Packet[Stream]:
    packet: Packet[Stream] = Packet(coded.data)
    packet.pts, packet.dts, packet.duration, packet.time_base = coded.number, count - _DELAY, 1, 1 / rate
    packet.is_keyframe, packet.stream = coded.key, stream
    return packet


class _Sounds:
    """Copies the streams of sound, as far as the picture is."""

    def __init__(self, out: OutputContainer, heard: InputContainer) -> None:
        self._out = out
        self._streams = {stream.index: out.add_stream_from_template(stream) for stream in heard.streams.audio}
        self._packets = heard.demux(*heard.streams.audio)
        self._next: Packet[Stream] | None = next(self._packets, None)

    def mux_until(self, time: Fraction | None) -> None:
        """Copy what begins up to `time` (seconds), or all that is left."""
        while self._next is not None:
            packet = self._next
            if packet.pts is not None:
                if time is not None and packet.pts * packet.time_base > time:
                    return
                packet.stream = self._streams[packet.stream.index]
                self._out.mux(packet)
            self._next = next(self._packets, None)
