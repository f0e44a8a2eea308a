"""Whether a version of a Fahrplan says anything new: a hash of what was understood of it, and not of its bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from tracker.fahrplan.policy import Policy
from tracker.fahrplan.schedule import Schedule


def fingerprint(schedule: Schedule, policy: Policy) -> str:
    """Return a hash of all talks with all their fields, of what could not be used, and of what decides about them.

    The order of the file, its version and its comments do not count: exporters print a new date at every poll.
    """
    digest = hashlib.sha256()
    for piece in _pieces(schedule, policy):
        digest.update(json.dumps(piece, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def _pieces(schedule: Schedule, policy: Policy) -> Iterator[Any]:
    yield [{kind: list(pair) for kind, pair in policy.rules.items()}, policy.loss_share, policy.loss_count]
    yield [policy.hold, sorted(policy.rooms)]
    talks = [[t.guid, t.source_id, t.properties, t.unclear, t.room_key, t.room_guid] for t in schedule.talks]
    yield from sorted(talks, key=lambda talk: json.dumps(talk, sort_keys=True))
    yield from sorted([s.guid, s.source_id, s.title, s.reason] for s in schedule.skipped)
