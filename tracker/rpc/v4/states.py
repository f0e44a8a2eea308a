"""The names that API 4.0 has for states, in both directions, and what it says of a talk as a whole.

Its workflow has states ours lacks (postencoding, archiving ...) and no ``fixing``; four of ours have other names
there. The meta ticket, which it has besides the recording, is played by the recording.
"""

from __future__ import annotations

from tracker.models import Ticket
from tracker.statemachine import CLASSIC, ENCODING, RECORDING, Workflow, workflow

TYPES = (RECORDING, ENCODING)
"""Ticket types that both APIs have; meta, ingest and misc tickets are never handed out here."""
META = "meta"
THEIR_TYPES = (META, "ingest")
STAGING, STAGED, CLOSED = "staging", "staged", "closed"
WITHHELD = "locked"
"""Recordings in this state are talks that are not worked on yet: their meta ticket is in staging."""

_NAMES = {
    (CLASSIC.name, RECORDING): {
        "merging": "preparing",
        "merged": "prepared",
        "copying": "finalizing",
        "copied": "finalized",
    }
}


def told(flow: str, kind: str, state: str | None) -> str:
    """Return what API 4.0 calls a state of ticket type *kind* in the workflow *flow*; '' for none."""
    return _NAMES.get((flow, kind), {}).get(state or "", state or "")


def meant(flow: Workflow, kind: str, name: str) -> str | None:
    """Return the state that a client means by *name*, ours or that of API 4.0; None when there is none."""
    if kind not in TYPES:
        return None
    ours = {theirs: state for state, theirs in _NAMES.get((flow.name, kind), {}).items()}
    state = ours.get(name, name)
    return state if state in flow.tables[kind].by_name else None


def state_of(ticket: Ticket) -> str:
    """Return what API 4.0 calls the state a ticket is in."""
    return told(ticket.project.workflow, ticket.type, ticket.state)


def next_of(ticket: Ticket) -> str | None:
    """Return the state after a ticket's, by our name; None at the end."""
    return ticket.table.successor(ticket.state, ticket.disabled)


def before_of(ticket: Ticket) -> str | None:
    """Return the state before a ticket's, from which a script took it, by our name."""
    return ticket.table.predecessor(ticket.state, ticket.disabled)


def executable(ticket: Ticket, state: str | None) -> bool:
    """Tell whether scripts work in a state of this ticket's type, and get work for it at present."""
    return serves(workflow(ticket.project.workflow), ticket.type, state) and state not in ticket.project.stopped_states


def serves(flow: Workflow, kind: str, state: str | None) -> bool:
    """Tell whether scripts work in a state of a ticket type."""
    return state is not None and state in flow.services and flow.services[state][0] == kind


def of_talk(recording: Ticket) -> tuple[str, str]:
    """Return state and next state of the meta ticket that a recording plays."""
    return (STAGING, STAGED) if recording.state == WITHHELD else (STAGED, CLOSED)
