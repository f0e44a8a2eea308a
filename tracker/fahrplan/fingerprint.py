"""Whether a version of a Fahrplan says anything new: a hash of what was understood of it, and not of its bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tracker.fahrplan.policy import Policy
from tracker.fahrplan.schedule import Schedule


def fingerprint(schedule: Schedule, policy: Policy) -> str:
    """Return a hash of all talks with all their fields, of what could not be used, and of what decides about them.

    The order of the file, its version and its comments do not count: exporters print a new date at every poll.
    """
    digest = hashlib.sha256()
    for piece in _pieces(schedule, policy):
        digest.update(piece.encode("ascii") + b"\n")
    return digest.hexdigest()


def _pieces(schedule: Schedule, policy: Policy) -> Iterator[str]:
    rules = {kind: list(pair) for kind, pair in policy.rules.items()}
    yield json.dumps([rules, policy.loss_share, policy.loss_count, policy.hold, sorted(policy.rooms)], sort_keys=True)
    yield from _in_order(
        [t.guid, t.source_id, t.properties, t.unclear, t.room_key, t.room_guid] for t in schedule.talks
    )
    yield from _in_order([s.guid, s.source_id, s.title, s.reason] for s in schedule.skipped)


def _in_order(values: Iterable[Any]) -> Sequence[str]:
    return sorted(json.dumps(value) for value in values)
