"""The packets of a recording in groups of pictures, each picture with its number in the piece that is cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from scripts.media.cutgraph import Opened
from scripts.media.pieces import Piece
from scripts.media.probe import picture_stream
from scripts.media.smart.codecs import CODECS, Codec, Entry, Refused
from scripts.media.smart.nal import Framing
from scripts.media.timeline import PTS_CLOCK

LONGEST = 3000
"""Pictures; what has no key picture for so long is not kept in memory."""

BORDER = 16
"""Pictures to both sides of the border of two files that stand on one side by number and on the other in the file."""


@dataclass(frozen=True)
class Unit:
    """A coded picture as it stands in the recording: `number` 0 is the first one of the piece, by time of showing."""

    number: int
    data: bytes
    entry: Entry


@dataclass(frozen=True)
class Group:
    """A key picture and all that follow it up to the next one, in the order of decoding."""

    units: tuple[Unit, ...]

    @property
    def key(self) -> Unit:
        """Return the picture decoding may begin with."""
        return self.units[0]

    @property
    def leading(self) -> tuple[Unit, ...]:
        """Return the pictures that are decoded after the key picture and shown before it."""
        return tuple(unit for unit in self.units if unit.number < self.key.number)

    @property
    def following(self) -> tuple[Unit, ...]:
        """Return the key picture and those shown after it."""
        return tuple(unit for unit in self.units if unit.number >= self.key.number)


@dataclass(frozen=True)
class Reader:
    """A piece of a recording and where to read it: `opened` is its input, `folder` the place of the input's links."""

    opened: Opened
    piece: Piece
    rate: Fraction
    folder: Path

    @contextmanager
    def reading(self) -> Iterator[tuple[VideoStream, Iterator[Group]]]:
        """Yield the stream of the picture and its groups; the first one begins at or before the piece.

        A seek lands anywhere: where it is too late, reading begins at the beginning. Raise Refused, also while groups
        are taken, for what cannot be copied.
        """
        with ExitStack() as stack:
            for target in dict.fromkeys((self.opened.seek_before(self.piece.start_pts), None)):
                stream = picture_stream(stack.enter_context(self.container()))
                if stream is None or stream.codec_context.name not in CODECS:
                    name = stream.codec_context.name if stream is not None else "what has no picture"
                    raise Refused(f"{name} is not cut without encoding it anew")
                groups = _groups(self._units(stream, target))
                first = next(groups, None)
                if first is not None and first.key.number <= 0:
                    yield stream, chain((first,), groups)
                    return
        raise Refused(f"{self.piece.files[0]} has no key picture at or before the cut")

    def container(self) -> InputContainer:
        """Open the input for reading. Raise Refused."""
        options = {"protocol_whitelist": "file,concat"}
        try:
            return av.open(self.opened.address(self.folder), format=self.opened.format, options=options)
        except (FFmpegError, OSError) as error:
            raise Refused(f"{self.piece.files[0]} cannot be read ({error.strerror})") from error

    def _units(self, stream: VideoStream, target: int | None) -> Iterator[Unit]:
        container = stream.container
        assert isinstance(container, InputContainer) and stream.time_base is not None
        codec = CODECS[stream.codec_context.name]
        framing = Framing.of(codec.name, stream.codec_context.extradata)
        clock = float(stream.time_base * PTS_CLOCK)
        try:
            if target is not None:
                container.seek(int(Fraction(target, PTS_CLOCK) / stream.time_base), stream=stream)
            for packet in container.demux(stream):
                if packet.size:
                    yield self._unit(packet, codec, framing, clock)
        except (FFmpegError, ValueError) as error:
            raise Refused(f"{self.piece.files[0]} or what follows it is damaged ({error})") from error

    def _is_at_border(self, number: int) -> bool:
        """Tell whether a picture is near the border of two files, where packets are counted anew and seem damaged."""
        borders = (part.stop_frame - self.piece.parts[0].first_frame for part in self.piece.parts)
        return any(abs(number - border) <= BORDER for border in (0, *borders))

    def _unit(self, packet: Packet[VideoStream], codec: Codec, framing: Framing, clock: float) -> Unit:
        if packet.pts is None:
            raise Refused("a picture has no time stamp")
        ticks = packet.pts * clock - self.opened.shift - self.piece.start_pts
        number = round(ticks * float(self.rate) / PTS_CLOCK)  # fractions are exact and ten times as slow
        if packet.is_corrupt and 0 <= number < self.piece.frames and not self._is_at_border(number):
            raise Refused(f"the recording is damaged at frame {number} of a piece")
        data = bytes(packet)
        return Unit(number, data, codec.entry(framing.split(data)) if packet.is_keyframe else Entry.NONE)


def _groups(units: Iterator[Unit]) -> Iterator[Group]:
    """Group units at the pictures decoding may begin with; what comes before the first of them is passed over."""
    group: list[Unit] = []
    for unit in units:
        if unit.entry is not Entry.NONE:
            if group:
                yield Group(tuple(group))
            group = [unit]
        elif group:
            group.append(unit)
            if len(group) > LONGEST:
                raise Refused(f"there is no key picture within {LONGEST} frames")
    if group:
        yield Group(tuple(group))


def codec_of(stream: VideoStream) -> tuple[Codec, Framing]:
    """Return the standard a stream that was accepted is coded by, and how its packets are written."""
    codec = CODECS[stream.codec_context.name]
    return codec, Framing.of(codec.name, stream.codec_context.extradata)
