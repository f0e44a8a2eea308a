"""What changed between a Fahrplan and what the tracker has. Pure: values in, values out.

How talks are recognised is told in :mod:`tracker.fahrplan.match`; what is done about a change in ``policy``.

Three texts are compared for each property: what the Fahrplan says now, what it said last, and what is stored. Where it
says the same as last time nothing changed, whatever is stored: somebody wrote that by hand, and it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tracker.fahrplan import policy
from tracker.fahrplan.match import instant, match, same_title
from tracker.fahrplan.policy import LOSS_COUNT, LOSS_SHARE
from tracker.fahrplan.rooms import questions
from tracker.fahrplan.schedule import IMPORTED, Known, RoomChange, RoomQuestion, Schedule, Skipped, Talk
from tracker.fahrplan.wanted import OPTOUT

LOCK = "Fahrplan.Lock"
"""Property with the reason for which an import locked a talk: one of the three below."""
GONE, OPTED_OUT, UNCLEAR = "gone", "opted out", "unclear"

QUIET = frozenset(("Fahrplan.GUID", "Fahrplan.Day"))
"""Bookkeeping that moves under every talk without anything having moved."""

_KINDS = {
    "Fahrplan.Title": policy.TITLE,
    "Fahrplan.Date": policy.TIME,
    "Fahrplan.Start": policy.TIME,
    "Fahrplan.DateTime": policy.TIME,
    "Fahrplan.Duration": policy.TIME,
    "Fahrplan.Room": policy.ROOM,
    "Fahrplan.Person_list": policy.SPEAKERS,
}
Fields = Mapping[str, tuple[str, str]]
"""Property -> (what is stored, what the Fahrplan says); '' for none."""


@dataclass(frozen=True, slots=True)
class New:
    """A talk the tracker does not have."""

    talk: Talk


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A talk of which the Fahrplan says nothing new."""

    talk: Talk
    known: Known


@dataclass(frozen=True, slots=True)
class Changed:
    """A talk of which the Fahrplan says something new; *by_hand* are the properties that somebody else wrote."""

    talk: Talk
    known: Known
    fields: Fields
    by_hand: frozenset[str] = frozenset()

    @property
    def quiet(self) -> bool:
        """Tell whether only bookkeeping changed."""
        return not self.back and all(kind_of(name, self) == policy.BOOKKEEPING for name in self.fields)

    @property
    def back(self) -> bool:
        """Tell whether the talk was gone."""
        return is_gone(self.known)

    @property
    def kinds(self) -> frozenset[str]:
        """Name the classes of change: moved in time, retitled, text only, opt-out set ..."""
        kinds = {kind_of(name, self) for name in self.fields if name != LOCK} - {policy.BOOKKEEPING}
        if self.back:
            kinds.add(policy.BACK)
        if len(kinds) > 1:
            kinds.discard(policy.TEXT)
        return frozenset(kinds)


@dataclass(frozen=True, slots=True)
class Gone:
    """A talk the Fahrplan no longer has."""

    known: Known


@dataclass(frozen=True, slots=True)
class Held:
    """A talk whose event is in the file but cannot be used; it is left as it is."""

    known: Known
    skipped: Skipped


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything a Fahrplan changes; *mass_loss* tells that *gone* looks like an outage."""

    new: tuple[New, ...] = ()
    changed: tuple[Changed, ...] = ()
    gone: tuple[Gone, ...] = ()
    unchanged: tuple[Unchanged, ...] = ()
    held: tuple[Held, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    version: str = ""
    mass_loss: bool = False
    rooms: tuple[RoomChange, ...] = ()
    questions: tuple[RoomQuestion, ...] = ()

    @property
    def recognised(self) -> list[tuple[Talk, Known]]:
        """Return the talks that the tracker knows, with what it knows."""
        changed = [(pair.talk, pair.known) for pair in self.changed]
        return changed + [(pair.talk, pair.known) for pair in self.unchanged]


def kind_of(name: str, change: Changed) -> str:
    """Return the class of one changed property.

    A slug that changes with the title is part of the new title; a room with another name is the same room, and a start
    in another time zone the same start.
    """
    fields = change.fields
    if name in QUIET or (name in _CLOCK and _same_start(change)):
        return policy.BOOKKEEPING
    if name == "Fahrplan.Slug" and "Fahrplan.Title" in fields:
        return policy.TITLE
    if name == OPTOUT and "1" in fields[name]:
        return policy.OPTED_OUT if fields[name][1] == "1" else policy.OPTED_IN
    if name == LOCK:
        causes = {"Fahrplan.Duration": policy.TIME, "Fahrplan.Room": policy.ROOM}
        return next((kind for cause, kind in causes.items() if cause in fields), policy.TEXT)
    if name == "Fahrplan.Room" and change.known.room_key == change.talk.room_key:
        return policy.TEXT
    return _KINDS.get(name, policy.TEXT)


_CLOCK = ("Fahrplan.Date", "Fahrplan.Start", "Fahrplan.DateTime")


def _same_start(change: Changed) -> bool:
    before, after = instant(change.known.properties.get("Fahrplan.DateTime", "")), change.talk.start
    return before is not None and before == after


def is_gone(known: Known) -> bool:
    """Tell whether the Fahrplan did not have a talk, and that was dealt with."""
    return known.gone or known.properties.get(LOCK) == GONE


def lock_of(talk: Talk) -> str:
    """Return why a talk must not be recorded as it is, '' if it may."""
    if talk.optout:
        return OPTED_OUT
    return UNCLEAR if talk.unclear else ""


def compare(talk: Talk, known: Known) -> Changed | Unchanged:
    """Compare a talk with the known one it was recognised as; of a light one only tell whether anything is new."""
    if not _says_something_new(talk, known):
        return Unchanged(talk, known)
    if known.light:
        return Changed(talk, known, {})
    wanted = talk.properties
    stored, said = known.properties, known.base
    fields: dict[str, tuple[str, str]] = {}
    by_hand = set()
    chosen = _start_chosen(talk, known)
    for name in _ORDER:
        new, old = wanted.get(name, ""), stored.get(name, "")
        if new == said.get(name, "") or (new == old and not _opts_out(name, new, known)) or (chosen and name in _CLOCK):
            continue
        fields[name] = (old, new)
        if old != said.get(name, ""):
            by_hand.add(name)
    lock = lock_of(talk)
    if lock not in (stored.get(LOCK, ""), said.get(LOCK, "")):
        fields[LOCK] = (stored.get(LOCK, ""), lock)
    if fields or is_gone(known):
        return Changed(talk, known, fields, frozenset(by_hand))
    return Unchanged(talk, known)


_ORDER = tuple(sorted(IMPORTED))


def _says_something_new(talk: Talk, known: Known) -> bool:
    """Tell whether the Fahrplan says of a talk anything that it did not say last."""
    wanted, said = talk.properties, known.base
    if wanted != said and any(wanted.get(name, "") != said.get(name, "") for name in _ORDER):
        return True
    return lock_of(talk) not in (known.properties.get(LOCK, ""), said.get(LOCK, "")) or is_gone(known)


def _start_chosen(talk: Talk, known: Known) -> bool:
    """Tell whether the Fahrplan means the start that it meant before, in any time zone, and a person chose another."""
    said = known.base.get("Fahrplan.DateTime", "")
    if said == known.properties.get("Fahrplan.DateTime", ""):
        return False
    return instant(said) == talk.start


def _opts_out(name: str, new: str, known: Known) -> bool:
    """Tell whether an opt-out is news although somebody had noted it by hand: the talk is not locked for it yet."""
    return name == OPTOUT and new == "1" and known.properties.get(LOCK) != OPTED_OUT


def _held(missing: Iterable[Known], skipped: Iterable[Skipped]) -> dict[int, Skipped]:
    """Find the known talks whose events are in the file but could not be used, by ticket id."""
    by_guid = {event.guid: event for event in skipped if event.guid}
    by_id = {(event.source_id, same_title(event.title)): event for event in skipped if event.source_id}
    found = {}
    for known in missing:
        title = same_title(known.base.get("Fahrplan.Title", known.title))
        event = by_guid.get(known.guid) or by_id.get((known.source_id, title))
        if event is not None:
            found[known.ticket_id] = event
    return found


def diff(
    schedule: Schedule, existing: Sequence[Known], *, loss_share: float = LOSS_SHARE, loss_count: int = LOSS_COUNT
) -> Changes:
    """Compare a schedule with the known talks. A talk that was gone before is not gone again.

    At least *loss_count* talks and *loss_share* of them gone at once look like an outage of the source.
    """
    matched = match(schedule.talks, existing)
    new = [New(talk) for number, talk in enumerate(schedule.talks) if number not in matched]
    pairs = [compare(talk, existing[matched[n]]) for n, talk in enumerate(schedule.talks) if n in matched]
    here = set(matched.values())
    missing = [known for n, known in enumerate(existing) if n not in here and not is_gone(known)]
    held = _held(missing, schedule.skipped)
    gone = tuple(Gone(known) for known in missing if known.ticket_id not in held)
    return Changes(
        tuple(new),
        tuple(pair for pair in pairs if isinstance(pair, Changed)),
        gone,
        tuple(pair for pair in pairs if isinstance(pair, Unchanged)),
        tuple(Held(known, held[known.ticket_id]) for known in missing if known.ticket_id in held),
        schedule.skipped,
        schedule.notes,
        schedule.version,
        _is_outage(schedule, existing, gone, loss_share, loss_count),
        schedule.rooms,
        tuple(questions([(pair.talk, pair.known) for pair in pairs], schedule.talks, schedule.new_rooms)),
    )


def _is_outage(
    schedule: Schedule, existing: Sequence[Known], gone: Sequence[Gone], loss_share: float, loss_count: int
) -> bool:
    """Tell whether so many talks vanished at once that the source must have failed (design D12, issue of updates)."""
    lost = sum(not lost.known.missed and lost.known.ticket_id >= 0 for lost in gone)
    if lost and not schedule.events:
        return True
    alive = sum(not is_gone(known) and not known.missed and known.ticket_id >= 0 for known in existing)
    return lost >= loss_count and lost >= loss_share * alive
