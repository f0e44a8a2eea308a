"""NAL units are taken apart and put together without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.media.smart.nal import BitReader, BitWriter, Framing, escaped, unescaped

PAYLOADS = st.lists(st.sampled_from(b"\0\1\2\3\x04\xff"), min_size=1, max_size=40).map(lambda b: bytes([*b, 0x80]))
UNITS = st.lists(PAYLOADS.map(lambda payload: b"\x65" + escaped(payload)), min_size=1, max_size=5)


@given(PAYLOADS)
def test_escaping_hides_start_codes_and_can_be_undone(payload: bytes) -> None:
    assert unescaped(escaped(payload)) == payload
    assert not any(code in escaped(payload) for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))


@given(UNITS, st.sampled_from([0, 1, 2, 4]))
def test_a_packet_is_what_its_units_are(units: list[bytes], size_bytes: int) -> None:
    framing = Framing(size_bytes)
    assert framing.split(framing.join(units)) == units


def test_zeros_before_a_start_code_belong_to_it() -> None:
    assert Framing().split(b"\0\0\0\1\x09\xf0\0\0\0\1\x65\x88\0\0\0\0\1\x41") == [b"\x09\xf0", b"\x65\x88", b"\x41"]


def test_a_length_that_leads_out_of_the_packet_is_an_error() -> None:
    with pytest.raises(ValueError, match="longer than its packet"):
        Framing(4).split(b"\0\0\0\x09abc")


@given(st.lists(st.integers(-(2**20), 2**20)))
def test_numbers_are_read_as_they_were_written(numbers: list[int]) -> None:
    out = BitWriter()
    for number in numbers:
        out.se(number)
        out.ue(abs(number))
        out.u(abs(number), 21)
    bits = BitReader(out.payload())
    assert [(bits.se(), bits.ue(), bits.u(21)) for _ in numbers] == [(n, abs(n), abs(n)) for n in numbers]


def test_nothing_is_read_behind_the_end() -> None:
    with pytest.raises(EOFError):
        BitReader(b"\0").ue()


@pytest.mark.parametrize(
    ("codec", "extradata", "size_bytes"),
    [
        ("h264", None, 0),
        ("h264", b"\0\0\0\1\x67\x64", 0),
        ("h264", b"\1\x64\0\x1f\xff\xe1", 4),
        ("h264", b"\1\x64\0\x1f\xfd\xe1", 2),
        ("hevc", b"\1" + bytes(20) + b"\x0f\1", 4),
    ],
)
def test_a_stream_says_how_its_packets_are_framed(codec: str, extradata: bytes | None, size_bytes: int) -> None:
    assert Framing.of(codec, extradata) == Framing(size_bytes)
