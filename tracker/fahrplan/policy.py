"""What is done about which change: classes, actions, and what a careful crew would choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracker.errors import InvalidInput

APPLY, ASK, IGNORE = "apply", "ask", "ignore"
ACTIONS = (APPLY, ASK, IGNORE)
LEAVE = "leave"
"""What people can decide in a review besides: the tracker's word stands, and the Fahrplan's is noted."""

NEW, TIME, ROOM, TITLE, TEXT, SPEAKERS = "new", "moved in time", "moved to a room", "retitled", "text only", "speakers"
OPTED_OUT, OPTED_IN, GONE, BACK = "opt-out set", "opt-out withdrawn", "gone", "back"

DEFAULTS: Mapping[str, tuple[str, str]] = {
    NEW: (APPLY, APPLY),
    TIME: (APPLY, ASK),
    ROOM: (APPLY, ASK),
    TITLE: (APPLY, ASK),
    TEXT: (APPLY, ASK),
    SPEAKERS: (APPLY, ASK),
    OPTED_OUT: (APPLY, APPLY),
    OPTED_IN: (ASK, ASK),
    GONE: (APPLY, ASK),
    BACK: (APPLY, ASK),
}
"""Class of change -> what is done before a talk is recorded, and from then on."""
CLASSES = tuple(DEFAULTS)
BOOKKEEPING = "bookkeeping"
"""What moves under every talk without anything having moved; no class that anybody has to decide about."""

NEVER_SILENT = frozenset((TIME, ROOM, TITLE))
"""A talk that is recording or further is never moved or relabelled without asking (issue: updates that survive)."""

LOSS_SHARE, LOSS_COUNT = 0.1, 3
"""This share of the talks, and at least so many, vanish together only in an outage of the source."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a project does about changes; *hold* says why all of them wait, '' if they do not."""

    rules: Mapping[str, tuple[str, str]] = field(default_factory=lambda: DEFAULTS)
    loss_share: float = LOSS_SHARE
    loss_count: int = LOSS_COUNT
    hold: str = ""
    rooms: frozenset[str] = frozenset()
    """Keys of the rooms that are recorded; empty: all."""

    def action(self, kind: str, begun: bool) -> str:
        """Return what is done about a class of change, before a talk is recorded or after that has begun."""
        return self.rules.get(kind, DEFAULTS[kind])[begun]


def checked(rules: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    """Return rules as they are stored, without those that are as by default. Raises InvalidInput."""
    for kind, pair in rules.items():
        if kind not in DEFAULTS:
            raise InvalidInput(f"{kind!r} is no class of change; there are: {', '.join(CLASSES)}.", "policy")
        wrong = [action for action in pair if action not in ACTIONS]
        if wrong:
            raise InvalidInput(f"{wrong[0]!r} is no action; there are: {', '.join(ACTIONS)}.", "policy")
        if kind in NEVER_SILENT and pair[1] == APPLY:
            raise InvalidInput(
                f"A talk that is being recorded or further is never {kind} without asking; use 'ask' or 'ignore'.",
                "policy",
            )
    return {kind: list(pair) for kind, pair in rules.items() if pair != DEFAULTS[kind]}
