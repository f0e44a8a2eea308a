"""Which states exist and what may happen: data, and one ``transitions.Machine`` per ticket type.

A workflow is a table. ``classic`` holds the three tables of seed 003 to the letter; another workflow is another
table. Nothing here knows rows, sessions or users: a state is a string, a ticket anything with ``.state``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from transitions import Machine

RECORDING, ENCODING, MISC = "recording", "encoding", "misc"
TYPES = (RECORDING, ENCODING, MISC)

STATIC, PROCESS = "static", "process"

HUMAN, TRACKER, IMPORTER = "human", "tracker", "importer"
SCRIPT_A, SCRIPT_B, SCRIPT_C, ENCODER, SCRIPT_D, SCRIPT_E = (
    "script A",
    "script B",
    "script C",
    "encoder",
    "script D",
    "script E",
)
SCRIPTS = frozenset((SCRIPT_A, SCRIPT_B, SCRIPT_C, ENCODER, SCRIPT_D, SCRIPT_E))


@dataclass(frozen=True)
class State:
    """One row of a state table; *progress* in percent, *entered_by* and *left_by* name actors."""

    name: str
    kind: str
    progress: float
    entered_by: tuple[str, ...]
    left_by: tuple[str, ...]
    description: str = ""
    successor: str | None = None
    predecessor: str | None = None
    additional: bool = False

    @property
    def script(self) -> str | None:
        """Return the script that works in this state, None for static and human states."""
        if self.kind != PROCESS:
            return None
        return next((actor for actor in self.entered_by if actor in SCRIPTS), None)


@dataclass(frozen=True)
class Table:
    """The states of one ticket type in their order; additional states stand outside the order."""

    type: str
    states: tuple[State, ...]
    initial: str

    @cached_property
    def by_name(self) -> Mapping[str, State]:
        """Map the name of a state to its row."""
        return {state.name: state for state in self.states}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """List the names of the predefined transitions in order, without the additional states."""
        return tuple(state.name for state in self.states if not state.additional)

    @cached_property
    def machine(self) -> Machine:
        """Build the one shared machine: any state can be reached from any other (seed 003)."""
        names = [state.name for state in self.states]
        machine = Machine(model=None, states=names, initial=self.initial, auto_transitions=False)
        for name in names:
            machine.add_transition(trigger=name, source="*", dest=name)
        return machine

    def successor(self, name: str, disabled: Collection[str] = ()) -> str | None:
        """Return the state after *name*, skipping *disabled* ones; None at the end."""
        state = self.by_name[name]
        if state.additional:
            target = state.successor
            return target if target is None or target not in disabled else self.successor(target, disabled)
        later = self.order[self.order.index(name) + 1 :]
        return next((other for other in later if other not in disabled), None)

    def predecessor(self, name: str, disabled: Collection[str] = ()) -> str | None:
        """Return the state before *name*, skipping *disabled* ones; None at the beginning."""
        state = self.by_name[name]
        if state.additional:
            before = state.predecessor
            return before if before is None or before not in disabled else self.predecessor(before, disabled)
        earlier = self.order[: self.order.index(name)]
        return next((other for other in reversed(earlier) if other not in disabled), None)

    def initial_state(self, disabled: Collection[str] = ()) -> str | None:
        """Return the state a new ticket begins in: `initial`, or the first one after it that is on; None if none is."""
        return self.initial if self.initial not in disabled else self.successor(self.initial, disabled)

    def reached(self, name: str, disabled: Collection[str] = ()) -> str:
        """Return the static state a ticket in *name* has reached: in a process state the work is not done yet."""
        state: str | None = name
        while state is not None and self.by_name[state].kind == PROCESS:
            state = self.predecessor(state, disabled)
        return state or self.order[0]

    def position(self, name: str) -> float:
        """Return where a state stands in the order; an additional state stands just before its successor."""
        if name in self.order:
            return float(self.order.index(name))
        successor = self.by_name[name].successor
        return self.order.index(successor) - 0.5 if successor else float(len(self.order))


@dataclass(frozen=True)
class Workflow:
    """The tables of all ticket types, and how recordings and encodings hang together."""

    name: str
    tables: Mapping[str, Table]
    material: str
    """The recording state from which on the source can be encoded."""
    needed: str
    """The encoding state of a ticket whose source cannot be encoded yet."""
    ready: str
    """The encoding state of a ticket whose source can be encoded; the first that a script takes tickets from."""

    def commence(self, kind: str, disabled: Collection[str] = (), stopped: Collection[str] = ()) -> str | None:
        """Return the state just before the first one that a script works in; None when there is none.

        States that are *disabled* are skipped, those *stopped* too: no script gets work for them.
        """
        table = self.tables[kind]
        state = table.initial_state(disabled)
        while state is not None:
            following = table.successor(state, disabled)
            if following is None or (table.by_name[following].script is not None and following not in stopped):
                return state if following is not None else None
            state = following
        return None

    @cached_property
    def services(self) -> Mapping[str, tuple[str, State]]:
        """Map a process state that a script works in to (ticket type, state); names are unique per workflow."""
        return {
            state.name: (table.type, state)
            for table in self.tables.values()
            for state in table.states
            if state.script is not None
        }


def _states(*rows: tuple[str, str, float, tuple[str, ...], tuple[str, ...], str]) -> tuple[State, ...]:
    return tuple(State(name, kind, progress, to, away, text) for name, kind, progress, to, away, text in rows)


_RECORDING = Table(
    RECORDING,
    (
        *_states(
            ("locked", STATIC, 0, (HUMAN,), (HUMAN,), "cancelled, asked not to be recorded, to be clarified"),
            ("scheduled", STATIC, 0, (IMPORTER,), (SCRIPT_A,), "planned, the event is in the future"),
            ("recording", PROCESS, 12.5, (SCRIPT_A,), (SCRIPT_A,), "the event is being recorded"),
            ("recorded", STATIC, 25, (SCRIPT_A, HUMAN), (SCRIPT_B,), "waits for its recording to be put together"),
            ("merging", PROCESS, 37.5, (SCRIPT_B,), (SCRIPT_B,), "the virtual recording is being made"),
            ("merged", STATIC, 50, (SCRIPT_B, HUMAN), (HUMAN,), "waits to be cut by hand"),
            ("cutting", PROCESS, 62.5, (HUMAN,), (HUMAN,), "somebody cuts and checks"),
            ("cut", STATIC, 75, (HUMAN,), (SCRIPT_C,), "ready for copying"),
            ("copying", PROCESS, 87.5, (SCRIPT_C,), (SCRIPT_C,), "the cut master is being made"),
            ("copied", STATIC, 100, (SCRIPT_C,), (HUMAN,), "the source is ready for the encoders"),
        ),
        State(
            "fixing",
            PROCESS,
            50,
            (HUMAN,),
            (HUMAN,),
            "the repair team prepares new source video",
            successor="merged",
            predecessor="merged",
            additional=True,
        ),
    ),
    initial="scheduled",
)

_ENCODING = Table(
    ENCODING,
    (
        *_states(
            ("material needed", STATIC, 0, (TRACKER, HUMAN), (TRACKER,), "the source is not ready yet"),
            ("ready to encode", STATIC, 10, (TRACKER, HUMAN), (ENCODER,), "ready to be encoded with its profile"),
            ("encoding", PROCESS, 20, (ENCODER,), (ENCODER,), "is being encoded"),
            ("encoded", STATIC, 65, (ENCODER,), (HUMAN,), "waits for quality assurance"),
            ("checking", PROCESS, 70, (HUMAN,), (HUMAN,), "somebody checks the result"),
            ("checked", STATIC, 75, (HUMAN,), (SCRIPT_D,), "passed quality assurance"),
            ("postprocessing", PROCESS, 80, (SCRIPT_D,), (SCRIPT_D,), "checksums and hidden mirror copy"),
            ("postprocessed", STATIC, 85, (SCRIPT_D,), (HUMAN,), "waits for the last look at all files"),
            ("ready to release", STATIC, 90, (HUMAN,), (HUMAN,), "release it into the wild"),
            ("releasing", PROCESS, 95, (SCRIPT_E,), (SCRIPT_E,), "is being published and announced"),
            ("released", STATIC, 100, (SCRIPT_E,), (HUMAN,), "done; a human can revert the release"),
        ),
        State(
            "fixing",
            PROCESS,
            50,
            (HUMAN,),
            (HUMAN,),
            "the encoding team prepares correctly encoded files",
            successor="encoded",
            predecessor="encoded",
            additional=True,
        ),
    ),
    initial="material needed",
)

_MISC = Table(
    MISC,
    _states(
        ("open", STATIC, 0, (HUMAN,), (HUMAN,), "to be done"),
        ("inprogress", PROCESS, 50, (HUMAN,), (HUMAN,), "somebody is at it"),
        ("resolved", STATIC, 100, (HUMAN,), (HUMAN,), "done"),
        ("wontfix", STATIC, 100, (HUMAN,), (HUMAN,), "will not be done"),
    ),
    initial="open",
)

CLASSIC = Workflow(
    "classic",
    {t.type: t for t in (_RECORDING, _ENCODING, _MISC)},
    material="copied",
    needed="material needed",
    ready="ready to encode",
)
WORKFLOWS: Mapping[str, Workflow] = {CLASSIC.name: CLASSIC}


def workflow(name: str) -> Workflow:
    """Return the workflow called *name*; raise KeyError for an unknown one."""
    return WORKFLOWS[name]


def fire(table: Table, ticket: Any, target: str) -> tuple[str, str]:
    """Move *ticket* (anything with ``state``) to *target*; return (old, new). KeyError for an unknown state."""
    old: str = ticket.state
    table.machine.events[target].trigger(ticket)
    return old, target


def progress(table: Table, state: str) -> float:
    """Return the percent of a ticket in *state* (seed 003, column progress)."""
    return table.by_name[state].progress


def talk_progress(recording: float, encodings: Collection[float]) -> float:
    """Return the percent of a talk: the mean of its recording and its encoding tickets."""
    values = [recording, *encodings]
    return sum(values) / len(values)


def all_states(name: str = CLASSIC.name) -> list[str]:
    """List every state name of a workflow once, for CHECK constraints."""
    seen = {state.name: None for table in workflow(name).tables.values() for state in table.states}
    return list(seen)
