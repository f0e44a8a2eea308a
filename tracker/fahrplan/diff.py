"""What changed between a Fahrplan and what the tracker has. Pure: values in, values out.

How talks are recognised is told in :mod:`tracker.fahrplan.match`; what is done about a change in ``apply``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.fahrplan.match import match, same_title
from tracker.fahrplan.schedule import IMPORTED, Known, Schedule, Skipped, Talk

LOCK = "Fahrplan.Lock"
"""Property with the reason for which an import locked a talk: one of the three below."""
GONE, OPTED_OUT, UNCLEAR = "gone", "opted out", "unclear"

LOSS_SHARE, LOSS_COUNT = 0.1, 3
"""This share of the talks, and at least so many, vanish together only in an outage of the source."""

QUIET = frozenset(("Fahrplan.GUID", "Fahrplan.Day"))
"""Bookkeeping that moves under every talk without anything having moved."""

_KINDS = {
    "Fahrplan.Title": "retitled",
    "Fahrplan.Date": "moved in time",
    "Fahrplan.Start": "moved in time",
    "Fahrplan.DateTime": "moved in time",
    "Fahrplan.Duration": "moved in time",
    "Fahrplan.Room": "moved to a room",
    "Fahrplan.Person_list": "speakers",
}


@dataclass(frozen=True, slots=True)
class New:
    """A talk the tracker does not have."""

    talk: Talk


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A talk whose stored properties say what the Fahrplan says."""

    talk: Talk
    known: Known


@dataclass(frozen=True, slots=True)
class Changed:
    """A talk that differs; *fields* maps a property to (old, new), '' for none."""

    talk: Talk
    known: Known
    fields: dict[str, tuple[str, str]]

    @property
    def quiet(self) -> bool:
        """Tell whether only keys and day numbers changed."""
        return self.fields.keys() <= QUIET

    @property
    def kinds(self) -> frozenset[str]:
        """Name the classes of change: moved in time, retitled, text only, opt-out set ..."""
        kinds = {_KINDS.get(name, "text only") for name in self.fields if name not in QUIET and name != LOCK}
        old, new = self.fields.get(LOCK, ("", ""))
        if OPTED_OUT in (old, new) and self.fields.get("Fahrplan.Recording.Optout"):
            kinds.add("opt-out set" if new == OPTED_OUT else "opt-out withdrawn")
        if old == GONE:
            kinds.add("back")
        if len(kinds) > 1:
            kinds.discard("text only")
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


def lock_of(talk: Talk) -> str:
    """Return why a talk must not be recorded as it is, '' if it may."""
    if talk.optout:
        return OPTED_OUT
    return UNCLEAR if talk.unclear else ""


def _fields(talk: Talk, known: Known) -> dict[str, tuple[str, str]]:
    wanted = {**talk.properties, LOCK: lock_of(talk)}
    names = sorted(IMPORTED | {LOCK})
    pairs = {name: (known.properties.get(name, ""), wanted.get(name, "")) for name in names}
    return {name: (old, new) for name, (old, new) in pairs.items() if old != new}


def _held(missing: Iterable[Known], skipped: Iterable[Skipped]) -> dict[int, Skipped]:
    """Find the known talks whose events are in the file but could not be used, by ticket id."""
    by_guid = {event.guid: event for event in skipped if event.guid}
    by_id = {(event.source_id, same_title(event.title)): event for event in skipped if event.source_id}
    found = {}
    for known in missing:
        title = same_title(known.properties.get("Fahrplan.Title", known.title))
        event = by_guid.get(known.guid) or by_id.get((known.source_id, title))
        if event is not None:
            found[known.ticket_id] = event
    return found


def diff(schedule: Schedule, existing: Sequence[Known]) -> Changes:
    """Compare a schedule with the known talks. A talk reported as gone before is not reported again."""
    matched = match(schedule.talks, existing)
    new: list[New] = []
    changed: list[Changed] = []
    unchanged: list[Unchanged] = []
    for number, talk in enumerate(schedule.talks):
        if number not in matched:
            new.append(New(talk))
            continue
        known = existing[matched[number]]
        fields = _fields(talk, known)
        if fields:
            changed.append(Changed(talk, known, fields))
        else:
            unchanged.append(Unchanged(talk, known))
    here = set(matched.values())
    missing = [k for n, k in enumerate(existing) if n not in here and k.properties.get(LOCK) != GONE]
    held = _held(missing, schedule.skipped)
    gone = tuple(Gone(known) for known in missing if known.ticket_id not in held)
    return Changes(
        tuple(new),
        tuple(changed),
        gone,
        tuple(unchanged),
        tuple(Held(known, held[known.ticket_id]) for known in missing if known.ticket_id in held),
        schedule.skipped,
        schedule.notes,
        schedule.version,
        _is_outage(schedule, existing, len(gone)),
    )


def _is_outage(schedule: Schedule, existing: Sequence[Known], lost: int) -> bool:
    """Tell whether so many talks vanished at once that the source must have failed (design D12, issue of updates)."""
    if lost and not schedule.events:
        return True
    alive = sum(known.properties.get(LOCK) != GONE for known in existing)
    return lost >= LOSS_COUNT and lost >= LOSS_SHARE * alive
