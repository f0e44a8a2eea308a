"""Which room of the project a room of the Fahrplan is. Pure: values in, values out.

A room keeps its key, with which its recordings begin, for ever (design D12); its name may change. It is known by its
guid, else by its name (case does not count), else by a new spelling that has the same key. Where a room vanishes and
its talks turn up in an unknown one, only a person knows whether it was renamed: that is a question.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tracker.fahrplan.schedule import Known, KnownRoom, RoomChange, RoomQuestion, Skipped, Talk, room_key
from tracker.fahrplan.text import clean_line

LEAST_MOVED = 2
"""So many talks have to move together before it is asked whether their room was renamed; one talk simply moves."""


@dataclass(slots=True)
class Placement:
    """The talks with the keys of their rooms, those whose room collides with another, and what known rooms become."""

    talks: list[Talk]
    refused: list[Skipped] = field(default_factory=list)
    changes: tuple[RoomChange, ...] = ()
    unknown: frozenset[str] = frozenset()


class _Places:
    """Finds a key for every room name of a file; names are compared without case."""

    def __init__(self, talks: Sequence[Talk], known: Iterable[KnownRoom]) -> None:
        """Look at what the file says of its rooms and what the project has."""
        self.known = list(known)
        self.names: dict[str, str] = {}
        for name in dict.fromkeys(talk.room for talk in talks):
            if room_key(name):
                self.names.setdefault(name.casefold(), name)
        self.guids = _guids(talks)
        self.homes: dict[str, KnownRoom] = {}
        self.new: dict[str, str] = {}
        self.reasons: dict[str, str] = {}

    def settle(self) -> None:
        """Find the known rooms: by guid, by name, by key; then keys for the others, or why there is none."""
        self._take({room.guid: room for room in self.known if room.guid}, self.guids)
        self._take({clean_line(room.name).casefold(): room for room in self.known}, {name: name for name in self.names})
        claims: dict[str, list[str]] = defaultdict(list)
        for name, spelt in self.names.items():
            if name not in self.homes:
                claims[room_key(spelt)].append(name)
        holders = self._holders()
        for key, names in claims.items():
            holder = holders.get(key)
            if len(names) == 1 and (holder is None or (holder.key == key and holder not in self.homes.values())):
                self._claim(names[0], key, holder)
            else:
                self._refuse(key, names, holder)

    def _take(self, rooms: Mapping[str, KnownRoom], keys: Mapping[str, str]) -> None:
        """Give each name the known room with its key, each room to one name only."""
        taken = {room.key for room in self.homes.values()}
        for name in self.names:
            room = rooms.get(keys.get(name, "")) if name not in self.homes else None
            if room is not None and room.key not in taken:
                self.homes[name] = room
                taken.add(room.key)

    def _holders(self) -> dict[str, KnownRoom]:
        """Return the rooms whose recordings begin with a key, by that key."""
        recorders = {recorder: room for room in self.known for recorder in room.recorders}
        return recorders | {room.key: room for room in self.known}

    def _claim(self, name: str, key: str, holder: KnownRoom | None) -> None:
        if holder is None:
            self.new[name] = key
        else:
            self.homes[name] = holder

    def _refuse(self, key: str, names: Sequence[str], holder: KnownRoom | None) -> None:
        others = [self.names[name] for name in names]
        if holder is not None and holder in self.homes.values():
            others.insert(0, next(self.names[name] for name, room in self.homes.items() if room == holder))
        elif holder is not None:
            others.insert(0, holder.name)
        listed = " and ".join(f"'{name[:60]}'" for name in dict.fromkeys(others))
        reason = f"The rooms {listed} would have the same name '{key}' at the recorders; one must be renamed."
        self.reasons |= dict.fromkeys(names, reason)

    def changes(self) -> Iterator[RoomChange]:
        """Yield what is new about known rooms: another name, another guid."""
        for name, room in self.homes.items():
            spelt = room.name if room.name.casefold() == name else self.names[name]
            guid = self.guids.get(name, "") or room.guid
            if (spelt, guid) != (room.name, room.guid):
                yield RoomChange(room.key, spelt, guid, room.name)

    def key(self, talk: Talk) -> str:
        """Return the key of a talk's room."""
        name = talk.room.casefold()
        room = self.homes.get(name)
        return room.key if room is not None else room_key(talk.room)


def _guids(talks: Iterable[Talk]) -> dict[str, str]:
    """Map names of rooms to their guids; one that several rooms share, or of a room with several, says nothing."""
    pairs = {(talk.room.casefold(), talk.room_guid) for talk in talks if talk.room_guid}
    names, guids = Counter(name for name, _ in pairs), Counter(guid for _, guid in pairs)
    return {name: guid for name, guid in pairs if names[name] == 1 and guids[guid] == 1}


def place(talks: Sequence[Talk], known: Iterable[KnownRoom]) -> Placement:
    """Say for each talk which room of the project it is in.

    Talks in rooms whose keys collide are taken out: the wrong room would be recorded for them (design D12). A room that
    the project already has keeps its key against a newcomer.
    """
    places = _Places(talks, known)
    places.settle()
    kept, refused = [], []
    for talk in talks:
        reason = places.reasons.get(talk.room.casefold()) if places.reasons else None
        if reason is not None:
            refused.append(Skipped(reason, talk.where, talk.guid, talk.source_id, talk.title))
            continue
        key = places.key(talk)
        kept.append(talk if key == talk.room_key else replace(talk, key=key))
    return Placement(kept, refused, tuple(places.changes()), frozenset(places.new.values()))


def questions(
    pairs: Iterable[tuple[Talk, Known]], present: Iterable[Talk], unknown: frozenset[str]
) -> Iterator[RoomQuestion]:
    """Yield a question for each room that is gone while all its talks stand, at their times, in one unknown room.

    *pairs* are the recognised talks, *present* all talks of the file, *unknown* the keys of rooms the project has not.
    """
    here = {talk.room_key for talk in present}
    moved: dict[str, list[tuple[Talk, Known]]] = defaultdict(list)
    for talk, known in pairs:
        if known.room_key and known.room_key not in here:
            moved[known.room_key].append((talk, known))
    for key, group in moved.items():
        first, before = group[0]
        together = all(talk.room_key == first.room_key and _same_start(talk, known) for talk, known in group)
        if together and len(group) >= LEAST_MOVED and first.room_key in unknown:
            yield RoomQuestion(key, before.base.get("Fahrplan.Room", key), first.room, first.room_key, len(group))


def _same_start(talk: Talk, known: Known) -> bool:
    return known.base.get("Fahrplan.DateTime", "") == talk.start.isoformat(timespec="seconds")
