"""A conference lived through at random against a real database, and after each step compared with its model."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.orm import scoped_session

from tests.tracker.fahrplan.conference import BEGIN, CAREFUL, FIELDS, Expected, Printer, Row, Talk
from tracker import projects, properties, queries, rooms, tickets
from tracker.db import db
from tracker.fahrplan import Report, import_fahrplan, sources, verdicts
from tracker.fahrplan.verdicts import Choice, Item
from tracker.models import Ticket
from tracker.tickets import Actor, moves

IMPORTER, CREW = Actor("importer"), Actor("crew")
WORDS = st.sampled_from(("rocks", "Größe", "<b>", "100 %", "a & b", "\N{ROCKET}", "'; --"))
CHANGES = {
    "title": WORDS,
    "start": st.integers(0, 13 * 60),
    "duration": st.sampled_from((15, 30, 45, 60, 25 * 60)),
    "room": st.sampled_from(("Saal 1", "Saal 2")),
    "persons": st.sampled_from(("", "Ada", "Ada, Bo", "Zoë")),
    "abstract": st.sampled_from(("", "Short", "Long\nand longer", "<p>html</p>")),
    "optout": st.sampled_from(("", "0", "1")),
}
UNITS = {
    "time": "start",
    "duration": "duration",
    "room": "room",
    "title": "title",
    "slug": "title",
    "speakers": "persons",
    "abstract": "abstract",
    "opt-out": "optout",
    "gone": "gone",
    "back": "back",
}
PROPERTIES = {"title": "Title", "room": "Room", "persons": "Person_list", "abstract": "Abstract"}
LOOSE = ("speakers", "text only", "new", "moved in time")
"""Classes of which the crew changes its mind; titles, rooms and absences stay as careful as by default."""


class Conference(RuleBasedStateMachine):
    """A Fahrplan that people edit, an exporter that fails and deals its keys anew, a crew that decides."""

    def __init__(self) -> None:
        """Begin with an empty conference."""
        super().__init__()
        self.fahrplan: dict[int, Talk] = {}
        self.expected = Expected()
        self.edited = True
        self.keys = 0
        self.words: dict[int, dict[str, Any]] = {}
        """What the exporter printed last of each talk."""

    @initialize(seed=st.integers(0, 2**32))
    def open(self, seed: int) -> None:
        """Make the project."""
        self.printer = Printer(random.Random(seed))
        self.project = projects.create(f"c{seed}", "Conference", time_zone="Europe/Berlin")
        for name in ("Saal 1", "Saal 2"):
            rooms.of(self.project, name)
        for number in range(1, 6):
            self.invent(number * 60, "Saal 1")
        self.publish()

    def invent(self, start: int, room: str, optout: str = "") -> int:
        number = len(self.fahrplan) + 1
        self.keys += 1
        guid, source_id = f"guid-{self.keys}", str(1000 + self.keys)
        title = f"Talk {number}"
        self.fahrplan[number] = Talk(number, title, start, room, optout=optout, guid=guid, source_id=source_id)
        self.edited = True
        return number

    # --- the schedule is edited

    @rule(start=CHANGES["start"], room=CHANGES["room"], optout=CHANGES["optout"])
    def add(self, start: int, room: str, optout: str) -> None:
        """Add a talk."""
        self.invent(start, room, optout)

    @rule(data=st.data(), name=st.sampled_from(FIELDS))
    def edit(self, data: st.DataObject, name: str) -> None:
        """Change one thing of a talk."""
        talk = self.fahrplan[data.draw(st.sampled_from(sorted(self.fahrplan)), label="talk")]
        value = data.draw(CHANGES[name], label=name)
        if talk.present:
            setattr(talk, name, f"Talk {talk.number} {value}" if name == "title" else value)
            self.edited = True

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """Take a talk out, or put it in again."""
        talk = self.fahrplan[data.draw(st.sampled_from(sorted(self.fahrplan)), label="talk")]
        talk.present = not talk.present
        self.edited = True

    @rule()
    def deal(self) -> None:
        """Deal the ids anew among the talks; the guids stay."""
        present = [talk for talk in self.fahrplan.values() if talk.present]
        ids = [talk.source_id for talk in present]
        self.printer.chance.shuffle(ids)
        for talk, source_id in zip(present, ids, strict=True):
            talk.source_id = source_id

    # --- the exporter prints

    @rule()
    def publish(self) -> None:
        """Print a version, and import it."""
        self.take({number: talk for number, talk in self.fahrplan.items() if talk.present})
        self.edited = False

    @precondition(lambda self: not self.edited)
    @rule()
    def remake(self) -> None:
        """Make all guids and ids anew, and change nothing else."""
        for talk in self.fahrplan.values():
            if talk.present:
                self.keys += 1
                talk.guid, talk.source_id = f"guid-{self.keys}", str(1000 + self.keys)
        self.publish()

    @rule(share=st.sampled_from((0.0, 0.3, 0.5)))
    def fail(self, share: float) -> None:
        """Print a version without most talks, and the right one after it."""
        present = {number: talk for number, talk in self.fahrplan.items() if talk.present}
        kept = self.printer.chance.sample(sorted(present), int(share * len(present)))
        self.take({number: present[number] for number in kept})
        self.publish()

    def take(self, version: dict[int, Talk]) -> None:
        before = self.everything()
        self.words |= {number: talk.values for number, talk in version.items()}
        outage = self.expected.publish(version)
        report = self.importing(version)
        assert bool(report.loss) == outage
        if outage:
            assert self.everything() == before and not report.effective
        else:
            self.compare()
            again = self.importing(version)
            assert not again.effective and not again.import_id

    def importing(self, version: dict[int, Talk]) -> Report:
        return import_fahrplan(self.project, self.printer.print(version), IMPORTER, source="model")

    # --- people act

    @rule(data=st.data(), state=st.sampled_from(("recorded", "scheduled", "locked")))
    def move(self, data: st.DataObject, state: str) -> None:
        """Record a talk, unlock it by hand, or lock it by hand."""
        number = self.some(data)
        row, ticket = self.expected.rows[number], self.ticket(number)
        if row.state == state or (state == "recorded" and row.state != "scheduled"):
            return
        moves.move(tickets.lock(ticket.id), state, CREW, "Edit.state", by_hand=state != "recorded")
        row.state, row.recorded = state, row.recorded or state == "recorded"
        row.ours = row.ours and state != "locked"

    @rule(data=st.data(), name=st.sampled_from(("persons", "abstract", "title")))
    def write(self, data: st.DataObject, name: str) -> None:
        """Write a property by hand."""
        number = self.some(data)
        value = f"By hand {data.draw(WORDS, label='value')}"
        properties.write(self.ticket(number), {f"Fahrplan.{PROPERTIES[name]}": value, "Custom.Note": value})
        self.expected.rows[number].stored[name] = value

    @rule(kind=st.sampled_from(LOOSE), before=st.sampled_from(("apply", "ask", "ignore")))
    def reconsider(self, kind: str, before: str) -> None:
        """Change a policy."""
        if kind == "moved in time" and before == "ignore":
            return  # who ignores where talks are cannot tell them apart once their keys are made anew
        pair = (before, CAREFUL[kind][1])
        sources.configure(self.project, actions={kind: pair})
        self.expected.policy[kind] = pair
        self.edited = True

    @rule(data=st.data(), leave=st.booleans())
    def decide(self, data: st.DataObject, leave: bool) -> None:
        """Decide about something that waits."""
        items = [item for item in verdicts.items(self.project) if item.reason != "outage" and item.number is not None]
        if not items:
            return
        item = data.draw(st.sampled_from(items), label="item")
        names = sorted({UNITS[unit.name] for unit in item.units})
        chosen = set(data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True), label="names"))
        units = [unit.name for unit in item.units if UNITS[unit.name] in chosen]
        choice = Choice((), units, stamp=item.stamp) if leave else Choice(units, stamp=item.stamp)
        verdicts.decide(self.project, {item.id: choice}, CREW)
        number = self.number_of(item)
        (self.expected.leave if leave else self.expected.take)(number, chosen)
        self.compare()

    @rule(data=st.data(), leave=st.booleans())
    def welcome(self, data: st.DataObject, leave: bool) -> None:
        """Make a new talk that waits, or do without it."""
        items = [item for item in verdicts.items(self.project) if item.number is None and item.reason != "outage"]
        if not items:
            return
        item = data.draw(st.sampled_from(items), label="item")
        number = int(item.title.split()[1])
        verdicts.decide(self.project, {item.id: Choice((), ["all"]) if leave else Choice(["all"])}, CREW)
        if not leave:
            self.expected.create(number, self.words[number])
        else:
            self.expected.asked_new.pop(number, None)
            self.expected.unwanted.add(number)
        self.compare()

    # --- what has to be

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every talk there ever was still has its ticket."""
        if hasattr(self, "project"):
            assert len(queries.scheduled_talks(self.project.id)) == len(self.expected.rows)

    def some(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(sorted(self.expected.rows)), label="row")

    def number_of(self, item: Item) -> int:
        return self.numbers()[item.ticket_id or 0]

    def numbers(self) -> dict[int, int]:
        """Map tickets to talks: every title says the number, and a hand only writes the property."""
        return {row.id: int(row.title.split()[1]) for _, row in queries.scheduled_talks(self.project.id)}

    def ticket(self, number: int) -> Ticket:
        by_number = {talk: ticket for ticket, talk in self.numbers().items()}
        return tickets.get(by_number[number])

    def everything(self) -> list[Any]:
        return [
            (row.id, row.title, row.state, row.start, row.end, row.version, properties.own(row), event.guid, event.said)
            for event, row in queries.scheduled_talks(self.project.id)
        ]

    def compare(self) -> None:
        """Check every talk against the model."""
        numbers = self.numbers()
        waiting = {item.ticket_id: item for item in verdicts.items(self.project) if item.ticket_id is not None}
        assert set(numbers.values()) == set(self.expected.rows)
        for event, ticket in queries.scheduled_talks(self.project.id):
            row = self.expected.rows[numbers[ticket.id]]
            assert (ticket.title, ticket.state, event.gone) == (row.title, row.state, row.gone), row
            assert _stored(ticket) == row.stored, row
            units = waiting[ticket.id].units if ticket.id in waiting else ()
            assert {UNITS[unit.name] for unit in units} == row.waits, row
            _consistent(ticket, row)


def _stored(ticket: Ticket) -> dict[str, Any]:
    own = properties.own(ticket)
    values: dict[str, Any] = {name: own.get(f"Fahrplan.{label}", "") for name, label in PROPERTIES.items()}
    assert ticket.start is not None and ticket.end is not None
    values["start"] = (ticket.start - BEGIN) // timedelta(minutes=1)
    values["duration"] = (ticket.end - ticket.start) // timedelta(minutes=1)
    return values | {"optout": own.get("Fahrplan.Recording.Optout", "")}


def _consistent(ticket: Ticket, row: Row) -> None:
    own = properties.own(ticket)
    assert own["Fahrplan.DateTime"][:10] == own["Fahrplan.Date"]
    assert own["Fahrplan.DateTime"][11:16] == own["Fahrplan.Start"]
    assert ticket.room is not None and ticket.room.name == row.stored["room"]
    assert own.get("Fahrplan.Lock", "") == row.lock


def using(session: scoped_session[Any]) -> type[Conference]:
    """Return the machine for a session: what an example did is undone after it."""

    class Rolled(Conference):
        def teardown(self) -> None:
            session.rollback()
            session.remove()

    assert db.session is session
    return Rolled
