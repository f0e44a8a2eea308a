"""Parameter sets and slice headers of H.264, as far as pictures have to fit into a sequence (ITU-T H.264 7.3.2, 7.3.3).

Only frames are read: fields, data partitions and slice groups are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.media.smart.codecs import Refused
from scripts.media.smart.nal import BitReader, BitWriter, escaped, unescaped

_WITH_CHROMA = (44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 144, 244)
_HEADER_BYTES = 256
_B, _I = 1, 2


@dataclass(frozen=True)
class SequenceSet:
    """A sequence parameter set: its number, widths of fields in slice headers, most references, kind of colour."""

    number: int
    frame_number_bits: int
    order_kind: int
    order_bits: int
    references: int
    chroma: int


@dataclass(frozen=True)
class PictureSet:
    """A picture parameter set: its number, what it makes slice headers contain."""

    number: int
    sequence: int
    bottom_order: bool
    references: tuple[int, int]
    weighted: tuple[bool, bool]
    redundant: bool


@dataclass(frozen=True)
class Marking:
    """How a picture changes what is kept for reference: the oldest goes when there are too many, or those named go.

    `removed` are their numbers, counted back from the picture's own.
    """

    removed: tuple[int, ...] | None

    def write(self, out: BitWriter) -> None:
        """Write it as a part of the header of a slice."""
        out.u(self.removed is not None, 1)
        if self.removed is not None:
            for back in self.removed:
                out.ue(1)
                out.ue(back - 1)
            out.ue(0)


@dataclass(frozen=True)
class Header:
    """What places a picture in its sequence: number, order (modulo), what it does to those kept for reference.

    `importance` is 0 for a picture that is not kept itself; it has no `marking`.
    """

    frame_number: int
    order: int
    importance: int
    marking: Marking | None


def sequence_set(nals: Sequence[bytes]) -> SequenceSet:
    """Find and read the one sequence parameter set among NAL units. Raise Refused."""
    found = {nal for nal in nals if nal[0] & 31 == 7}
    if len(found) != 1:
        raise Refused(f"{len(found)} sequences are described at a time")
    try:
        return _sequence(BitReader(unescaped(found.pop()[1:])))
    except EOFError as error:
        raise Refused("the sequence parameters cannot be read") from error


def _sequence(bits: BitReader) -> SequenceSet:
    profile, _, number, chroma = bits.u(8), bits.u(16), bits.ue(), 1
    if profile in _WITH_CHROMA:
        chroma = bits.ue()
        planes = bits.u(1) if chroma == 3 else 0
        bits.ue(), bits.ue()
        if planes or bits.u(1) or bits.u(1):
            raise Refused("separate planes, lossless parts or scaling matrices cannot be encoded at the edges")
    frame_number_bits, order_kind = bits.ue() + 4, bits.ue()
    order_bits = bits.ue() + 4 if order_kind == 0 else 0
    if order_kind == 1:
        raise Refused("the order of the pictures is described in a rare way")
    references, _, _, _ = bits.ue(), bits.u(1), bits.ue(), bits.ue()
    if not bits.u(1):
        raise Refused("pictures may be fields")
    return SequenceSet(number, frame_number_bits, order_kind, order_bits, references, chroma)


def picture_set(nal: bytes) -> PictureSet:
    """Read a picture parameter set. Raise Refused."""
    bits = BitReader(unescaped(nal[1:]))
    try:
        number, sequence, _, bottom, groups = bits.ue(), bits.ue(), bits.u(1), bits.u(1), bits.ue()
        if groups:
            raise Refused("pictures consist of several groups of slices")
        references, weighted = (bits.ue() + 1, bits.ue() + 1), (bool(bits.u(1)), bits.u(2) == 1)
        _, _, _, _, redundant = bits.se(), bits.se(), bits.se(), bits.u(2), bits.u(1)
    except EOFError as error:
        raise Refused("the picture parameters cannot be read") from error
    return PictureSet(number, sequence, bool(bottom), references, weighted, bool(redundant))


def header(nal: bytes, sequence: SequenceSet, pictures: Sequence[PictureSet]) -> Header:
    """Read the header of a slice (not of an IDR picture). Raise Refused."""
    bits = BitReader(unescaped(nal[1:_HEADER_BYTES]))
    try:
        bits.ue()
        kind, number = bits.ue() % 5, bits.ue()
        used = next((each for each in pictures if each.number == number), None)
        if used is None or kind > _I:
            raise Refused("a slice has no parameters or is of a rare kind")
        frame_number = bits.u(sequence.frame_number_bits)
        order = bits.u(sequence.order_bits)
        if used.bottom_order and sequence.order_kind == 0:
            bits.se()
        if used.redundant:
            bits.ue()
        _pass_references(bits, kind, used, sequence.chroma)
        return Header(frame_number, order, nal[0] >> 5 & 3, _marking(bits) if nal[0] & 0x60 else None)
    except EOFError as error:
        raise Refused("the header of a slice cannot be read") from error


def _pass_references(bits: BitReader, kind: int, used: PictureSet, chroma: int) -> None:
    """Read over what says which pictures a slice refers to, and with which weights."""
    if kind == _I:
        return
    if kind == _B:
        bits.u(1)
    counts = list(used.references[: 1 + (kind == _B)])
    if bits.u(1):
        counts = [bits.ue() + 1 for _ in counts]
    for _ in counts:
        if bits.u(1):
            while bits.ue() != 3:
                bits.ue()
    if used.weighted[kind == _B]:
        _pass_weights(bits, sum(counts), chroma)


def _pass_weights(bits: BitReader, count: int, chroma: int) -> None:
    bits.ue()
    if chroma:
        bits.ue()
    for _ in range(count):
        if bits.u(1):
            bits.se(), bits.se()
        if chroma and bits.u(1):
            for _ in range(4):
                bits.se()


def _marking(bits: BitReader) -> Marking:
    """Read what is kept for reference (7.3.3.3). Raise Refused for what is kept for long."""
    if not bits.u(1):
        return Marking(None)
    removed = []
    while command := bits.ue():
        if command != 1:
            raise Refused("pictures are kept for reference in a rare way")
        removed.append(bits.ue() + 1)
    return Marking(tuple(removed))


def with_rest(head: int, out: BitWriter, bits: BitReader) -> bytes:
    """Return a NAL unit: its first byte, what was written, what is left to read up to the bit that ends it."""
    rest, count = bits.rest()
    pad = (rest & -rest).bit_length() - 1
    out.u(rest >> pad, count - pad)
    return bytes((head,)) + escaped(out.payload())
