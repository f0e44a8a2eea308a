"""Make the coded pictures of a cut: whole groups as they were recorded, what lies at the edges encoded anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from av import VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from scripts.media.smart.codecs import Codec, Entry, Refused
from scripts.media.smart.edges import Coded, Encoder, options, pictures
from scripts.media.smart.groups import LONGEST, Group, Reader, Unit, codec_of
from scripts.media.smart.matched import Matcher
from scripts.media.smart.nal import Framing


def splice(reader: Reader) -> Iterator[Coded]:
    """Yield the pictures 0..frames of a piece, each once, in the order of decoding.

    Raise Refused where the recording does not allow it, also after pictures were given.
    """
    with reader.reading() as (stream, groups):
        yield from _Splicer(reader, stream).run(groups)


class _Splicer:
    """Follows the groups of a piece: before the copy, in it, behind it."""

    def __init__(self, reader: Reader, stream: VideoStream) -> None:
        self.reader, self.stop = reader, reader.piece.frames
        self.codec, self.framing = codec_of(stream)
        self.like: VideoCodecContext = stream.codec_context
        self.parameters = _Parameters(self.codec, self.framing, self.like.extradata)
        self.before: list[Group] = []  # what the pictures that come next may need
        self.done = 0

    def run(self, groups: Iterator[Group]) -> Iterator[Coded]:
        copying = False
        for group in groups:
            self.parameters.see(group.key, wanted=0 <= group.key.number < self.stop)
            if not copying and not self._can_begin(group):
                self._keep(group)
                continue
            if any(unit.number >= self.stop for unit in (group.units if copying else group.following)):
                yield from self._encoded(group, self.stop)
                return
            yield from self._copied(group.units) if copying else self._begin(group)
            copying, self.before = True, [group]
            if self.done == self.stop:
                return
        yield from self._encoded(None, self.stop)

    def _keep(self, group: Group) -> None:
        """Keep a group for the edge that comes: all of them from the last one that begins before the piece."""
        self.before = [group] if group.key.number <= 0 else [*self.before, group]
        if sum(len(each.units) for each in self.before) > LONGEST:
            raise Refused(f"there is no picture within {LONGEST} frames at which a copy could begin")

    def _can_begin(self, group: Group) -> bool:
        """Tell whether a copy can begin with this group, or will not begin any more."""
        if group.key.number < 0:
            return False
        if group.key.number >= self.stop or not self._is_matched(group):
            return True
        return self._matcher(group).fits(group.key.number - len(group.leading))

    def _is_matched(self, group: Group) -> bool:
        return group.key.entry is Entry.OPEN and self.codec.name == "h264"

    def _begin(self, group: Group) -> Iterator[Coded]:
        """Encode what lies before the first group that is copied, and copy the group, but for what needs the former."""
        if self._is_matched(group):
            yield from self._begin_matched(group)
            return
        yield from self._encoded(group, group.key.number)
        for coded in self._copied(group.following):
            if coded.number == group.key.number and group.key.entry is Entry.OPEN:
                data = self.framing.join(self.codec.broken_off(self.framing.split(coded.data)))
                coded = replace(coded, data=data)
            yield coded

    def _begin_matched(self, group: Group) -> Iterator[Coded]:
        frames = self._pictures(group, self.done, group.key.number)
        matcher, count = self._matcher(group), group.key.number - len(group.leading)
        yield from matcher.before(islice(frames, count), count)
        self.done = group.key.number
        key, *following = self._copied(group.following)
        yield key
        yield from matcher.leading(frames)
        yield from following

    def _matcher(self, group: Group) -> Matcher:
        return Matcher(self.parameters.sets, tuple(self.before), group, self._encoder({}))

    def _copied(self, units: Sequence[Unit]) -> Iterator[Coded]:
        if sorted(unit.number for unit in units) != list(range(self.done, self.done + len(units))):
            raise Refused(f"pictures are missing or there twice near frame {self.done} of a piece")
        self.done += len(units)
        for unit in units:
            key = unit.entry is not Entry.NONE
            yield Coded(unit.number, self.parameters.in_band(unit) if key else unit.data, key, copied=True)

    def _encoded(self, group: Group | None, stop: int) -> Iterator[Coded]:
        """Encode what comes next up to `stop`; the pictures stand in the groups before and in this one."""
        first, self.done = self.done, max(self.done, stop)
        if first < stop:
            how = options(self.codec, self.like.reorder_depth, self.parameters.sets)
            yield from self._encoder(how).encode(self._pictures(group, first, stop))

    def _pictures(self, group: Group | None, first: int, stop: int) -> Iterator[VideoFrame]:
        groups = [*self.before, *([group] if group else [])]
        if group is not None and first >= group.key.number:
            groups = [group]
        return pictures(self.like, chain.from_iterable(each.units for each in groups), first, stop)

    def _encoder(self, how: dict[str, str]) -> Encoder:
        return Encoder(self.codec, self.framing, self.like, self.reader.rate, how)


class _Parameters:
    """The parameter sets in force, which have to stand before every key picture that is copied."""

    def __init__(self, codec: Codec, framing: Framing, extradata: bytes | None) -> None:
        self.codec, self.framing = codec, framing
        self.sets = _out_of_band(codec, framing, extradata)

    def see(self, key: Unit, wanted: bool) -> None:
        """Take the sets of a key picture; when it is one that is wanted, they must not change."""
        sets = tuple(nal for nal in self.framing.split(key.data) if self.codec.is_parameters(nal))
        if not set(sets) <= set(self.sets):
            if wanted and self.sets:
                raise Refused(f"the parameters of the picture change at frame {key.number} of a piece")
            self.sets = sets

    def in_band(self, key: Unit) -> bytes:
        """Return the packet of a key picture with its parameter sets."""
        nals = self.framing.split(key.data)
        if any(self.codec.is_parameters(nal) for nal in nals):
            return key.data
        at = 1 if self.codec.before_parameters(nals[0]) else 0
        return self.framing.join([*nals[:at], *self.sets, *nals[at:]])


def _out_of_band(codec: Codec, framing: Framing, extradata: bytes | None) -> tuple[bytes, ...]:
    """List the parameter sets a stream has in its header (ISO 14496-15 for files, as they are for streams)."""
    if not extradata:
        return ()
    if not framing.size_bytes:
        return tuple(nal for nal in framing.split(extradata) if codec.is_parameters(nal))
    return tuple(_avcc(extradata) if codec.name == "h264" else _hvcc(extradata))


def _avcc(extradata: bytes) -> Iterator[bytes]:
    at = 5
    for mask in (31, 255):
        count, at = extradata[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + size]
            at += 2 + size


def _hvcc(extradata: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(extradata[22]):
        count, at = int.from_bytes(extradata[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + size]
            at += 2 + size
