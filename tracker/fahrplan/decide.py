"""What becomes of each change: applied at once, kept for the crew, or ignored. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracker.fahrplan import policy as rules
from tracker.fahrplan.diff import GONE, LOCK, OPTED_OUT, UNCLEAR, Changed, Changes, kind_of
from tracker.fahrplan.policy import APPLY, ASK, BOOKKEEPING, IGNORE, Policy
from tracker.fahrplan.schedule import Known, Talk
from tracker.fahrplan.wanted import OPTOUT, Wanted

UNTOUCHED = ("locked", "scheduled")
"""The states before a recording begins."""
WHOLE = (rules.NEW, rules.GONE, rules.BACK)
"""Parts that are about a talk as a whole and not about a property."""
OUTAGE, HOLD, RENAMED = "outage", "hold", "renamed"
"""Why changes wait although a policy lets them through: nobody knows whether their room was only renamed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that changes of a talk: a property, or `new`, `gone`, `back`; *kind* is its class."""

    name: str
    kind: str
    old: str = ""
    new: str = ""
    by_hand: bool = False
    """Somebody wrote the stored value by hand, so it is never overwritten without asking."""
    action: str = APPLY

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Part:
        """Return a part that waited."""
        return cls(**stored, action=ASK)

    def stored(self) -> dict[str, Any]:
        """Return what is kept in the database."""
        return {"name": self.name, "kind": self.kind, "old": self.old, "new": self.new, "by_hand": self.by_hand}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a Fahrplan changes of one talk. Without *known* it is new, without *wanted* gone.

    *taken* are properties of which the Fahrplan's word is noted though nothing is written.
    """

    known: Known | None
    wanted: Wanted | None
    parts: tuple[Part, ...]
    reason: str = ""

    def doing(self, action: str) -> tuple[Part, ...]:
        """Return the parts with which this is done."""
        return tuple(part for part in self.parts if part.action == action)

    @property
    def title(self) -> str:
        """Return the title, as the tracker has it."""
        return self.known.title if self.known else self.wanted.title if self.wanted else ""

    @property
    def quiet(self) -> bool:
        """Tell whether only bookkeeping changes."""
        return all(part.kind == BOOKKEEPING for part in self.parts)


def begun(known: Known) -> bool:
    """Tell whether the recording of a talk has begun, or was there before somebody locked it."""
    return known.state not in UNTOUCHED or (known.state == "locked" and known.begun)


def decide(changes: Changes, policy: Policy) -> list[Proposal]:
    """Return what becomes of each change. Nothing is applied in an outage, or while the crew wants to see all of it."""
    reason = OUTAGE if changes.mass_loss else HOLD if policy.hold else ""
    asked = {(question.key, question.new_key) for question in changes.questions}
    proposals = [
        _changed(change, policy, reason or (RENAMED if (change.known.room_key, change.talk.room_key) in asked else ""))
        for change in changes.changed
        if change.known.ticket_id >= 0
    ]
    proposals += [_gone(gone.known, policy, reason) for gone in changes.gone if gone.known.ticket_id >= 0]
    proposals += _new(changes, policy, reason, {new for _old, new in asked})
    return [proposal for proposal in proposals if proposal.parts]


def _new(changes: Changes, policy: Policy, reason: str, asked: Collection[str]) -> list[Proposal]:
    """Return the talks without a ticket: those seen for the first time, and those that wait, as they are now."""
    talks: list[tuple[Known | None, Talk]] = [(None, new.talk) for new in changes.new]
    talks += [(known, talk) for talk, known in changes.recognised if known.ticket_id < 0 and known.state == "waiting"]
    action = policy.action(rules.NEW, False)
    return [
        Proposal(known, Wanted.of(talk), (_held(Part(rules.NEW, rules.NEW, action=action), why),), why)
        for known, talk in talks
        if not policy.rooms or talk.room_key in policy.rooms
        for why in [reason or (RENAMED if talk.room_key in asked else "")]
    ]


def _held(part: Part, reason: str) -> Part:
    free = part.kind == BOOKKEEPING or (reason == RENAMED and part.kind not in (rules.NEW, rules.ROOM))
    return replace(part, action=ASK) if reason and part.action == APPLY and not free else part


def _gone(known: Known, policy: Policy, reason: str) -> Proposal:
    action = policy.action(rules.GONE, begun(known))
    return Proposal(known, None, (_held(Part(rules.GONE, rules.GONE, action=action), reason),), reason)


def _changed(change: Changed, policy: Policy, reason: str) -> Proposal:
    known = change.known
    parts = [_part(name, change, policy) for name in change.fields if name != LOCK or _unclear_alone(change)]
    if change.back:
        parts.append(Part(rules.BACK, rules.BACK, action=policy.action(rules.BACK, begun(known))))
    held = [_held(part, reason) for part in _together(parts) if part.kind != BOOKKEEPING or not part.by_hand]
    if reason == OUTAGE:
        held = [part for part in held if part.kind != BOOKKEEPING]
    return Proposal(known, Wanted.of(change.talk), tuple(held), reason)


def _unclear_alone(change: Changed) -> bool:
    """Tell whether the reason to lock comes or goes by itself, and not with an opt-out or an absence.

    What is recorded needs no clarification any more.
    """
    pair = change.fields[LOCK]
    return UNCLEAR in pair and OPTED_OUT not in pair and GONE not in pair and not begun(change.known)


def _part(name: str, change: Changed, policy: Policy) -> Part:
    old, new = change.fields[name]
    by_hand = name in change.by_hand
    kind = kind_of(name, change)
    action = APPLY if kind == BOOKKEEPING else policy.action(kind, begun(change.known))
    if name == "Fahrplan.Room" and kind == rules.TEXT and action == ASK:
        action = APPLY  # the same room under another name: nothing that anybody has to decide
    if by_hand and action == APPLY and kind not in (BOOKKEEPING, rules.OPTED_OUT):
        action = ASK
    return Part(name, kind, old, new, by_hand, action)


def _together(parts: Sequence[Part]) -> Iterable[Part]:
    """Ask about all of a new time or a new title, if about any of it: half of it would be neither old nor new."""
    asked = {part.kind for part in parts if part.action == ASK and part.kind in (rules.TIME, rules.TITLE, rules.ROOM)}
    for part in parts:
        yield replace(part, action=ASK) if part.kind in asked and part.action == APPLY else part


def said_after(known: Known, wanted: Wanted, parts: Iterable[Part]) -> dict[str, str]:
    """Return what the Fahrplan is taken to have said: all of it, but the old word about what waits or is ignored."""
    kept = {part.name for part in parts if part.action in (ASK, IGNORE)}
    said = {name: value for name, value in word_of(wanted).items() if name not in kept}
    return said | {name: value for name, value in known.base.items() if name in kept}


def word_of(wanted: Wanted) -> dict[str, str]:
    """Return all that a Fahrplan says of a talk, with the reason to lock it."""
    lock = lock_of_new(wanted)
    return dict(wanted.properties) | ({LOCK: lock} if lock else {})


def lock_after(known: Known, wanted: Wanted | None, parts: Sequence[Part]) -> str:
    """Return the importer's reason to have a talk locked once *parts* are applied, '' for none."""
    names = {part.name for part in parts}
    before = known.properties.get(LOCK, "")
    if rules.GONE in names or wanted is None:
        return GONE
    if not names & {rules.BACK, OPTOUT, LOCK} or (before == GONE and rules.BACK not in names):
        return before
    stored = dict(known.properties) | {part.name: part.new for part in parts if part.name not in WHOLE}
    if stored.get(OPTOUT) == "1":
        return OPTED_OUT
    return UNCLEAR if wanted.unclear else ""


def lock_of_new(wanted: Wanted) -> str:
    """Return the importer's reason to lock a new talk, '' for none."""
    if wanted.properties.get(OPTOUT) == "1":
        return OPTED_OUT
    return UNCLEAR if wanted.unclear else ""


def reason_of(lock: str, wanted: Wanted | None) -> str:
    """Return the sentence why a talk is locked, '' if it is not."""
    unclear = wanted.unclear if wanted else ""
    return {
        GONE: "The talk is no longer in the Fahrplan.",
        OPTED_OUT: "The speakers opted out of the recording.",
        UNCLEAR: f"To be clarified: {unclear}." if unclear else "To be clarified.",
    }.get(lock, "")
