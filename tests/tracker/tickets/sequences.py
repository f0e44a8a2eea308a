"""Any sequence of what people, scripts and the tracker can do to the tickets of two talks; and what always holds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from tests import factories
from tracker import profiles, projects, properties, queries, tickets
from tracker.db import db, now, transaction
from tracker.errors import TrackerError
from tracker.models import LogEntry, Profile, Ticket, User, Worker
from tracker.models.ticket import LOGGED
from tracker.statemachine import CLASSIC, ENCODING, MISC, PROCESS, RECORDING
from tracker.tickets import TRACKER, blocks, priorities

NUMBERS = itertools.count()
FORMATS = ("hd", "mp3", "opus")
"""hd is the master of mp3, mp3 the master of opus."""


def replay(fields: dict[str, Any], entry: LogEntry) -> None:
    """Bring *fields* of a ticket to what they are after a row of its log."""
    if entry.to_state is not None:
        assert entry.from_state == fields["state"], f"the log jumps from {fields['state']} to {entry.from_state}"
        fields["state"] = entry.to_state
    fields.update(entry.changes)


@dataclass
class Step:
    """What a verb is done with: a ticket, who does it, and choices; *all* are the tickets of the project."""

    ticket: Ticket
    user: User
    worker: Worker
    all: list[Ticket]
    flag: bool
    choice: int

    def of(self, *states: str, kind: str = "") -> Ticket:
        """Return a ticket in one of *states*, or of a type, if there is one; else any."""
        fit = [t for t in self.all if (not states or t.state in states) and (not kind or t.type == kind)]
        return fit[self.choice % len(fit)] if fit else self.ticket

    def held(self) -> Ticket:
        """Return a ticket that the worker holds, if it does; else any."""
        return next((t for t in self.all if t.worker_id == self.worker.id), self.ticket)

    def one(self, *texts: str) -> str:
        """Return one of some texts."""
        return texts[self.choice % len(texts)]


def go_on(step: Step) -> None:
    """Most tickets move forward in life; a talk has to be copied before anything of it can."""
    ticket = step.of("merged", "cut", "copying") if step.flag else step.ticket
    tickets.move(tickets.lock(ticket.id), tickets.guards.onward(ticket), TRACKER, "Test")


def start(step: Step) -> None:
    verb, kind, state = ((tickets.start_cut, RECORDING, "merged"), (tickets.start_check, ENCODING, "encoded"),
                         (tickets.handle, MISC, "open"))[step.choice % 3]  # fmt: skip
    verb(step.of(state, kind=kind).id, step.user, take_over=step.flag)


def check(step: Step) -> None:
    ticket = step.of("checking")
    if step.choice % 3 == 0:
        tickets.accept(ticket.id, step.user)
    elif step.choice % 3 == 1:
        tickets.reject(ticket.id, step.user, "blocky")
    else:
        tickets.send_back(step.ticket.id, step.user, "cut too late")


def fix(step: Step) -> None:
    if step.flag:
        tickets.start_fix(step.ticket.id, step.user)
    else:
        tickets.finish_fix(step.of("fixing").id, step.user, "repaired.ts")


def switch_off(step: Step) -> None:
    ticket = step.of(kind=ENCODING)
    tickets.switch_off(tickets.lock(ticket.id), TRACKER, "too small" if step.flag else "")


def claim(step: Step) -> None:
    """Nothing is handed out that may not be, and no file overtakes its master."""
    found = tickets.claim_next(step.ticket.project, step.one(*CLASSIC.services), step.worker, 60 if step.flag else None)
    if found is not None:
        _may_be_handed_out(found, step.worker)


def claim_beside(step: Step) -> None:
    """The same of further formats of a talk."""
    ticket = step.held()
    for found in tickets.claim_beside(ticket.id, ticket.project, step.worker, 1 + step.choice % 3, spare=step.flag):
        assert (found.parent_id, found.state) == (ticket.parent_id, ticket.state) and found.id != ticket.id
        _may_be_handed_out(found, step.worker)


def _may_be_handed_out(found: Ticket, worker: Worker) -> None:
    assert not found.failed and not found.off and found.priority > 0 and found.worker_id == worker.id
    if found.type == ENCODING:
        siblings = queries.children(found.parent_id or 0)
        master = blocks.master_of(found, siblings)
        assert master is None or blocks.is_far_enough(master, found)


def work(step: Step) -> None:
    ticket, project = step.held(), step.ticket.project
    if step.choice % 3 == 0:
        tickets.fail(ticket.id, project, step.worker, "crashed")
    elif step.choice % 3 == 1:
        tickets.give_back(ticket.id, project, step.worker, "stopped")
    else:
        tickets.finish(ticket.id, project, step.worker)


def fall_silent(step: Step) -> None:
    for ticket in step.all:
        if ticket.lease_until is not None:
            ticket.lease_until = now() - timedelta(seconds=1)
    tickets.return_silent()


def move_talk(step: Step) -> None:
    talk = step.of(kind=RECORDING)
    tickets.move(tickets.lock(talk.id), step.one("copied", "copied", "cutting", "merged", "locked"), TRACKER, "Test")


def assign(step: Step) -> None:
    tickets.assign(step.ticket.id, step.user, (step.user, step.worker, None)[step.choice % 3])


VERBS: Mapping[str, Callable[[Step], object]] = {
    "go on": go_on,
    "go on again": go_on,
    "move talk": move_talk,
    "claim": claim,
    "claim again": claim,
    "claim beside": claim_beside,
    "work": work,
    "fall silent": fall_silent,
    "start": start,
    "check": check,
    "fix": fix,
    "cut": lambda s: tickets.finish_cut(s.of("cutting").id, s.user, 0, 100 + s.choice, "", 0),
    "switch off": switch_off,
    "assign": assign,
    "leave": lambda s: tickets.leave(s.of("cutting", "checking", "fixing", "inprogress").id, s.user),
    "take over": lambda s: tickets.take_over(s.of("cutting", "checking", "fixing", "inprogress").id, s.user),
    "set state": lambda s: tickets.set_state(s.ticket.id, s.user, s.one(*s.ticket.table.by_name)),
    "set failed": lambda s: tickets.set_failed(s.ticket.id, s.user, s.flag, comment="because"),
    "set attention": lambda s: tickets.set_attention(s.ticket.id, s.user, s.flag),
    "set priority": lambda s: tickets.set_priority(s.ticket.id, s.user, s.choice % 4 / 2),
    "use profile": lambda s: profiles.use(s.ticket.project, s.one(*FORMATS), s.choice % 3 / 2),
    "dependee state": lambda s: projects.configure(
        s.ticket.project, dependee_state=s.one("ready to encode", "encoded", "released")
    ),
    "reset": lambda s: tickets.reset(s.ticket.id, s.user, force=s.flag),
    "cancel": lambda s: tickets.cancel(s.of(*CLASSIC.services).id, s.user, force=s.flag, requeue=s.choice % 2 == 0),
    "edit marks": lambda s: tickets.edit_properties(s.ticket.id, s.user, {"Record.Cutout": str(100 + s.choice)}),
    "comment": lambda s: tickets.comment(s.ticket.id, s.user, "look at this", attention=s.flag),
    "ready": lambda s: tickets.mark_ready(s.of(kind=RECORDING).id, s.user),
}


class Sequences(RuleBasedStateMachine):
    """A project with dependent profiles; the outer test has begun the transaction that undoes everything."""

    def __init__(self) -> None:
        """Begin without a project."""
        super().__init__()
        self.slug = f"seq{next(NUMBERS)}"
        self.replayed: dict[int, dict[str, Any]] = {}
        self.read_to = 0

    @initialize()
    def build(self) -> None:
        """Make two talks, one of them copied, two people and two workers."""
        with transaction():
            project = factories.make_project(self.slug, formats=FORMATS, languages=())
            depend(project)
            for number in range(2):
                talk = factories.make_recording(project, "merged", title=f"Talk {number}")
                properties.write(talk, {"Record.Cutin": "0", "Record.Cutout": "100"})
            factories.put(talk, "copied")
            tickets.create_misc(project, TRACKER, "A task", talk)
            self.users = [factories.make_user(f"{name}-{self.slug}", "admin").id for name in ("alice", "bob")]
            self.workers = [factories.make_worker(f"{self.slug}-{number}.example.org").id for number in range(2)]

    @rule(
        verb=st.sampled_from(list(VERBS)),
        number=st.integers(0, 8),
        who=st.integers(0, 1),
        flag=st.booleans(),
        choice=st.integers(0, 30),
    )
    def do(self, verb: str, number: int, who: int, flag: bool, choice: int) -> None:
        """Do something; what is refused changes nothing."""
        try:
            with transaction():
                found = self.tickets()
                user, worker = db.session.get(User, self.users[who]), db.session.get(Worker, self.workers[who])
                assert user is not None and worker is not None
                VERBS[verb](Step(found[number % len(found)], user, worker, found, flag, choice))
        except TrackerError as refused:
            event(f"refused: {verb}")
            assert str(refused).strip()
        else:
            event(verb)

    def tickets(self) -> list[Ticket]:
        """Return all tickets of the project."""
        return list(queries.find_tickets(projects.get(self.slug).id))

    @invariant()
    def holds(self) -> None:
        """Check every ticket against what is computed anew, and against its log."""
        if not hasattr(self, "users"):
            return
        found = self.tickets()
        self.read_log(found)
        used = priorities.of_profiles(found[0].project)
        for ticket in found:
            stored = {"state": ticket.state, **{name: getattr(ticket, name) for name in LOGGED}}
            assert self.replayed[ticket.id] == stored, f"the log of {ticket.id} replays to something else"
            assert ticket.priority == priorities.of(ticket, used)
            check_holder(ticket)
            if ticket.type == ENCODING:
                check_encoding(ticket, [each for each in found if each.parent_id == ticket.parent_id])

    def read_log(self, found: list[Ticket]) -> None:
        """Replay what was logged since this was done last; rows that were there stay as they are."""
        numbers = [ticket.id for ticket in found]
        rows = select(LogEntry).where(LogEntry.ticket_id.in_(numbers), LogEntry.id > self.read_to).order_by(LogEntry.id)
        for entry in db.session.scalars(rows):
            replay(self.replayed.setdefault(entry.ticket_id, {"state": None, **LOGGED}), entry)
            self.read_to = entry.id


def depend(project: Any) -> None:
    """Have mp3 depend on hd and opus on mp3."""
    found = {used.version.profile.slug: used.version.profile for used in queries.project_profiles(project.id)}
    for slug, master in (("mp3", "hd"), ("opus", "mp3")):
        profile: Profile = found[slug]
        profile.depends_on_id = found[master].id
    db.session.flush()


def check_holder(ticket: Ticket) -> None:
    """People hold tickets in the states of people, workers in those of scripts, nobody in static ones."""
    row = ticket.table.by_name[ticket.state]
    assert row.kind == PROCESS or (ticket.user_id is None and ticket.worker_id is None)
    assert ticket.user_id is None or row.script is None
    assert ticket.worker_id is None or row.script is not None
    assert not (ticket.failed and (ticket.user_id or ticket.worker_id))
    assert not (ticket.withdraw and ticket.state == "released")


def check_encoding(ticket: Ticket, family: list[Ticket]) -> None:
    """What blocks it is as computed, and it is never stuck without material nor ready without."""
    recording = ticket.parent
    assert recording is not None
    siblings = [each for each in family if each.type == ENCODING]
    assert ticket.blocked == blocks.why(ticket, recording, siblings)
    if not (ticket.set_by_hand or ticket.failed):
        stuck = CLASSIC.needed if blocks.has_material(recording) else CLASSIC.ready
        assert ticket.state != stuck, f"{ticket.state} while the recording is {recording.state}"
