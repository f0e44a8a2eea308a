"""The numbers and keys that talks get: one each, whatever ids a Fahrplan repeats or leaves out (design D12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tracker.fahrplan.wanted import Wanted

MAX_ID = 2**31 - 1


def usable_id(source_id: str) -> int | None:
    """Return the number a source id is, None unless it is plain digits of 1 to 2^31-1 without leading zeros."""
    if not (source_id.isascii() and source_id.isdigit()) or len(source_id) > 10 or source_id[0] == "0":
        return None
    number = int(source_id)
    return number if number <= MAX_ID else None


def allocate(source_ids: Sequence[str], taken: Iterable[int]) -> list[int]:
    """Return a Fahrplan.ID for each source id in order: its own number if it is usable and free, else one above all.

    Numbers above all others are taken in order; only if they run out, the smallest free ones.
    """
    used = set(taken)
    own: list[int | None] = []
    for source_id in source_ids:
        number = usable_id(source_id)
        own.append(None if number in used else number)
        used.add(number or 0)
    following = _free_numbers(used)
    return [number if number is not None else next(following) for number in own]


def _free_numbers(used: set[int]) -> Iterator[int]:
    yield from range(max(used, default=0) + 1, MAX_ID + 1)
    yield from (number for number in range(1, MAX_ID) if number not in used)


def free_key(wanted: Wanted, taken: set[tuple[str, str, int]]) -> tuple[str, str, int]:
    """Return the identity of a talk, with an occurrence that no other one has."""
    occurrence = wanted.occurrence
    while (wanted.guid, wanted.source_id, occurrence) in taken:
        occurrence += 1
    taken.add((wanted.guid, wanted.source_id, occurrence))
    return wanted.guid, wanted.source_id, occurrence
