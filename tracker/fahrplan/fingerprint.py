"""Whether a version of a Fahrplan says anything new: a hash of what was understood of it, and not of its version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter

from tracker.fahrplan.policy import Policy
from tracker.fahrplan.schedule import KnownRoom, Schedule, Talk

_LEFT_OUT = ("where", "occurrence", "doubts", "code")
"""What a talk carries besides what becomes of it; its place in the file among them."""
_WORD = attrgetter(*(item.name for item in fields(Talk) if item.name not in _LEFT_OUT), "room_key")


def of_surroundings(rooms: Iterable[KnownRoom], zone: str, policy: Policy) -> str:
    """Return a hash of what an import looks at besides the file: once that changes, the same file says other things."""
    around = repr((sorted(rooms, key=lambda room: room.key), zone, _decides(policy)))
    return hashlib.sha256(around.encode("utf-8", "surrogatepass")).hexdigest()


def of_file(file: bytes, surroundings: str) -> str:
    """Return a hash of everything that an import looks at: the same again need not even be read."""
    return hashlib.sha256(surroundings.encode() + b"\0" + file).hexdigest()


def of_content(schedule: Schedule, policy: Policy) -> str:
    """Return a hash of all talks with all their fields, of what could not be used, and of what decides about them.

    The order of the file, its version and its comments do not count: exporters print a new date at every poll.
    """
    pieces = sorted("\x1f".join(map(str, _WORD(talk))) for talk in schedule.talks)
    pieces += sorted("\x1f".join((each.guid, each.source_id, each.title, each.reason)) for each in schedule.skipped)
    text = "\x1e".join([_decides(policy), *pieces])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _decides(policy: Policy) -> str:
    return repr((sorted(policy.rules.items()), policy.loss_share, policy.loss_count, policy.hold, sorted(policy.rooms)))
