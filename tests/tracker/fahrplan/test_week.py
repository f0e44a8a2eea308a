"""A week of polls, one an hour, of an exporter that has a hard time; and what the crew was told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.factories import committing
from tests.tracker.fahrplan.exporter import Exporter, exporting
from tests.tracker.fahrplan.imports import talk
from tests.tracker.fahrplan.samples import event, optout, schedule
from tracker import projects, properties, queries
from tracker.cli.fahrplan.watch import look
from tracker.db import transaction
from tracker.fahrplan import access, verdicts, watching
from tracker.fahrplan.verdicts import Choice
from tracker.models import Project
from tracker.tickets import Actor, moves

MONDAY = datetime(2036, 12, 22, 0, 0, tzinfo=UTC)
DAY = 24


class Week:
    """The talks as the exporter has them, and what happens in which hour."""

    def __init__(self, exporter: Exporter) -> None:
        """Begin with twelve talks."""
        self.exporter = exporter
        self.talks: dict[int, dict[str, Any]] = {number: {} for number in range(1, 13)}
        self.hidden: set[int] = set()
        self.version = 0

    def print(self) -> None:
        self.version += 1
        events = [event(n, **fields) for n, fields in self.talks.items() if n not in self.hidden]
        self.exporter.file = schedule(*events).replace(b"<version>1<", b"<version>%d<" % self.version)

    def change(self, number: int, **fields: Any) -> None:
        self.talks.setdefault(number, {}).update(fields)
        self.print()

    def hide(self, *numbers: int) -> None:
        self.hidden = set(numbers)
        self.print()

    def cancel(self, number: int) -> None:
        del self.talks[number]
        self.print()

    def deal(self) -> None:
        """Make all guids anew and deal the ids out in another order, as 33C3 did on its second day."""
        numbers = sorted(self.talks)
        for number, other in zip(numbers, [*numbers[1:], numbers[0]], strict=True):
            self.talks[number] |= {"guid": f"made-anew-{number}", "id": str(other)}
        self.print()

    def mood(self, name: str) -> None:
        self.exporter.mood = name


def plan(week: Week) -> dict[int, Callable[[], Any]]:
    """Say what happens at which hour of the week."""
    return {
        3: lambda: week.change(2, start="19:30", date="2024-12-27T19:30:00+01:00"),
        5: lambda: week.mood("broken"),
        9: lambda: week.mood("good"),
        11: lambda: week.print(),  # another version, which says nothing new
        DAY + 2: lambda: week.hide(1, 2, 3, 4, 5, 6),
        DAY + 3: lambda: week.change(9, room="Saal 1", title="Renamed in the outage"),
        DAY + 6: lambda: week.hide(),
        2 * DAY + 1: lambda: week.mood("truncated"),
        2 * DAY + 4: lambda: week.mood("page"),
        2 * DAY + 8: lambda: week.mood("missing"),
        2 * DAY + 12: lambda: week.mood("inward"),
        2 * DAY + 16: lambda: week.mood("good"),
        3 * DAY: lambda: move(3, "recorded"),
        3 * DAY + 1: lambda: week.change(3, title="Not what it was"),
        3 * DAY + 2: lambda: week.change(5, extra=optout("true")),
        3 * DAY + 3: lambda: move(6, "copied"),
        3 * DAY + 4: lambda: week.change(6, extra=optout("true")),
        4 * DAY: lambda: week.hide(*range(1, 13)),
        4 * DAY + 6: lambda: week.hide(),
        4 * DAY + 8: lambda: decide("Talk 3", leave=["all"]),
        5 * DAY: lambda: week.deal(),
        5 * DAY + 1: lambda: week.cancel(7),
        5 * DAY + 2: lambda: week.change(13),
        6 * DAY: lambda: week.mood("slow"),
        6 * DAY + 3: lambda: week.mood("good"),
        6 * DAY + 4: lambda: week.change(5, extra=optout("false")),
    }


def move(number: int, state: str) -> None:
    with transaction():
        ticket = talk(projects.get("conf"), number)
        moves.lock(ticket.id)
        moves.move(ticket, state, Actor("script"), "test")


def decide(title: str, **choice: Any) -> None:
    with transaction():
        project = projects.get("conf")
        (item,) = [item for item in verdicts.items(project) if item.title == title]
        verdicts.decide(project, {item.id: Choice(stamp=item.stamp, **choice)}, Actor("alice"))


TOLD = [
    "2 'Talk 2': time Fri 27 Dec 12:00 -> Fri 27 Dec 19:30",
    "9 'Talk 9': title 'Talk 9' -> 'Renamed in the outage'",
    "waits: 3 'Talk 3': title 'Talk 3' -> 'Not what it was'",
    "5 'Talk 5': the speakers opted out of the recording",
    "6 'Talk 6': the speakers opted out of the recording",
    "7 'Talk 7': no longer in the Fahrplan",
    "13 'Talk 13': new, Fri 27 Dec 13:00 in Saal 1",
    "waits: 5 'Talk 5': the speakers no longer opt out of the recording",
]
"""Everything of the week that is news to the crew, in order, after the first import."""


@pytest.fixture
def app(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application for which this machine is a public address."""
    monkeypatch.setattr("tracker.fetch._public", lambda address: address == "127.0.0.1")
    with committing(committed_db) as made, made.app_context():
        yield made


@pytest.fixture
def exporter(app: Flask) -> Iterator[Exporter]:
    with exporting() as server:
        with transaction():
            made = projects.create("conf", "Conf", values={"Fahrplan.XML": f"{server.url}/schedule.xml"})
            watching.configure(made, every_s=3600)
            access.set_webhook(made, f"{server.url}/hook", "", "k" * 64)
        yield server


def test_a_week_ends_as_the_fahrplan_says_and_every_change_was_told_once(app: Flask, exporter: Exporter) -> None:
    week = Week(exporter)
    happens = plan(week)
    week.print()
    asked = 0
    for hour in range(7 * DAY):
        if hour in happens:
            happens[hour]()
        slow = exporter.mood == "slow"
        moment = MONDAY + timedelta(hours=hour)
        asked += len(list(look(moment, app.config["SETTINGS"], ["conf"], timeout_s=0.2 if slow else 60)))
    project = projects.get("conf")
    assert told(exporter) == TOLD
    assert final(project) == expected()
    assert queries.unsent_messages(project.id) == []
    assert asked == 7 * DAY and sum("If-None-Match" in headers for headers in exporter.asked) > 100


def told(exporter: Exporter) -> list[str]:
    """Return every sentence of the week, without those about outages and what is overtaken by them."""
    bodies = [body for _, body in exporter.posted]
    assert len({body["delivery"] for body in bodies}) == len(bodies)
    begun = [body["outage"] for body in bodies if body["outage"]]
    ended = [body for body in bodies if "there again" in body["text"]]
    assert (len(ended), len(begun)) == (2, 3)  # a change during the first one was news, too
    sentences: list[str] = []
    for body in bodies[1:]:
        sentences += body["applied"] + [f"waits: {text}" for text in body["waits"]]
    return sentences


def expected() -> dict[int, tuple[str, str, str]]:
    """Return title, state and start of every talk as they have to be in the end, by number."""
    states = {3: "recorded", 5: "locked", 6: "locked", 7: "locked"}
    titles = {9: "Renamed in the outage"}
    starts = {number: f"{10 + number % 10:02d}:00" for number in range(1, 14)} | {2: "19:30"}
    return {n: (titles.get(n, f"Talk {n}"), states.get(n, "scheduled"), starts[n]) for n in range(1, 14)}


def final(project: Project) -> dict[int, tuple[str, str, str]]:
    """Return the same as the tracker has it."""
    rows = [row for _, row in queries.scheduled_talks(project.id)]
    return {row.fahrplan_id or 0: (row.title, row.state, properties.own(row)["Fahrplan.Start"]) for row in rows}
