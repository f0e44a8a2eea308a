"""Who calls: a worker by its login hash (API 3.0) or by its group and name, registered by its first valid call."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta

from tracker import queries, wire
from tracker.errors import BadLogin
from tracker.models import Worker, WorkerGroup
from tracker.queries import Caller

FQDN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9-])?\.?\Z")
"""Host names, also with a suffix and its trailing hyphen as the clients of 2013 build them (``host-.domain``)."""

SEEN_EVERY = timedelta(seconds=5)
"""When a worker was last heard of is written at most so often."""


def identify(login_hash: str, fqdn: str, secrets: Collection[str], address: str = "") -> Worker:
    """Return the worker of the v3 door whose login is good; see check_login and caller."""
    check_login(login_hash, fqdn, secrets)
    return caller(fqdn, address=address).worker


def check_login(login_hash: str, fqdn: str, secrets: Collection[str]) -> None:
    """Check that the hash is MD5(FQDN . secret) for one of *secrets*, without a look at the database.

    Raises BadLogin for a wrong hash or a name that is no host name.
    """
    if not FQDN.match(fqdn):
        raise BadLogin(f"{fqdn[:60]!r} is no host name.")
    if not any(secret and wire.same(wire.login_hash(fqdn, secret), login_hash.lower()) for secret in secrets):
        raise BadLogin(
            f"Wrong login hash for {fqdn}: it has to be MD5(FQDN . secret); is the secret in "
            "FAHRWERK_SECRET the same on both sides?"
        )


def caller(fqdn: str, slug: str = "", address: str = "") -> Caller:
    """Return the worker of the v3 door with this name, with the project that it names by *slug*.

    It called from *address*; its first call registers it.
    """
    known = queries.v3_caller(fqdn, slug, SEEN_EVERY)
    if known is None:
        queries.register_worker(queries.v3_group().id, fqdn, address)
        known = queries.v3_caller(fqdn, slug, SEEN_EVERY)
        assert known is not None
    _note(known, address)
    return known


def register(group: WorkerGroup, name: str, address: str = "") -> Worker:
    """Return the worker *name* of a group whose call was found to be signed; made if it is new."""
    known = queries.group_caller(group.id, name, SEEN_EVERY)
    if known is None:
        return queries.register_worker(group.id, name, address)
    _note(known, address)
    return known.worker


def _note(known: Caller, address: str) -> None:
    """Write down that a worker lives, and from where it calls, if that is old or new."""
    worker = known.worker
    if known.long_ago or (address and worker.address != address):
        queries.note_seen(worker.id, address or worker.address)
