"""What people decide about what waits, against a real database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session, scoped_session

from tests.tracker.fahrplan.imports import SEVEN, but, put, run, state, stored, talk
from tests.tracker.fahrplan.samples import event, optout
from tracker import profiles, projects, properties, queries, tickets
from tracker.errors import Conflict, InvalidInput, ProjectReadOnly
from tracker.fahrplan import Report, sources, verdicts
from tracker.fahrplan.verdicts import Choice, Item
from tracker.models import Project
from tracker.tickets import TRACKER, Actor

ALICE = Actor("alice")


@pytest.fixture
def project(db_session: scoped_session[Session]) -> Project:
    made = projects.create("conf", "Conf", time_zone="Europe/Berlin")
    profiles.use(made, "hd")
    return made


@pytest.fixture
def recorded(project: Project) -> Project:
    """A conference of seven talks, of which the third was recorded."""
    run(project, *SEVEN)
    put(project, 3, "recorded")
    return project


def waiting(project: Project) -> list[Item]:
    return verdicts.items(project)


def decide(project: Project, **choice: Any) -> Report:
    (item,) = waiting(project)
    return verdicts.decide(project, {item.id: Choice(stamp=item.stamp, **choice)}, ALICE)


MOVED = but(3, title="Other", room="Saal 2", start="15:00", date="2024-12-27T15:00:00+01:00")


def test_a_change_of_a_recorded_talk_waits_with_everything_to_choose_from(recorded: Project) -> None:
    run(recorded, *MOVED)
    (item,) = waiting(recorded)
    assert (item.number, item.state, item.begun) == (3, "recorded", True)
    assert item.says == (
        "time Fri 27 Dec 13:00 -> Fri 27 Dec 15:00; room 'Saal 1' -> 'Saal 2'; title 'Talk 3' -> 'Other'"
    )
    assert [(unit.name, unit.kind) for unit in item.units] == [
        ("time", "moved in time"),
        ("room", "moved to a room"),
        ("slug", "retitled"),
        ("title", "retitled"),
    ]


def test_what_is_taken_over_is_as_the_fahrplan_has_it(recorded: Project) -> None:
    run(recorded, *MOVED)
    report = decide(recorded, take=["all"])
    ticket = talk(recorded, 3)
    assert (ticket.title, ticket.room.name, ticket.state) == ("Other", "Saal 2", "recorded")
    assert (ticket.start.isoformat(), len(report.changed)) == ("2024-12-27T14:00:00+00:00", 1)
    assert waiting(recorded) == []
    assert not run(recorded, *MOVED).effective


def test_each_field_can_be_decided_by_itself(recorded: Project) -> None:
    run(recorded, *MOVED)
    decide(recorded, take=["title"], leave=["room"])
    values = stored(recorded, 3)
    assert (values["Fahrplan.Title"], values["Fahrplan.Room"], values["Fahrplan.Start"]) == ("Other", "Saal 1", "13:00")
    assert [unit.name for unit in waiting(recorded)[0].units] == ["time", "slug"]
    run(recorded, *MOVED)
    assert [unit.name for unit in waiting(recorded)[0].units] == ["time", "slug"]


def test_the_time_is_taken_over_as_a_whole(recorded: Project) -> None:
    run(recorded, *but(3, start="23:00", date="2024-12-28T23:00:00+01:00"))
    decide(recorded, take=["time"])
    values = stored(recorded, 3)
    assert (values["Fahrplan.Date"], values["Fahrplan.Start"]) == ("2024-12-28", "23:00")
    assert values["Fahrplan.DateTime"] == "2024-12-28T23:00:00+01:00"


def test_what_is_left_is_not_asked_again_until_the_fahrplan_changes_it_again(recorded: Project) -> None:
    run(recorded, *MOVED)
    decide(recorded, leave=["all"])
    assert (stored(recorded, 3)["Fahrplan.Title"], waiting(recorded)) == ("Talk 3", [])
    assert not run(recorded, *MOVED).pending
    report = run(recorded, *but(3, title="Third", room="Saal 2", start="15:00", date="2024-12-27T15:00:00+01:00"))
    assert [unit.name for unit in waiting(recorded)[0].units] == ["slug", "title"]
    assert "title 'Talk 3' -> 'Third' (chosen by hand here)" in report.pending[0]


def test_a_talk_in_whose_place_there_is_another_one_keeps_everything(recorded: Project) -> None:
    run(recorded, *MOVED)
    report = decide(recorded, another=True)
    titles = {row.title: (row.state, row.fahrplan_id) for _, row in queries.scheduled_talks(recorded.id)}
    assert (titles["Talk 3"], titles["Other"]) == (("recorded", 3), ("scheduled", 8))
    assert report.created == ["8 'Other'"]
    assert not run(recorded, *MOVED).effective
    assert waiting(recorded) == []


def test_what_changed_since_it_was_shown_is_a_conflict_and_nothing_is_applied(recorded: Project) -> None:
    put(recorded, 4, "recorded")
    run(recorded, *but(4, title="Else"), event(3, title="Other"))
    run(recorded, *[e for n, e in enumerate(SEVEN, 1) if n not in (3, 4)], event(3, title="O"), event(4, title="E"))
    seen = {item.id: Choice(take=["all"], stamp=item.stamp) for item in waiting(recorded)}
    put(recorded, 4, "merged")
    with pytest.raises(Conflict, match="something changed about 'Talk 4'"):
        verdicts.decide(recorded, seen, ALICE)
    assert [talk(recorded, number).title for number in (3, 4)] == ["Talk 3", "Talk 4"]


@pytest.mark.parametrize("change", ["a newer version", "a hand", "decided already"])
def test_a_stamp_notices(recorded: Project, change: str) -> None:
    run(recorded, *MOVED)
    (item,) = waiting(recorded)
    if change == "a newer version":
        run(recorded, *but(3, title="Third"))
    elif change == "a hand":
        properties.write(talk(recorded, 3), {"Fahrplan.Title": "By hand"})
    else:
        decide(recorded, leave=["all"])
    with pytest.raises(Conflict):
        verdicts.decide(recorded, {item.id: Choice(take=["all"], stamp=item.stamp)}, ALICE)
    assert talk(recorded, 3).title == "Talk 3"


@pytest.mark.parametrize(
    ("choice", "says"),
    [({"take": ["colour"]}, "has no 'colour'"), ({"take": ["title"], "leave": ["title"]}, "both to be taken")],
)
def test_a_choice_that_makes_no_sense_is_refused(recorded: Project, choice: dict[str, Any], says: str) -> None:
    run(recorded, *MOVED)
    with pytest.raises(InvalidInput, match=says):
        decide(recorded, **choice)


def test_nothing_is_decided_in_an_archived_project(recorded: Project) -> None:
    run(recorded, *MOVED)
    projects.configure(recorded, read_only=True)
    with pytest.raises(ProjectReadOnly):
        decide(recorded, take=["all"])


# --- new talks -------------------------------------------------------------------------------------------------


@pytest.fixture
def asking(project: Project) -> Project:
    """A conference that asks about new talks."""
    run(project, *SEVEN)
    sources.configure(project, actions={"new": ("ask", "ask")})
    return project


def test_a_new_talk_can_wait_and_be_made(asking: Project) -> None:
    report = run(asking, *SEVEN, event(8))
    assert (report.created, report.pending) == ([], ["'Talk 8': new, Fri 27 Dec 18:00 in Saal 1"])
    assert decide(asking, take=["all"]).created == ["8 'Talk 8'"]
    assert not run(asking, *SEVEN, event(8)).effective


def test_a_new_talk_that_nobody_wants_is_forgotten_only_with_the_fahrplan(asking: Project) -> None:
    run(asking, *SEVEN, event(8))
    decide(asking, leave=["all"])
    for version in ([event(8)], [event(8, guid="remade", id="99")]):
        assert not run(asking, *SEVEN, *version).pending
    (item,) = waiting(asking)
    assert (item.status, item.title) == ("declined", "Talk 8")
    run(asking, *SEVEN)
    assert waiting(asking) == []


def test_a_new_talk_that_nobody_wanted_can_be_made_after_all(asking: Project) -> None:
    run(asking, *SEVEN, event(8))
    decide(asking, leave=["all"])
    assert decide(asking, take=["all"]).created == ["8 'Talk 8'"]


# --- gone, back, opted out -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "after"), [({"take": ["all"]}, "locked"), ({"leave": ["all"]}, "recorded")])
def test_a_recorded_talk_that_is_gone(recorded: Project, choice: dict[str, Any], after: str) -> None:
    rest = [each for number, each in enumerate(SEVEN, 1) if number != 3]
    run(recorded, *rest)
    decide(recorded, **choice)
    assert state(recorded, 3) == after
    report = run(recorded, *rest)
    assert (report.effective, report.pending) == (False, [])


def test_a_recorded_talk_comes_back_to_where_it_was(recorded: Project) -> None:
    run(recorded, *[each for number, each in enumerate(SEVEN, 1) if number != 3])
    decide(recorded, take=["all"])
    report = run(recorded, *SEVEN)
    assert (state(recorded, 3), report.pending) == ("locked", ["3 'Talk 3': in the Fahrplan again"])
    decide(recorded, take=["all"])
    assert state(recorded, 3) == "recorded"


def test_a_talk_whose_return_nobody_wants_stays_locked(recorded: Project) -> None:
    run(recorded, *[each for number, each in enumerate(SEVEN, 1) if number != 3])
    decide(recorded, take=["all"])
    run(recorded, *SEVEN)
    decide(recorded, leave=["all"])
    report = run(recorded, *SEVEN)
    assert (state(recorded, 3), report.effective, report.pending) == ("locked", False, [])


def test_a_withdrawn_opt_out_unlocks_when_people_say_so(project: Project) -> None:
    run(project, *but(1, extra=optout("true")))
    run(project, *but(1, extra=optout("false")))
    decide(project, take=["all"])
    assert (state(project, 1), stored(project, 1)["Fahrplan.Recording.Optout"]) == ("scheduled", "0")


def test_a_withdrawn_opt_out_after_the_recording_resumes_where_it_was(recorded: Project) -> None:
    run(recorded, *but(3, extra=optout("true")))
    assert state(recorded, 3) == "locked"
    run(recorded, *SEVEN)
    decide(recorded, take=["all"])
    assert state(recorded, 3) == "recorded"


def test_a_talk_that_was_being_worked_on_resumes_before_that(recorded: Project) -> None:
    worker = queries.register_worker(queries.v3_group().id, "vm-merge.example.org")
    assert tickets.claim_next(recorded, "merging", worker) is not None
    run(recorded, *but(3, extra=optout("true")))
    assert not tickets.finish(talk(recorded, 3).id, recorded, worker)
    run(recorded, *SEVEN)
    decide(recorded, take=["all"])
    assert (state(recorded, 3), talk(recorded, 3).worker_id) == ("recorded", None)


def test_a_failed_talk_is_failed_again_when_it_comes_back(recorded: Project) -> None:
    tickets.moves.fail(tickets.lock(talk(recorded, 3).id), TRACKER, "Test", "noise")
    run(recorded, *but(3, extra=optout("true")))
    run(recorded, *SEVEN)
    decide(recorded, take=["all"])
    assert (state(recorded, 3), talk(recorded, 3).failed) == ("recorded", True)


# --- by hand ---------------------------------------------------------------------------------------------------


def test_what_was_written_by_hand_stays_and_a_new_word_of_the_fahrplan_is_asked_about(project: Project) -> None:
    run(project, *SEVEN)
    properties.write(talk(project, 2), {"Fahrplan.Title": "By hand", "Fahrplan.Track": "Mine"})
    assert not run(project, *SEVEN).effective
    report = run(project, *but(2, title="Second"))
    assert "title 'By hand' -> 'Second' (chosen by hand here)" in report.pending[0]
    assert [unit.name for unit in waiting(project)[0].units if unit.by_hand] == ["title"]
    assert stored(project, 2)["Fahrplan.Title"] == "By hand"
    decide(project, take=["all"])
    assert (stored(project, 2)["Fahrplan.Title"], stored(project, 2)["Fahrplan.Track"]) == ("Second", "Mine")
