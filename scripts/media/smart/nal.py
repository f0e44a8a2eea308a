"""Access units of H.264 and HEVC taken apart into NAL units and put together again, and single bits within them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_START_CODE = re.compile(rb"\x00\x00\x01")
_LONG_CODE = b"\x00\x00\x00\x01"


@dataclass(frozen=True)
class Framing:
    """How NAL units stand in a packet: after start codes (`size_bytes` 0) or after their length in so many bytes."""

    size_bytes: int = 0

    @classmethod
    def of(cls, codec: str, extradata: bytes | None) -> Framing:
        """Tell from what a stream says of itself (ISO 14496-15: avcC and hvcC begin with the version 1)."""
        at = {"h264": 4, "hevc": 21}[codec]
        if not extradata or extradata[0] != 1 or len(extradata) <= at:
            return cls(0)
        return cls((extradata[at] & 3) + 1)

    def split(self, data: bytes) -> list[bytes]:
        """List the NAL units of a packet. Raise ValueError when a length leads out of it."""
        return _split_sized(data, self.size_bytes) if self.size_bytes else _split_coded(data)

    def join(self, nals: Iterable[bytes]) -> bytes:
        """Return the packet of these NAL units."""
        if not self.size_bytes:
            return b"".join(_LONG_CODE + nal for nal in nals)
        return b"".join(len(nal).to_bytes(self.size_bytes, "big") + nal for nal in nals)


def _split_coded(data: bytes) -> list[bytes]:
    """A unit ends with a byte that is not zero; zeros before a start code belong to the code (H.264 annex B)."""
    begins = [match.end() for match in _START_CODE.finditer(data)]
    ends = [begin - 3 for begin in begins[1:]] + [len(data)]
    units = [data[begin:end].rstrip(b"\0") for begin, end in zip(begins, ends, strict=True)]
    return [unit for unit in units if unit]


def _split_sized(data: bytes, size_bytes: int) -> list[bytes]:
    units, at = [], 0
    while at < len(data):
        begin = at + size_bytes
        at = begin + int.from_bytes(data[at:begin], "big")
        if at > len(data) or begin > len(data):
            raise ValueError("a NAL unit is longer than its packet")
        if at > begin:
            units.append(data[begin:at])
    return units


def unescaped(nal: bytes) -> bytes:
    """Remove the bytes that keep start codes from appearing inside."""
    return re.sub(rb"\x00\x00\x03(?=[\x00-\x03]|$)", b"\0\0", nal)


def escaped(payload: bytes) -> bytes:
    """Insert the bytes that keep start codes from appearing inside."""
    return re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\0\0\x03", payload)


class BitReader:
    """Reads bits of a payload (unescaped), the highest bit of each byte first. Raise EOFError behind the end."""

    def __init__(self, payload: bytes) -> None:
        """Begin at the first bit."""
        self._value, self._bits, self.at = int.from_bytes(payload, "big"), 8 * len(payload), 0

    def u(self, count: int) -> int:
        """Read an unsigned number of `count` bits."""
        if self.at + count > self._bits:
            raise EOFError
        self.at += count
        return (self._value >> (self._bits - self.at)) & ((1 << count) - 1)

    def ue(self) -> int:
        """Read an unsigned Exp-Golomb number (H.264 9.1)."""
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """Read a signed Exp-Golomb number."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)

    def rest(self) -> tuple[int, int]:
        """Return what follows, as a number and its count of bits."""
        count = self._bits - self.at
        return self._value & ((1 << count) - 1), count


@dataclass
class BitWriter:
    """Collects bits, the highest first."""

    value: int = 0
    count: int = field(default=0)

    def u(self, value: int, count: int) -> None:
        """Write an unsigned number in `count` bits."""
        self.value, self.count = self.value << count | value, self.count + count

    def ue(self, value: int) -> None:
        """Write an unsigned Exp-Golomb number."""
        self.u(value + 1, 2 * (value + 1).bit_length() - 1)

    def se(self, value: int) -> None:
        """Write a signed Exp-Golomb number."""
        self.ue(2 * value - 1 if value > 0 else -2 * value)

    def payload(self) -> bytes:
        """Return whole bytes; what is missing of the last one is zero."""
        pad = -self.count % 8
        return (self.value << pad).to_bytes((self.count + pad) // 8, "big")
