"""Workers: who a script is, by its login hash, and the answers kept for repeated calls."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta

from tracker import queries, wire
from tracker.db import db, now
from tracker.errors import BadLogin
from tracker.models import Reply, Worker

FQDN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9-])?\.?\Z")
"""Host names, also with a suffix and its trailing hyphen as the clients of 2013 build them (``host-.domain``)."""

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,80}\Z")
KEEP_REPLIES = timedelta(hours=6)


def identify(login_hash: str, fqdn: str, secrets: Collection[str]) -> Worker:
    """Return the worker whose hash is MD5(FQDN . secret) for one of *secrets*; its first valid call registers it.

    Raises BadLogin for a wrong hash or a name that is no host name.
    """
    if not FQDN.match(fqdn):
        raise BadLogin(f"{fqdn[:60]!r} is no host name.")
    if not any(secret and wire.same(wire.login_hash(fqdn, secret), login_hash.lower()) for secret in secrets):
        raise BadLogin(
            f"Wrong login hash for {fqdn}: it has to be MD5(FQDN . secret); is the secret in "
            "FAHRWERK_SECRET the same on both sides?"
        )
    return queries.register_worker(queries.v3_group().id, fqdn)


def remembered(worker: Worker, request_id: str) -> bytes | None:
    """Return the answer already given to this request id; waits for a first call still under way."""
    queries.lock_request(worker.id, request_id)
    return queries.reply(worker.id, request_id)


def remember(worker: Worker, request_id: str, body: bytes) -> None:
    """Keep an answer for repetitions of the call; old ones go."""
    queries.forget_replies(now() - KEEP_REPLIES)
    db.session.add(Reply(worker_id=worker.id, request_id=request_id, body=body))
    db.session.flush()
