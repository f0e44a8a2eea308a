"""The edges come to keep for reference just what the recording kept."""

from hypothesis import given
from hypothesis import strategies as st

from scripts.media.smart.nal import BitReader, BitWriter
from scripts.media.smart.references import Kept, markings
from scripts.media.smart.slices import Header, Marking

MOST = st.integers(1, 6)


@given(st.data(), MOST)
def test_in_the_end_just_the_wanted_pictures_are_kept(data: st.DataObject, most: int) -> None:
    wanted = {1} | data.draw(st.sets(st.integers(2, 12), max_size=most - 1))
    count = max(most, *wanted) + 2 + data.draw(st.integers(0, 30))
    kept = Kept(most, 256, kept=list(range(100, 100 + most)))  # left over from what comes before
    for number, marking in enumerate(markings(count, wanted, most)):
        kept.decode(number, marking)
        assert len(kept.kept) <= most
    assert {count - number for number in kept.kept} == wanted


def test_the_oldest_goes_and_numbers_begin_anew() -> None:
    kept = Kept(2, 16)
    kept.follow([None, *(Header(number % 16, 0, 1, Marking(None)) for number in range(1, 18))])
    assert kept.kept == [0, 1]
    kept.follow([Header(2, 0, 0, None), Header(2, 0, 1, Marking((1,)))])
    assert kept.kept == [0, 2]


@given(st.none() | st.lists(st.integers(1, 40), max_size=4).map(tuple))
def test_a_marking_is_written_as_it_is_read(removed: tuple[int, ...] | None) -> None:
    out = BitWriter()
    Marking(removed).write(out)
    bits = BitReader(out.payload())
    adaptive = bits.u(1)
    commands = []
    while adaptive and bits.ue():
        commands.append(bits.ue() + 1)
    assert (tuple(commands) if adaptive else None) == removed
