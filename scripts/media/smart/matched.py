"""Edges in front of an open group of H.264: pictures that belong to the sequence which is copied after them.

Between two sequences H.264 wants an IDR picture, and an open group begins with another one. So the pictures before it
use the recording's own sequence parameters and count on to its first picture, and those that are decoded after it and
shown before it keep their places, encoded without reference to others. Of what the encoder makes, the few header
fields that place a picture are written anew; the copied pictures stay untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import av
from av.video.frame import PictureType

from scripts.media.smart.codecs import Entry, Refused
from scripts.media.smart.edges import Coded, Encoder
from scripts.media.smart.groups import Group, Unit
from scripts.media.smart.nal import BitReader, BitWriter, Framing, unescaped
from scripts.media.smart.references import Kept, markings
from scripts.media.smart.slices import Header, SequenceSet, header, picture_set, sequence_set, with_rest

_X264 = (
    "cabac=0:8x8dct=0:bframes=0:ref=1:weightp=0:scenecut=0:open-gop=0:keyint=infinite:slices=1:threads=1:"
    "sliced-threads=0"
)
"""One slice per picture, from the picture before alone, and no state that would tie headers to whole bytes."""
_P = 0  # a slice that refers to pictures before


@dataclass(frozen=True)
class Matcher:
    """Makes what lies before an open group, and replaces the pictures of it that need the group before.

    `sets` are the parameter sets of the recording, `earlier` the groups before this one, `encoder` encodes for it.
    """

    sets: tuple[bytes, ...]
    earlier: tuple[Group, ...]
    group: Group
    encoder: Encoder

    @property
    def framing(self) -> Framing:
        """Return how packets are written."""
        return self.encoder.framing

    def fits(self, count: int) -> bool:
        """Tell whether `count` pictures before the group are enough to keep for reference what it was recorded with."""
        kept = self._kept()
        return count >= max(self._sequence().references, *kept, 1) + 3 and 1 in kept

    def before(self, frames: Iterable[av.VideoFrame], count: int) -> Iterator[Coded]:
        """Encode the `count` pictures before the group so that it can follow. Raise Refused."""
        sequence = self._sequence()
        first_shown = min(self.group.units, key=lambda unit: unit.number)
        number, order = self._header(self.group.key).frame_number, self._header(first_shown).order
        places = _Places.before(sequence, number, order, count)
        begins = 1 + places.anew
        marks = list(markings(count - begins, self._kept(), sequence.references))
        writer = self._writer()
        for index, each in enumerate(self._encoder().encode(frames, {1: PictureType.I})):
            marking = marks[index - begins] if index >= begins else None
            yield writer.placed(each, Header(*places.of(index), 1, marking))

    def _kept(self) -> set[int]:
        """Return which pictures the recording keeps when the group comes: their numbers, counted back from its own."""
        sequence = self._sequence()
        numbers = 1 << sequence.frame_number_bits
        kept = Kept(sequence.references, numbers)
        kept.follow(
            None if unit.entry is Entry.CLOSED else self._header(unit) for group in self.earlier for unit in group.units
        )
        key = self._header(self.group.key).frame_number
        return {(key - each) % numbers or numbers for each in kept.kept}

    def leading(self, frames: Iterable[av.VideoFrame]) -> Iterator[Coded]:
        """Encode, each for itself, the pictures of the group that are shown before its first one. Raise Refused."""
        writer = self._writer()
        kinds = dict.fromkeys(range(len(self.group.units)), PictureType.I)
        made = {each.number: writer.read(each) for each in self._encoder().encode(frames, kinds)}
        for unit in self.group.leading:
            yield writer.placed(made[unit.number], self._header(unit))

    def _sequence(self) -> SequenceSet:
        return sequence_set(self.sets)

    def _writer(self) -> _Writer:
        return _Writer(self.sets, self._sequence(), self.framing)

    def _encoder(self) -> Encoder:
        number = self.encoder.codec.free_number(self.sets)
        return replace(self.encoder, options={"x264-params": f"sps-id={number}:{_X264}"})

    def _header(self, unit: Unit) -> Header:
        pictures = [picture_set(nal) for nal in self.sets if nal[0] & 31 == 8]
        first = next((nal for nal in self.framing.split(unit.data) if nal[0] & 31 == 1), None)
        if first is None:
            raise Refused(f"picture {unit.number} of a piece is no frame")
        return header(first, self._sequence(), pictures)


@dataclass(frozen=True)
class _Places:
    """Numbers and orders of pictures that lead up to a group.

    The first picture has the number 0. The second one depends on none before it, so that numbers may be left out after
    the first; where it would have to be 0, a sequence begins anew with it (`anew`), and the first is one by itself.
    """

    count: int
    number: int
    numbers: int
    order: int
    anew: bool

    @classmethod
    def before(cls, sequence: SequenceSet, number: int, order: int, count: int) -> _Places:
        """Place `count` pictures before the picture of this number; `order` is that of the first one shown then."""
        numbers, orders = 1 << sequence.frame_number_bits, 1 << sequence.order_bits
        anew = (number - count + 1) % numbers == 0
        least = 2 * (count - anew)
        return cls(count, number, numbers, least + (order - least) % orders, anew)

    def of(self, index: int) -> tuple[int, int]:
        """Return number and order of a picture."""
        if index <= self.anew:
            return 0, 0
        number = (self.number - self.count + index) % self.numbers
        return number, self.order * (index - self.anew) // (self.count - self.anew)


@dataclass
class _Writer:
    """Writes the pictures of an encoder as pictures of the recording's sequence."""

    sets: tuple[bytes, ...]
    source: SequenceSet
    framing: Framing
    own: SequenceSet | None = None
    picture: bytes = b""

    def read(self, coded: Coded) -> Coded:
        """Take note of the encoder's own parameters, which come with its first picture."""
        nals = self.framing.split(coded.data)
        if any(nal[0] & 31 == 7 for nal in nals):
            self.own = sequence_set(nals)
            self.picture = _picture_set(next(nal for nal in nals if nal[0] & 31 == 8), self.source.number)
        return coded

    def placed(self, coded: Coded, place: Header) -> Coded:
        """Give a picture its place; one without a marking that is kept for reference begins the sequence."""
        nals = self.framing.split(self.read(coded).data)
        begins = place.marking is None and place.importance > 0
        head = place.importance << 5 | (5 if begins else 1)
        slices = [self._slice(nal, place, head) for nal in nals if nal[0] & 31 in (1, 5)]
        data = self.framing.join([*(self.sets if begins else ()), self.picture, *slices])
        return replace(coded, data=data, key=begins)

    def _slice(self, nal: bytes, place: Header, head: int) -> bytes:
        """Write the header of a slice with the fields and widths that the recording's sequence demands."""
        assert self.own is not None
        bits, out, began, begins = BitReader(unescaped(nal[1:])), BitWriter(), nal[0] & 31 == 5, head & 31 == 5
        kind = [_copy(bits, out) for _ in range(3)][1]  # first macroblock, kind, number of the picture parameter set
        bits.u(self.own.frame_number_bits)
        out.u(place.frame_number, self.source.frame_number_bits)
        identity = bits.ue() if began else 0
        if begins:
            out.ue(identity)
        bits.u(self.own.order_bits)
        out.u(place.order % (1 << self.source.order_bits), self.source.order_bits)
        if kind % 5 == _P:
            _copy_references(bits, out)
        if bits.u(2 if began else 1) or not nal[0] & 0x60:
            raise Refused("the encoder keeps pictures for reference in another way than it was told")
        if begins:
            out.u(0, 2)
        elif place.marking is not None:
            place.marking.write(out)
        return with_rest(head, out, bits)


def _copy(bits: BitReader, out: BitWriter) -> int:
    value = bits.ue()
    out.ue(value)
    return value


def _copy_references(bits: BitReader, out: BitWriter) -> None:
    """Copy what says how many pictures a slice refers to; the encoder was told to refer to one, in no special order."""
    override = bits.u(1)
    out.u(override, 1)
    if override:
        _copy(bits, out)
    if bits.u(1):
        raise Refused("the encoder refers to pictures in another order than it was told")
    out.u(0, 1)


def _picture_set(nal: bytes, sequence: int) -> bytes:
    """Let a picture parameter set belong to another sequence."""
    bits, out = BitReader(unescaped(nal[1:])), BitWriter()
    out.ue(bits.ue())
    bits.ue()
    out.ue(sequence)
    return with_rest(nal[0], out, bits)
