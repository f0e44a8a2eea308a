"""Answers that are kept when finding them took long."""

from __future__ import annotations

from collections.abc import Callable

from tracker.sparing import Sparing


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def taking(self, seconds: float, answer: str) -> Callable[[], str]:
        """Return a search that takes so long."""

        def find() -> str:
            self.now += seconds
            return answer

        return find


def test_what_is_found_soon_is_looked_for_each_time():
    clock = Clock()
    kept = Sparing[int, str](clock)
    assert [kept.get(1, clock.taking(0.9, answer)) for answer in "ab"] == ["a", "b"]


def test_what_took_long_is_kept_for_twenty_times_as_long():
    clock = Clock()
    kept = Sparing[int, str](clock)
    assert kept.get(1, clock.taking(2, "a")) == "a"
    clock.now = 39
    assert (kept.get(1, clock.taking(2, "b")), kept.get(2, clock.taking(0, "of another"))) == ("a", "of another")
    clock.now = 40
    assert kept.get(1, clock.taking(2, "c")) == "c"
