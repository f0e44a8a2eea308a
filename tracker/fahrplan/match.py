"""Which scheduled talk is which ticket's.

Schedules re-deal numeric ids, re-make guids, and give one guid or id to several sessions, so no single key is trusted
(design D12). Talks are paired by guid; then by title, start and room; then by source id, unless guid and title both
differ. Where keys were dealt out anew among sessions of one title, the session that stands where one stood is that
one: recordings hang on time and room.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tracker.fahrplan.schedule import Known, Talk, room_key


@dataclass(frozen=True, slots=True)
class _Place:
    """What identifies one talk, for keys and for people; *number* is its position in its list."""

    number: int
    guid: str
    source_id: str
    title: str
    start: datetime | None
    room: str

    @property
    def slot(self) -> tuple[datetime | None, str]:
        """Return when and where."""
        return self.start, self.room

    @property
    def order(self) -> tuple[float, int]:
        """Return what sorts places by time."""
        return (self.start.timestamp() if self.start else 0.0, self.number)


Grade = Callable[[_Place], Hashable]
Wanted = Callable[[_Place], bool]


def _any(place: _Place) -> bool:
    return True


_ALIKE: tuple[Grade, ...] = (
    lambda place: (place.title, place.slot),
    lambda place: (place.title, place.start),
    lambda place: (place.title, place.room),
    lambda place: place.title,
)
"""How alike two talks of one title are, best first."""


def same_title(text: str) -> str:
    """Return a title as it is compared: blanks and case do not count."""
    return " ".join(text.split()).casefold()


def instant(text: str) -> datetime | None:
    """Return the moment that a stored start is, in UTC; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _of_talk(number: int, talk: Talk) -> _Place:
    start = talk.start.astimezone(UTC)
    return _Place(number, talk.guid, talk.source_id, same_title(talk.title), start, talk.room_key)


def _of_known(number: int, known: Known) -> _Place:
    stored = known.base if known.seen is None else known.seen
    title = same_title(stored.get("Fahrplan.Title", known.title))
    start = instant(stored.get("Fahrplan.DateTime", ""))
    room = known.room_key or room_key(stored.get("Fahrplan.Room", ""))
    return _Place(number, known.guid, known.source_id, title, start, room)


class _Matching:
    """Pairs talks with known ones, step by step; a pair once made is only touched by :meth:`settle`."""

    def __init__(self, talks: Sequence[_Place], known: Sequence[_Place]) -> None:
        """Begin with nothing paired."""
        self.talks = list(talks)
        self.known = list(known)
        self.pairs: list[tuple[_Place, _Place]] = []

    def by(self, grade: Grade, talks: Wanted = _any, known: Wanted = _any) -> None:
        """Pair the free talks and known ones that have the same key, in order; *talks* and *known* say which may."""
        waiting: dict[Hashable, deque[_Place]] = defaultdict(deque)
        for place in self.known:
            if known(place):
                waiting[grade(place)].append(place)
        pairs = []
        for talk in self.talks:
            found = waiting.get(grade(talk)) if talks(talk) else None
            if found:
                pairs.append((talk, found.popleft()))
        self._take(pairs)

    def _take(self, pairs: list[tuple[_Place, _Place]]) -> None:
        self.pairs += pairs
        talks, known = {talk.number for talk, _ in pairs}, {place.number for _, place in pairs}
        self.talks = [place for place in self.talks if place.number not in talks]
        self.known = [place for place in self.known if place.number not in known]

    def by_guid(self) -> None:
        """Pair what has the same guid; of several occurrences the most alike first, the rest in order of time."""
        for alike in (*_ALIKE, lambda place: 0):
            self.by(_keyed(lambda place: place.guid, alike))

    def by_source_id(self) -> None:
        """Pair what has the same source id and title, or the same source id where a guid is missing."""
        for alike in _ALIKE:
            self.by(_keyed(lambda place: place.source_id, alike))
        alone = _keyed(lambda place: place.source_id, lambda place: 0)
        self.by(alone, talks=lambda talk: not talk.guid)
        self.by(alone, known=lambda known: not known.guid)

    def settle(self) -> None:
        """Pair the moved sessions of each title anew: those that stand where another stood swap back."""
        moved: dict[str, list[tuple[_Place, _Place]]] = defaultdict(list)
        kept = []
        for talk, known in self.pairs:
            if talk.title == known.title and talk.slot != known.slot:
                moved[talk.title].append((talk, known))
            else:
                kept.append((talk, known))
        self.pairs = kept + [pair for group in moved.values() for pair in _settled(group)]


def _keyed(key: Callable[[_Place], str], alike: Grade) -> Grade:
    """Combine a key with a grade; places without that key get one of their own, so that they match nothing."""
    return lambda place: (key(place) or (id(place),), alike(place))


def _settled(group: list[tuple[_Place, _Place]]) -> list[tuple[_Place, _Place]]:
    """Return the pairs of one title with those exchanged whose keys were exchanged."""
    free = {known.number: known for _, known in group}
    at: dict[tuple[datetime | None, str], list[_Place]] = defaultdict(list)
    for _, known in group:
        at[known.slot].append(known)
    settled, rest, left_over = [], [], []
    for talk, before in group:
        if at[talk.slot]:
            known = at[talk.slot].pop()
            settled.append((talk, free.pop(known.number)))
        else:
            rest.append((talk, before))
    for talk, before in rest:
        if before.number in free:
            settled.append((talk, free.pop(before.number)))
        else:
            left_over.append(talk)
    unclaimed = sorted(free.values(), key=lambda place: place.order)
    return settled + list(zip(sorted(left_over, key=lambda place: place.order), unclaimed, strict=True))


def match(talks: Sequence[Talk], existing: Sequence[Known]) -> dict[int, int]:
    """Return for the position of each recognised talk the position of the known one."""
    places = sorted((_of_talk(number, talk) for number, talk in enumerate(talks)), key=lambda place: place.order)
    stored = sorted((_of_known(number, known) for number, known in enumerate(existing)), key=lambda place: place.order)
    matching = _Matching(places, stored)
    matching.by(lambda place: (place.guid, place.source_id, place.title, place.slot))
    matching.by_guid()
    matching.by(_keyed(lambda place: place.source_id, _ALIKE[0]))
    matching.by(_ALIKE[0])
    matching.by_source_id()
    matching.settle()
    return {talk.number: known.number for talk, known in matching.pairs}
