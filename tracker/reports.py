"""How a project stands: what waits for whom and since when, who is at what, what failed, how long talks take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tracker import queries, tickets
from tracker.db import now
from tracker.models import Project, Room, Ticket
from tracker.sparing import Sparing
from tracker.statemachine import PROCESS, TYPES, State, workflow

AFTER_TALK = ("merged", "cut", "copied", "encoded", "checked", "released")
"""States whose distance from the end of the talk is told."""
LONGEST = 12
LeadTimes = dict[str, tuple[float, float, int]]
_LEAD_TIMES: Sparing[int, LeadTimes] = Sparing()
"""The log of a huge event takes seconds to go through, and the page is asked for every two."""


@dataclass(frozen=True)
class Step:
    """One state of the funnel: tickets in it, failed ones among them, since when the oldest stands there."""

    type: str
    state: State
    who: str
    """Who takes a ticket out of the state: people, a script, the tracker, or '' at an end."""
    count: int
    failed: int
    oldest: datetime | None


@dataclass(frozen=True)
class Standing:
    """Everything the page about the present shows."""

    funnel: Sequence[Step]
    failed: Sequence[Ticket]
    held: Sequence[Ticket]
    waiting: Sequence[tuple[Ticket, str]]
    """The tickets that stand longest where a script should take them, with why nothing happens."""
    rooms: Sequence[tuple[Room, Ticket | None, Ticket | None]]
    lead_times: LeadTimes = field(default_factory=dict)
    """State -> seconds after the end of the talk: median, 90th percentile, number of tickets."""


def present(project: Project) -> Standing:
    """Return how *project* stands now."""
    funnel = _funnel(project)
    scripts = [step.state.name for step in funnel if step.count and step.who.startswith(("script", "encoder"))]
    return Standing(
        funnel=funnel,
        failed=queries.failed_tickets(project.id),
        held=queries.tickets_at_work(project.id),
        waiting=_waiting(project, scripts),
        rooms=queries.room_talks(project.id, now()),
        lead_times=_LEAD_TIMES.get(project.id, lambda: queries.times_after_talk(project.id, AFTER_TALK)),
    )


def _funnel(project: Project) -> list[Step]:
    counts: dict[tuple[str, str], list[tuple[bool, int, datetime]]] = {}
    for kind, state, failed, count, oldest in queries.standing(project.id):
        counts.setdefault((kind, state), []).append((failed, count, oldest))
    flow = workflow(project.workflow)
    return [
        _step(kind, state, counts.get((kind, state.name), []))
        for kind in TYPES
        for state in flow.tables[kind].states
        if state.name not in project.disabled_states.get(kind, [])
        and (not state.additional or (kind, state.name) in counts)
    ]


def _step(kind: str, state: State, rows: Sequence[tuple[bool, int, datetime]]) -> Step:
    return Step(
        type=kind,
        state=state,
        who="" if state.progress == 100 or state.name == "locked" else ", ".join(state.left_by),
        count=sum(count for _, count, _ in rows),
        failed=sum(count for failed, count, _ in rows if failed),
        oldest=min((oldest for failed, _, oldest in rows if not failed), default=None),
    )


def _waiting(project: Project, states: Sequence[str]) -> list[tuple[Ticket, str]]:
    """Leave out what is only not due yet: a talk in the future is in nobody's way."""
    found, around = [], tickets.Around(project.id)
    for ticket in queries.oldest_in(project.id, [name for name in states if name != "scheduled"], LONGEST):
        if ticket.table.by_name[ticket.state].kind != PROCESS and (reason := tickets.why_waiting(ticket, around)):
            found.append((ticket, reason))
    return found
