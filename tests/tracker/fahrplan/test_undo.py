"""Imports taken back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session, scoped_session

from tests.tracker.fahrplan.imports import SEVEN, but, everything, put, run, state, stored, talk
from tests.tracker.fahrplan.samples import event, optout
from tracker import profiles, projects, properties, queries, tickets
from tracker.errors import Conflict, NotFound
from tracker.fahrplan import sources, undo, verdicts
from tracker.fahrplan.verdicts import Choice
from tracker.models import Project
from tracker.tickets import Actor

ALICE = Actor("alice")


@pytest.fixture
def project(db_session: scoped_session[Session]) -> Project:
    made = projects.create("conf", "Conf", time_zone="Europe/Berlin")
    profiles.use(made, "hd")
    run(made, *SEVEN[1:], event(1, extra=optout("true")))
    return made


def take_back(project: Project, number: int | None = None) -> None:
    undo.undo(project, undo.get(project, number), ALICE)


OTHERWISE = [
    *SEVEN[3:],
    event(1, title="Other", room="Saal 2", guid="x", id="70"),
    event(2, extra=optout("true"), start="23:00", date="2024-12-28T23:00:00+01:00"),
    event(8),
]


def test_everything_is_as_it_was_before(project: Project) -> None:
    sources.configure(project, actions={"opt-out withdrawn": ("apply", "apply")})
    before, said = everything(project), [row.said for row, _ in queries.scheduled_talks(project.id)]
    report = run(project, *OTHERWISE)
    assert (len(report.created), len(report.locked), len(report.gone)) == (2, 2, 2)
    take_back(project)
    assert everything(project) == before
    assert [row.said for row, _ in queries.scheduled_talks(project.id)] == said


def test_talks_of_a_wrong_file_are_removed_with_all_that_hangs_on_them(project: Project) -> None:
    before = everything(project)
    run(project, *SEVEN[1:], *(event(n, title=f"Foreign {n}", room="Elsewhere") for n in range(100, 104)))
    take_back(project)
    assert [row[0] for row in everything(project)] == [row[0] for row in before]
    assert [room.name for room in queries.rooms(project.id)] == ["Saal 1"]
    assert {len(row.children) for _, row in queries.scheduled_talks(project.id)} == {1}


def test_after_an_undo_everything_waits_until_nothing_does(project: Project) -> None:
    run(project, *but(2, title="Other"))
    take_back(project)
    report = run(project, *but(2, title="Other"), event(8))
    assert (report.effective, len(report.pending)) == (False, 3)
    assert "alice undid import" in sources.of(project).hold
    report = run(project, *SEVEN[1:], event(1, extra=optout("true")))
    assert (sources.of(project).hold, report.pending) == ("", [])
    assert run(project, *SEVEN[1:], event(1, extra=optout("true")), event(8)).created == ["8 'Talk 8'"]


def test_the_last_decision_of_a_review_ends_the_hold(project: Project) -> None:
    run(project, *SEVEN[1:], event(1, extra=optout("true")), event(8))
    take_back(project)
    run(project, *SEVEN[1:], event(1, extra=optout("true")), event(8))
    (item,) = verdicts.items(project)
    verdicts.decide(project, {item.id: Choice(take=["all"])}, ALICE)
    assert sources.of(project).hold == ""


def test_nothing_waits_about_a_talk_that_an_undo_removed(project: Project) -> None:
    sources.configure(project, actions={"retitled": ("ask", "ask")})
    first = run(project, *SEVEN[1:], event(1, extra=optout("true")), event(8)).import_id
    assert run(project, *SEVEN[1:], event(1, extra=optout("true")), event(8, title="Other")).pending
    take_back(project, first)
    assert verdicts.items(project) == []


@pytest.mark.parametrize("what", ["state", "property", "comment", "file"])
def test_nothing_is_undone_once_something_was_done_with_a_ticket(project: Project, what: str) -> None:
    run(project, *SEVEN[1:], event(1, extra=optout("true")), event(8))
    ticket = talk(project, 8)
    if what == "state":
        put(project, 8, "recording")
    elif what == "property":
        worker = queries.register_worker(queries.v3_group().id, "vm.example.org")
        tickets.set_properties(ticket.id, project, worker, {"Record.Room": "1"})
    elif what == "file":
        tickets.move(ticket.children[0], "ready to encode", ALICE, "test")
    else:
        tickets.moves.log(ticket, ALICE, "Comment.Add", "Nice talk")
    before = everything(project)
    with pytest.raises(Conflict, match="something was done since with 'Talk 8'"):
        take_back(project)
    assert everything(project) == before


def test_an_older_import_is_undone_only_if_the_newer_one_left_its_talks_alone(project: Project) -> None:
    first = run(project, *but(2, title="Other")).import_id
    second = run(project, *but(2, title="Third")).import_id
    with pytest.raises(Conflict):
        take_back(project, first)
    take_back(project, second)
    assert talk(project, 2).title == "Other"


def test_an_import_is_undone_once(project: Project) -> None:
    number = run(project, *but(2, title="Other")).import_id
    take_back(project, number)
    with pytest.raises(Conflict, match="undone already, by alice"):
        take_back(project, number)
    with pytest.raises(NotFound):
        take_back(project, 10**12)


def test_what_a_review_did_can_be_taken_back_and_is_asked_again(project: Project) -> None:
    put(project, 3, "recorded")
    version: list[Any] = [event(1, extra=optout("true")), SEVEN[1], event(3, title="Other", room="Saal 2"), *SEVEN[3:]]
    run(project, *version)
    before = everything(project)
    (item,) = verdicts.items(project)
    report = verdicts.decide(project, {item.id: Choice(take=["title"], leave=["room", "slug"])}, ALICE)
    assert stored(project, 3)["Fahrplan.Title"] == "Other"
    take_back(project, report.import_id)
    assert everything(project) == before
    report = run(project, *version)
    assert [unit.name for unit in verdicts.items(project)[0].units] == ["room", "slug", "title"]


def test_a_talk_that_took_anothers_place_is_removed_again(project: Project) -> None:
    put(project, 3, "recorded")
    run(project, event(1, extra=optout("true")), SEVEN[1], event(3, title="Other"), *SEVEN[3:])
    before = everything(project)
    (item,) = verdicts.items(project)
    verdicts.decide(project, {item.id: Choice(another=True)}, ALICE)
    take_back(project)
    assert everything(project) == before
    assert state(project, 3) == "recorded"


def test_hand_edits_made_before_an_import_survive_its_undo(project: Project) -> None:
    properties.write(talk(project, 2), {"Fahrplan.Track": "Mine"})
    run(project, *but(2, room="Saal 2"))
    take_back(project)
    assert stored(project, 2)["Fahrplan.Track"] == "Mine"
