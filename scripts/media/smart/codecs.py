"""What a smart cut has to know of H.264 (ITU-T H.264, 7.3 and 7.4) and HEVC (H.265, 7.3 and 7.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Protocol

from scripts.media.smart.nal import BitReader, unescaped

_RECOVERY_POINT = 6
_I_SLICES = (2, 7)


class Entry(Enum):
    """How decoding may begin at a picture: not at all; anew; leaving out the pictures shown before it."""

    NONE = "none"
    CLOSED = "closed"
    OPEN = "open"


class Refused(Exception):
    """A smart cut is not possible here; the text completes the sentence "full: ..."."""


class Codec(Protocol):
    """One of the two standards."""

    name: str
    encoder: str

    def entry(self, nals: Sequence[bytes]) -> Entry:
        """Tell how decoding may begin at this access unit."""
        ...

    def is_parameters(self, nal: bytes) -> bool:
        """Tell whether a NAL unit is a parameter set (of video, sequence or picture)."""
        ...

    def before_parameters(self, nal: bytes) -> bool:
        """Tell whether a NAL unit has to stand before the parameter sets of its access unit."""
        ...

    def broken_off(self, nals: Sequence[bytes]) -> list[bytes]:
        """Return the access unit of an open entry as one before which nothing of its sequence is there."""
        ...

    def free_number(self, parameters: Iterable[bytes]) -> int:
        """Return a number that none of these parameter sets has, 0 where sets may be replaced at any key picture."""
        ...


class _H264:
    name, encoder = "h264", "libx264"

    def entry(self, nals: Sequence[bytes]) -> Entry:
        types = [nal[0] & 31 for nal in nals]
        if 5 in types:
            return Entry.CLOSED
        slices = [nal for nal, kind in zip(nals, types, strict=True) if kind == 1]
        recovers = any(kind == 6 and _recovers(nal) for nal, kind in zip(nals, types, strict=True))
        return Entry.OPEN if recovers and slices and all(map(_is_intra, slices)) else Entry.NONE

    def is_parameters(self, nal: bytes) -> bool:
        return nal[0] & 31 in (7, 8)

    def before_parameters(self, nal: bytes) -> bool:
        return nal[0] & 31 == 9

    def broken_off(self, nals: Sequence[bytes]) -> list[bytes]:
        return list(nals)

    def free_number(self, parameters: Iterable[bytes]) -> int:
        taken = {_number(nal) for nal in parameters if self.is_parameters(nal)}
        return next(number for number in range(1, 33) if number not in taken)


class _Hevc:
    name, encoder = "hevc", "libx265"

    def entry(self, nals: Sequence[bytes]) -> Entry:
        types = [nal[0] >> 1 & 63 for nal in nals]
        if any(kind in (19, 20) for kind in types):
            return Entry.CLOSED
        return Entry.OPEN if any(16 <= kind <= 21 for kind in types) else Entry.NONE

    def is_parameters(self, nal: bytes) -> bool:
        return nal[0] >> 1 & 63 in (32, 33, 34)

    def before_parameters(self, nal: bytes) -> bool:
        return nal[0] >> 1 & 63 == 35

    def broken_off(self, nals: Sequence[bytes]) -> list[bytes]:
        """Say so in the headers of its slices (BLA_N_LP instead of CRA_NUT), which are made alike (7.3.6.1)."""
        return [bytes((nal[0] & 0x81 | 18 << 1,)) + nal[1:] if nal[0] >> 1 & 63 == 21 else nal for nal in nals]

    def free_number(self, parameters: Iterable[bytes]) -> int:
        return 0


CODECS: dict[str, Codec] = {"h264": _H264(), "hevc": _Hevc()}
"""By libav's name of the codec."""


def _number(parameters: bytes) -> int:
    """Return the number of an H.264 parameter set; in a sequence's, profile and level (3 bytes) stand before it."""
    return BitReader(unescaped(parameters[4 if parameters[0] & 31 == 7 else 1 :][:16])).ue()


def _is_intra(slice_nal: bytes) -> bool:
    bits = BitReader(unescaped(slice_nal[1:24]))
    bits.ue()
    return bits.ue() in _I_SLICES


def _recovers(sei: bytes) -> bool:
    """Tell whether a message says that decoding can begin right here (H.264 D.1.8: recovery_frame_cnt is 0)."""
    payload, at = unescaped(sei[1:]), 0
    while at + 2 < len(payload):
        kind, at = _sum(payload, at)
        size, at = _sum(payload, at)
        if kind == _RECOVERY_POINT:
            return BitReader(payload[at : at + size]).ue() == 0
        at += size
    return False


def _sum(payload: bytes, at: int) -> tuple[int, int]:
    """Read a number that is written as a sum of bytes, all but the last being 255."""
    total = 0
    while at < len(payload):
        total, at = total + payload[at], at + 1
        if payload[at - 1] != 255:
            break
    return total, at
