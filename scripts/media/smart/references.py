"""Which pictures H.264 keeps for reference, by their numbers: in the recording, and so in the edges as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scripts.media.smart.slices import Header, Marking


@dataclass
class Kept:
    """The numbers of the pictures that are kept, the oldest first: at most `most`, modulo `numbers` (8.2.5)."""

    most: int
    numbers: int
    kept: list[int] = field(default_factory=list)

    def begin(self) -> None:
        """Decode an IDR picture."""
        self.kept = [0]

    def decode(self, number: int, marking: Marking) -> None:
        """Decode another picture that is kept itself."""
        if marking.removed is None:
            self.kept = self.kept[max(len(self.kept) - self.most + 1, 0) :]
        else:
            gone = {(number - back) % self.numbers for back in marking.removed}
            self.kept = [each for each in self.kept if each not in gone]
        self.kept.append(number)

    def follow(self, headers: Iterable[Header | None]) -> None:
        """Decode pictures of a recording; None stands for an IDR picture."""
        for each in headers:
            if each is None:
                self.begin()
            elif each.marking is not None:
                self.decode(each.frame_number, each.marking)


def markings(count: int, wanted: Iterable[int], most: int) -> Iterator[Marking]:
    """Yield the markings of `count` pictures, of which the last leaves just `wanted` kept.

    Pictures are counted back from the one that comes after all: the last is 1. The first ones let the oldest go, so
    that nothing is left from before them; each one stays until the next was decoded from it.
    """
    stay, kept = set(wanted), list[int]()
    for back in range(count, 0, -1):
        if count - back < most:
            yield Marking(None)
            kept = [*kept[len(kept) - most + 1 :], back] if len(kept) >= most else [*kept, back]
        else:
            yield Marking(tuple(each - back for each in kept if each not in stay))
            kept = [*(each for each in kept if each in stay), back]
