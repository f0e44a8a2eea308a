"""Does a worker's name have the address it calls from (seed 003)? Look-ups are kept and never waited for long."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

log = logging.getLogger(__name__)

OFF, LOG, ENFORCE = "off", "log", "enforce"
MODES = (OFF, LOG, ENFORCE)

KEEP_S, KEEP_NOTHING_S = 300.0, 60.0
"""How long the addresses of a name are believed, and that it has none."""
ANEW_S = 30.0
"""A caller from an address that is not among those known has the name looked up again, so often at most."""
WAIT_S = 2.0
"""How long a call waits for its names; a slower answer serves the next call."""
MOST_NAMES, MOST_FORMS, MOST_AT_ONCE = 1000, 4, 8


def forms(name: str) -> list[str]:
    """List what a worker's host may be called in DNS: its name, and the name without suffixes of the first label.

    Scripts append ``-record`` or, without a suffix, a bare hyphen (``host-.domain``) to tell processes apart.
    """
    label, dot, domain = name.partition(".")
    found = [] if label.endswith("-") else [name]
    while "-" in label and len(found) < MOST_FORMS:
        label = label.rpartition("-")[0].rstrip("-")
        if label:
            found.append(label + dot + domain)
    return found


def plain(address: str) -> str:
    """Return an IP address in one spelling: without zone, IPv4 inside IPv6 as IPv4, all of this machine as one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return "loopback" if found.is_loopback else str(found)


def addresses(name: str) -> frozenset[str]:
    """Ask the system for the addresses of a name; none when it is unknown or the answer does not come."""
    try:
        return frozenset(str(entry[4][0]) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):  # a label of more than 63 characters cannot be encoded
        return frozenset()


@dataclass
class _Answer:
    """What is known about a name; *done* is set when the look-up ended."""

    asked: float
    done: threading.Event = field(default_factory=threading.Event)
    found: frozenset[str] = frozenset()

    def stale(self, address: str, now: float) -> bool:
        if not self.done.is_set():
            return False
        age = now - self.asked
        return age > (KEEP_S if self.found else KEEP_NOTHING_S) or (age > ANEW_S and address not in self.found)


class Hosts:
    """Names and their addresses, for all threads of a process."""

    def __init__(self, look_up: Callable[[str], frozenset[str]] = addresses, wait_s: float = WAIT_S) -> None:
        """Ask by *look_up*, which may be slow: a call waits *wait_s* seconds at most."""
        self._look_up = look_up
        self._wait_s = wait_s
        self._known: dict[str, _Answer] = {}
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._told: set[tuple[str, str]] = set()

    def objection(self, name: str, address: str) -> str:
        """Return why the worker *name* may not call from *address*, '' when one form of its name has that address."""
        answers = list(self._ask(name, plain(address)))
        deadline = time.monotonic() + self._wait_s
        for _form, answer in answers:
            answer.done.wait(max(0.0, deadline - time.monotonic()))
            if plain(address) in answer.found:
                return ""
        return (
            f"{name} may not call from {address}: " + "; ".join(_told(form, answer) for form, answer in answers) + "."
        )

    def note(self, name: str, address: str) -> None:
        """Write an objection to the log, once for a name and address; does not wait for an answer under way."""
        if not all(answer.done.is_set() for _form, answer in list(self._ask(name, plain(address)))):
            return
        reason = self.objection(name, address)
        if reason and (name, address) not in self._told:
            if len(self._told) >= MOST_NAMES:
                self._told.clear()
            self._told.add((name, address))
            log.warning("%s FAHRWERK_WORKER_DNS=%s would refuse it.", reason, ENFORCE)

    def _ask(self, name: str, address: str) -> Iterator[tuple[str, _Answer]]:
        """Have all forms of a name looked up at once, unless they are known."""
        for form in forms(name):
            with self._lock:
                answer = self._known.get(form)
                if answer is None or answer.stale(address, time.monotonic()):
                    answer = self._begin(form)
            yield form, answer

    def _begin(self, form: str) -> _Answer:
        answer = self._known[form] = _Answer(time.monotonic())
        while len(self._known) > MOST_NAMES:
            del self._known[next(iter(self._known))]
        threading.Thread(target=self._find, args=(form, answer), name=f"look up {form}", daemon=True).start()
        return answer

    def _find(self, form: str, answer: _Answer) -> None:
        with self._free:
            answer.found = frozenset(plain(address) for address in self._look_up(form))
        answer.done.set()


def _told(form: str, answer: _Answer) -> str:
    if not answer.done.is_set():
        return f"the look-up of {form} takes long, try again"
    return f"{form} has {', '.join(sorted(answer.found))}" if answer.found else f"{form} is not in DNS"
