"""The tracker as scripts see it: one typed method per RPC call.

Transport errors are repeated with the same request id, so a call is never carried out twice; faults never are.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from scripts.worker.transport import Connection, Forbidden, Patience, Unreachable, deliver
from tracker import wire

LOST_FAULTS = frozenset({414, 415, 416})  # no such ticket, not assigned, assigned to another worker
MAX_LOG_CHARS = 1_000_000


class Refused(Exception):
    """The tracker answered with a fault; *code* is its number."""

    def __init__(self, method: str, code: int, sentence: str) -> None:
        """Keep the fault *code* and the tracker's *sentence*."""
        super().__init__(f"The tracker refused {method}: {sentence} (fault {code})")
        self.code = code


class TicketLost(Exception):
    """The ticket belongs to somebody else by now: stop, drop the result, report nothing."""


class TrackerUnavailable(Exception):
    """The tracker did not answer for as long as it was worth waiting."""


@dataclass(frozen=True)
class Ticket:
    """A ticket as the tracker hands it out."""

    id: int
    title: str = ""
    type: str = ""
    state: str = ""
    failed: bool = False
    attempt: int = 1
    parent_id: int | None = None
    project_id: int | None = None
    fahrplan_id: int | None = None
    encoding_profile_id: int | None = None
    priority: str = ""

    @classmethod
    def from_wire(cls, struct: Mapping[str, Any]) -> Ticket:
        """Read the tracker's ticket *struct*, in which an absent number is an empty string."""
        return cls(
            id=int(struct["id"]),
            title=str(struct.get("title", "")),
            type=str(struct.get("ticket_type", "")),
            state=str(struct.get("ticket_state", "")),
            failed=bool(struct.get("failed", False)),
            attempt=_number(struct.get("attempt")) or 1,
            parent_id=_number(struct.get("parent_id")),
            project_id=_number(struct.get("project_id")),
            fahrplan_id=_number(struct.get("fahrplan_id")),
            encoding_profile_id=_number(struct.get("encoding_profile_id")),
            priority=str(struct.get("priority", "")),
        )


@dataclass(frozen=True)
class Project:
    """A project this worker may work for."""

    id: int
    slug: str
    title: str = ""
    read_only: bool = False
    time_zone: str = ""


def _number(value: Any) -> int | None:
    return None if value in ("", None) else int(value)


class TrackerClient:
    """A worker's door to the tracker. Neither the secret nor the login hash appears in any message or log."""

    def __init__(
        self,
        url: str,
        fqdn: str,
        secret: str,
        *,
        patience: Patience,
        lease_s: int = 60,
        timeout_s: float = 30.0,
        on_command: Callable[[str], None] = lambda command: None,
    ) -> None:
        """Log in as *fqdn* with the shared *secret*; nothing is sent before the first call.

        *on_command* gets what an operator tells this worker, whichever ping brings it.
        """
        self.fqdn = fqdn
        self._url = url
        self._door = f"/rpc/{wire.login_hash(fqdn, secret)}/{quote(fqdn, safe='')}"
        self._project = ""
        self._patience = patience
        self._lease_s = lease_s
        self._on_command = on_command
        self._connection = Connection(url, timeout_s)

    def __repr__(self) -> str:
        """Name host and project, never the address with the hash."""
        return f"TrackerClient({self.fqdn}{self._project and ' in ' + self._project})"

    def in_project(self, slug: str) -> TrackerClient:
        """Return this client bound to the project *slug*; both use the same connection."""
        client = copy(self)
        client._project = slug
        return client

    def patient(self, patience: Patience) -> TrackerClient:
        """Return this client with another *patience*; both use the same connection."""
        client = copy(self)
        client._patience = patience
        return client

    def twin(self, *, timeout_s: float) -> TrackerClient:
        """Return this client for another thread: a connection of its own, no repetition at all."""
        client = self.patient(Patience(0))
        client._connection = Connection(self._url, timeout_s)
        return client

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _call(self, method: str, *params: Any, lease: bool = False) -> Any:
        headers = {"Content-Type": "text/xml; charset=utf-8", wire.REQUEST_ID: str(uuid.uuid4())}
        if lease:
            headers[wire.LEASE_SECONDS] = str(self._lease_s)
        path = self._door + (f"/{quote(self._project, safe='')}" if self._project else "")
        try:
            return deliver(self._connection, path, wire.call(wire.PREFIX + method, params), headers, self._patience)
        except wire.Fault as fault:
            raise Refused(method, fault.code, fault.message) from None
        except Forbidden as error:
            raise Refused(method, 0, str(error)) from None
        except Unreachable as error:
            raise TrackerUnavailable(f"The tracker at {self._connection.address} does not answer: {error}") from None

    # --- calls without a project ---------------------------------------------------------------------------------

    def get_version(self) -> str:
        """Return the tracker's API version, "3.0"."""
        return str(self._call("getVersion"))

    def get_projects(self) -> list[Project]:
        """Return the projects that may be written to."""
        structs = [struct for struct in self._call("getProjects", False, False) if not struct.get("read_only")]
        return [
            Project(int(s["id"]), str(s["slug"]), str(s.get("title", "")), False, str(s.get("time_zone", "")))
            for s in structs
        ]

    def get_services(self) -> list[str]:
        """Return the names of the working states."""
        return [str(name) for name in self._call("getServices")]

    def ping(self, ticket_id: int | None = None, log_delta: str = "", progress: float = 0.0) -> str:
        """Show a sign of life, renew the lease of *ticket_id* and report *progress* (0 to 100).

        Return "OK" or a queued command. Raise TicketLost when the ticket is no longer this worker's.
        """
        ticket = "" if ticket_id is None else ticket_id
        try:
            answer = str(self._call("ping", ticket, _shortened(log_delta), int(progress), lease=True))
        except Refused as refused:
            raise _lost_or(refused) from None
        if answer == wire.TICKET_LOST:
            raise TicketLost(f"ticket {ticket_id} is no longer ours")
        if answer != wire.OK:
            self._on_command(answer)
        return answer

    # --- properties ----------------------------------------------------------------------------------------------

    def get_ticket_property(self, ticket_id: int, name: str) -> str:
        """Return one property of the ticket, '' when it has none."""
        return wire.text_of(self._call("getTicketProperty", ticket_id, name))

    def get_ticket_properties(self, ticket_id: int, pattern: str = "") -> dict[str, str]:
        """Return the merged properties of the ticket, all or those that match *pattern*."""
        answer = self._call("getTicketProperties", ticket_id, *([pattern] if pattern else []))
        return {str(name): wire.text_of(value) for name, value in dict(answer or {}).items()}

    def set_ticket_property(self, ticket_id: int, name: str, value: str) -> bool:
        """Set one property; '' deletes it."""
        return bool(self._call("setTicketProperty", ticket_id, name, value))

    def set_ticket_properties(self, ticket_id: int, values: Mapping[str, str]) -> bool:
        """Set several properties at once; '' deletes one."""
        return bool(self._call("setTicketProperties", ticket_id, dict(values)))

    # --- tickets -------------------------------------------------------------------------------------------------

    def get_unassigned_tickets_in_state(self, state: str) -> list[Ticket]:
        """Return the tickets in *state* that nobody holds."""
        return [Ticket.from_wire(struct) for struct in self._call("getUnassignedTicketsInState", state) or []]

    def assign_next_unassigned_for_state(self, state: str) -> Ticket | None:
        """Take the next ticket that waits to enter the working *state*, with a lease; None when there is none."""
        struct = self._call("assignNextUnassignedForState", state, lease=True)
        return Ticket.from_wire(struct) if struct else None

    def assign_unassigned_siblings(self, ticket_id: int, most: int, *, spare: bool = False) -> list[Ticket]:
        """Take up to *most* further tickets of the talk whose ticket is ours, for the same work, with leases.

        With *spare* none while no other talk's ticket waits.
        """
        structs = self._call("assignUnassignedSiblings", ticket_id, most, spare, lease=True)
        return [Ticket.from_wire(struct) for struct in structs or []]

    def set_ticket_done(self, ticket_id: int, message: str = "") -> None:
        """Report the ticket as done. Raise TicketLost when it is no longer this worker's."""
        self._conclude("setTicketDone", ticket_id, _shortened(message))

    def set_ticket_failed(self, ticket_id: int, message: str = "") -> None:
        """Report the ticket as failed. Raise TicketLost when it is no longer this worker's."""
        self._conclude("setTicketFailed", ticket_id, _shortened(message))

    def give_back_ticket(self, ticket_id: int, reason: str, retry_after_s: int) -> None:
        """Give the ticket back with the *reason*; it is not handed out again for *retry_after_s* seconds."""
        self._conclude("giveBackTicket", ticket_id, _shortened(reason), retry_after_s)

    def _conclude(self, method: str, ticket_id: int, *params: Any) -> None:
        try:
            accepted = self._call(method, ticket_id, *params)
        except Refused as refused:
            raise _lost_or(refused) from None
        if not accepted:
            raise TicketLost(f"ticket {ticket_id} is no longer ours: {method} was not accepted")

    def set_ticket_next_state(self, ticket_id: int, state: str, message: str = "") -> bool:
        """Move an unassigned ticket that still is in *state* to its successor; False when it is elsewhere."""
        return bool(self._call("setTicketNextState", ticket_id, state, message))

    def get_jobfile(self, ticket_id: int) -> str:
        """Return the rendered job of an encoding ticket, XML."""
        return str(self._call("getJobfile", ticket_id))

    def get_encoding_profiles(self, profile_id: int | None = None) -> Any:
        """Return all encoding profiles of the project, or the one with *profile_id*."""
        return self._call("getEncodingProfiles", *([] if profile_id is None else [profile_id]))

    def add_log(self, ticket_id: int, message: str) -> None:
        """Add a line to the ticket's log."""
        self._call("addLog", ticket_id, _shortened(message))

    # --- what the tracker wants withdrawn ------------------------------------------------------------------------

    def get_withdrawals(self) -> list[Ticket]:
        """Return the tickets that left `released` and whose public files must go."""
        return [Ticket.from_wire(struct) for struct in self._call("getWithdrawals") or []]

    def set_withdrawn(self, ticket_id: int, message: str = "") -> bool:
        """Report that nothing of the ticket is public any more."""
        return bool(self._call("setWithdrawn", ticket_id, message))


def _lost_or(refused: Refused) -> Exception:
    return TicketLost(str(refused)) if refused.code in LOST_FAULTS else refused


def _shortened(text: str) -> str:
    """Keep the end of a very long log: that is where programs say what went wrong."""
    return text if len(text) <= MAX_LOG_CHARS else "[…]\n" + text[-MAX_LOG_CHARS:]


def connect(url: str, fqdn: str, secret: str, *, patience: Patience | None = None, lease_s: int = 60) -> TrackerClient:
    """Open a client that repeats for ever unless told otherwise."""
    return TrackerClient(url, fqdn, secret, patience=patience or Patience(math.inf), lease_s=lease_s)
