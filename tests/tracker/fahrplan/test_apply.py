"""An import against a real database: what becomes of the tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session, scoped_session

from tests.tracker.fahrplan.samples import event, optout, schedule
from tracker import profiles, projects, properties, queries, tickets
from tracker.errors import FahrplanError, ProjectReadOnly
from tracker.fahrplan import Report, files, import_fahrplan, sources
from tracker.fahrplan.numbers import MAX_ID, allocate, usable_id
from tracker.models import Project, Ticket
from tracker.statemachine import workflow
from tracker.tickets import TRACKER, moves

SEVEN = [event(n) for n in range(1, 8)]


@pytest.fixture
def project(db_session: scoped_session[Session]) -> Project:
    made = projects.create("conf", "Conf", time_zone="Europe/Berlin")
    profiles.use(made, "hd")
    profiles.use(made, "mp3")
    return made


def run(project: Project, *events: str, **more: Any) -> Report:
    return import_fahrplan(project, schedule(*events, **more), TRACKER, source="test.xml")


def talk(project: Project, number: int) -> Ticket:
    found = queries.recording_by_fahrplan_id(project.id, number)
    assert found is not None
    return found


def state(project: Project, number: int) -> str:
    return talk(project, number).state


def put(project: Project, number: int, target: str, *, by_hand: bool = False) -> None:
    moves.move(tickets.lock(talk(project, number).id), target, TRACKER, "test", by_hand=by_hand)


def put_file(project: Project, number: int, target: str) -> None:
    child = next(c for c in talk(project, number).children if c.profile_version.profile.slug == "hd")
    moves.move(tickets.lock(child.id), target, TRACKER, "test")


def everything(project: Project) -> list[tuple[Any, ...]]:
    """Return all that an import may change of the talks of a project."""
    return [
        (row.title, row.state, row.start, row.end, row.room_id, event.guid, event.source_id, properties.own(row))
        for event, row in queries.scheduled_talks(project.id)
    ]


def log(project: Project) -> list[tuple[str, str]]:
    """Return event and comment of the whole log, oldest first."""
    return [(entry.event, entry.comment) for entry, _ in reversed(queries.recent_log(project.id, 10_000))]


# --- new -------------------------------------------------------------------------------------------------------


def test_a_new_talk_becomes_a_scheduled_ticket_with_properties_and_children(project: Project) -> None:
    report = run(project, event(7, room="Großer Saal", persons=None))
    ticket = talk(project, 7)
    assert report.counts["created"] == 1
    assert (ticket.state, ticket.title, ticket.type) == ("scheduled", "Talk 7", "recording")
    assert ticket.room is not None and (ticket.room.key, ticket.room.name) == ("grossersaal", "Großer Saal")
    assert ticket.start == datetime.fromisoformat("2024-12-27T17:00:00+01:00")
    stored = properties.own(ticket)
    assert (stored["Fahrplan.ID"], stored["Fahrplan.Room"], stored["Fahrplan.Day"]) == ("7", "Großer Saal", "1")
    assert sorted((c.profile_version.profile.slug, c.state) for c in ticket.children if c.profile_version) == [
        ("hd", "material needed"),
        ("mp3", "material needed"),
    ]


def test_an_opted_out_talk_arrives_locked_with_the_reason(project: Project) -> None:
    run(project, event(1, extra=optout("true")), event(2, extra=optout("false")), event(3))
    assert [state(project, n) for n in (1, 2, 3)] == ["locked", "scheduled", "scheduled"]
    assert ("Created", "The speakers opted out of the recording.") in log(project)
    assert [properties.own(talk(project, n)).get("Fahrplan.Recording.Optout") for n in (1, 2, 3)] == ["1", "0", None]


def test_a_talk_that_cannot_be_recorded_as_it_stands_arrives_locked(project: Project) -> None:
    run(project, event(1, duration=":"), event(2, room="???"))
    assert [state(project, n) for n in (1, 2)] == ["locked", "locked"]
    assert ("Created", "To be clarified: it has no duration.") in log(project)
    assert talk(project, 2).room is None


def test_skipped_events_and_doubts_are_reported(project: Project) -> None:
    report = run(project, event(1, title=""), event(2, date="2024-12-27T12:00:00Z"))
    assert [skipped.reason for skipped in report.skipped] == ["It has no title."]
    assert report.doubts == [
        "event 2, id 2, 'Talk 2': the offset of its date is not that of Europe/Berlin; its start 12:00 is used."
    ]


def test_nothing_is_written_for_a_refused_file_and_its_source_is_named(project: Project) -> None:
    with pytest.raises(FahrplanError, match=r"^test\.xml: The Fahrplan has a DOCTYPE"):
        import_fahrplan(project, b"<!DOCTYPE schedule><schedule/>", TRACKER, source="test.xml")
    assert queries.fahrplan_ids(project.id) == set()


def test_an_archived_project_takes_no_fahrplan(project: Project) -> None:
    projects.configure(project, read_only=True)
    with pytest.raises(ProjectReadOnly, match="conf is archived"):
        run(project, event())


def test_hostile_texts_are_stored_literally(project: Project) -> None:
    nasty = "../../x\"; DROP TABLE ticket; -- <b>'%s"
    run(project, event(1, title=nasty, room=nasty, slug=nasty))
    assert talk(project, 1).title == properties.own(talk(project, 1))["Fahrplan.Slug"] == nasty


# --- twice -----------------------------------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing(project: Project) -> None:
    events = [*SEVEN, event(8, extra=optout("1")), event(9, room=None), event(10, id="", guid="")]
    run(project, *events, room="")
    before = log(project)
    report = run(project, *events, room="")
    assert not report.effective
    assert report.counts["unchanged"] == 10
    assert log(project) == before
    assert queries.last_import(project.id) is not None


def test_only_an_import_that_changed_something_is_kept(project: Project) -> None:
    run(project, *SEVEN)
    first = queries.last_import(project.id)
    run(project, *SEVEN)
    again = queries.last_import(project.id)
    assert first is not None and again is not None and first.id == again.id
    assert (first.source, first.version, first.summary["created"]) == ("test.xml", "1", 7)
    assert files.content(first) == schedule(*SEVEN)


# --- identity --------------------------------------------------------------------------------------------------


def test_a_source_id_is_used_if_it_can_be(project: Project) -> None:
    odd = ["5", "5", "", "007", "1_000", "E001", "99999999999", "\uff11\uff12", "12"]
    run(project, *(event(n, id=text) for n, text in enumerate(odd)))
    ids = {row.title: row.fahrplan_id for _, row in queries.scheduled_talks(project.id)}
    assert [ids[f"Talk {n}"] for n in range(9)] == [5, 13, 14, 15, 16, 17, 18, 19, 12]


def test_the_fahrplan_id_never_changes(project: Project) -> None:
    run(project, *SEVEN)
    redealt = [event(n, id=str(n % 7 + 1)) for n in range(1, 8)]
    report = run(project, *redealt, event(8, id="77"))
    assert (report.counts["created"], report.counts["changed"]) == (1, 0)
    assert [talk(project, n).title for n in range(1, 8)] == [f"Talk {n}" for n in range(1, 8)]
    assert {event.source_id for event, _ in queries.scheduled_talks(project.id)} == {*"1234567", "77"}


def test_new_guids_are_taken_over_quietly(project: Project) -> None:
    run(project, *SEVEN)
    put(project, 1, "merged")
    report = run(project, *(event(n, guid=f"new-{n}") for n in range(1, 8)))
    assert (report.counts["rekeyed"], report.counts["changed"], report.counts["pending"]) == (7, 0, 0)
    assert properties.own(talk(project, 1))["Fahrplan.GUID"] == "new-1"
    assert not run(project, *(event(n, guid=f"new-{n}") for n in range(1, 8))).effective


def test_sessions_may_exchange_their_guids(project: Project) -> None:
    first = [event(n, title="Yoga", id="5") for n in range(1, 4)]
    again = [event(n, title="Yoga", id="5", guid=f"00000000-0000-4000-8000-{n % 3 + 1:012d}") for n in range(1, 4)]
    run(project, *first)
    report = run(project, *again)
    assert (report.counts["rekeyed"], report.counts["changed"], report.counts["created"]) == (3, 0, 0)
    assert not run(project, *again).effective


def test_talks_without_any_key_are_recognised(project: Project) -> None:
    bare = [event(n, id=None, guid=None) for n in range(1, 5)]
    run(project, *bare)
    assert not run(project, *bare[::-1]).effective
    assert run(project, *bare, event(8, id=None, guid=None)).counts["created"] == 1


def test_a_room_may_change_its_spelling(project: Project) -> None:
    run(project, event(1, room="Saal 1"))
    run(project, event(1, room="Saal-1"), room="Saal-1")
    assert [(room.key, room.name) for room in queries.rooms(project.id)] == [("saal1", "Saal-1")]


def test_talks_in_colliding_rooms_are_left_alone(project: Project) -> None:
    run(project, *SEVEN)
    report = run(project, *SEVEN[:6], event(7), event(8, room="Saal-1"), room="")
    assert [skipped.title for skipped in report.skipped] == ["Talk 8"]
    assert not report.effective


# --- changed ---------------------------------------------------------------------------------------------------


def test_a_scheduled_talk_follows_the_fahrplan(project: Project) -> None:
    run(project, *SEVEN, event(8, extra="<subtitle>old</subtitle>"))
    moved = event(8, title="Renamed", room="Saal 2", date="2024-12-28T01:00:00+01:00", start="01:00")
    report = run(project, *SEVEN, moved)
    ticket, stored = talk(project, 8), properties.own(talk(project, 8))
    assert report.changed == ["8 'Talk 8': moved in time, moved to a room, retitled"]
    assert (ticket.title, ticket.state) == ("Renamed", "scheduled")
    assert ticket.room is not None and ticket.room.name == "Saal 2"
    assert ticket.start == datetime.fromisoformat("2024-12-28T01:00:00+01:00")
    assert (stored["Fahrplan.Date"], stored["Fahrplan.Start"]) == ("2024-12-28", "01:00")
    assert "Fahrplan.Subtitle" not in stored
    assert ("Fahrplan.Title: Talk 8 -> Renamed") in dict(log(project))["Fahrplan.changed"]


@pytest.mark.parametrize("target", ["recording", "recorded", "cutting", "copied"])
def test_a_talk_being_worked_on_is_only_reported(project: Project, target: str) -> None:
    run(project, *SEVEN)
    put(project, 3, target)
    before = log(project)
    report = run(project, *(event(n, title="Other" if n == 3 else f"Talk {n}") for n in range(1, 8)))
    assert report.pending == ["3 'Talk 3': title 'Talk 3' -> 'Other'"]
    assert not report.effective
    assert (talk(project, 3).title, log(project)) == ("Talk 3", before)


def test_what_people_added_stays(project: Project) -> None:
    run(project, *SEVEN)
    properties.write(talk(project, 1), {"Custom.Note": "x", "Record.EndPadding": "7", "Fahrplan.Custom": "y"})
    run(project, event(1, title="New"), *SEVEN[1:])
    stored = properties.own(talk(project, 1))
    assert (stored["Custom.Note"], stored["Record.EndPadding"], stored["Fahrplan.Custom"]) == ("x", "7", "y")


# --- opting out ------------------------------------------------------------------------------------------------


def test_an_optout_set_later_locks_a_scheduled_talk(project: Project) -> None:
    run(project, *SEVEN)
    report = run(project, *SEVEN[1:], event(1, extra=optout("true")))
    assert (state(project, 1), report.counts["locked"]) == ("locked", 1)
    assert ("Fahrplan.locked", "The speakers opted out of the recording.") in log(project)
    assert not run(project, *SEVEN[1:], event(1, extra=optout("true"))).effective


def test_an_optout_withdrawn_leaves_the_talk_locked_and_says_so(project: Project) -> None:
    run(project, event(1, extra=optout("true")))
    report = run(project, event(1, extra=optout("false")))
    assert report.pending == ["1 'Talk 1': the speakers no longer opt out of the recording"]
    assert state(project, 1) == "locked"
    assert properties.own(talk(project, 1))["Fahrplan.Recording.Optout"] == "1"


def test_a_person_may_unlock_an_opted_out_talk_for_good(project: Project) -> None:
    run(project, event(1, extra=optout("true")))
    put(project, 1, "scheduled", by_hand=True)
    assert not run(project, event(1, extra=optout("true"))).effective
    assert state(project, 1) == "scheduled"


def test_an_optout_after_the_recording_keeps_every_script_away(project: Project) -> None:
    run(project, *SEVEN)
    put(project, 1, "copied")
    put_file(project, 1, "encoded")
    report = run(project, *SEVEN[1:], event(1, extra=optout("true")))
    assert report.locked == ["1 'Talk 1': The speakers opted out of the recording."]
    assert state(project, 1) == "locked"
    worker = queries.register_worker(queries.v3_group().id, "vm-encoder1.example.org")
    for name in workflow("classic").services:
        if name != "recording":
            assert tickets.claim_next(project, name, worker) is None


def test_a_talk_that_becomes_clear_is_scheduled(project: Project) -> None:
    run(project, event(1, duration=":"))
    report = run(project, event(1))
    assert (state(project, 1), report.counts["unlocked"]) == ("scheduled", 1)


# --- gone ------------------------------------------------------------------------------------------------------


def test_a_gone_talk_is_locked_and_comes_back(project: Project) -> None:
    run(project, *SEVEN)
    report = run(project, *SEVEN[1:])
    assert (report.gone, state(project, 1)) == (["1 'Talk 1'"], "locked")
    assert ("Fahrplan.gone", "The talk is no longer in the Fahrplan.") in log(project)
    assert not run(project, *SEVEN[1:]).effective
    assert run(project, *SEVEN).unlocked == ["1 'Talk 1'"]
    assert state(project, 1) == "scheduled"
    assert not run(project, *SEVEN).effective


def test_a_gone_talk_a_person_schedules_again_stays_scheduled(project: Project) -> None:
    run(project, *SEVEN)
    run(project, *SEVEN[1:])
    put(project, 1, "scheduled", by_hand=True)
    assert not run(project, *SEVEN[1:]).effective
    assert state(project, 1) == "scheduled"


def test_an_opted_out_talk_that_vanishes_and_returns_stays_locked(project: Project) -> None:
    run(project, *SEVEN[1:], event(1, extra=optout("true")))
    run(project, *SEVEN[1:])
    run(project, *SEVEN)
    assert state(project, 1) == "locked"


def test_a_gone_talk_that_was_recorded_waits_for_the_crew(project: Project) -> None:
    run(project, *SEVEN)
    put(project, 1, "cut")
    for _ in range(2):
        report = run(project, *SEVEN[1:])
        assert (report.pending, report.effective) == (["1 'Talk 1': no longer in the Fahrplan"], False)
    report = run(project, *SEVEN)
    assert (report.pending, report.overtaken) == ([], ["1 'Talk 1': no longer in the Fahrplan"])
    assert state(project, 1) == "cut"


def test_a_mass_loss_changes_nothing_and_the_next_good_version_restores(project: Project) -> None:
    run(project, *SEVEN)
    before = everything(project)
    for _ in range(2):
        report = run(project, *SEVEN[3:6], event(7, title="Else", guid="new"), event(8))
        assert report.loss.startswith("4 talks are missing from the Fahrplan at once")
        assert (everything(project), report.effective, len(report.pending)) == (before, False, 6)
    report = run(project, *SEVEN, event(8))
    assert (report.created, report.pending, len(report.overtaken)) == (["8 'Talk 8'"], [], 5)
    assert everything(project)[:7] == before


def test_an_empty_schedule_is_no_cancellation(project: Project) -> None:
    run(project, event(1))
    assert run(project).loss
    assert state(project, 1) == "scheduled"


def test_a_talk_whose_event_broke_is_kept_and_told(project: Project) -> None:
    run(project, *SEVEN)
    report = run(project, *SEVEN[1:], event(1, date="soon"))
    assert report.gone == []
    assert "left as it is" in report.held[0] and "The date 'soon' cannot be read." in report.held[0]
    assert state(project, 1) == "scheduled"


# --- numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "0", "007", "-1", "+1", "1.0", "1e3", " 1", "\u0661", str(MAX_ID + 1), "9" * 30])
def test_what_is_no_usable_number(text: str) -> None:
    assert usable_id(text) is None


def test_numbers_are_allocated_above_all_others_in_order() -> None:
    assert allocate(["", "40", "x", "40", "7"], [3, 41]) == [42, 40, 43, 44, 7]
    assert allocate([str(MAX_ID), "a", "b"], [1]) == [MAX_ID, 2, 3]
    assert allocate([], []) == []


# --- what nobody wants to hear of ------------------------------------------------------------------------------


def test_an_absence_that_is_ignored_is_no_part_of_an_outage(project: Project) -> None:
    run(project, *SEVEN)
    sources.configure(project, actions={"gone": ("ignore", "ignore")})
    for number in range(1, 6):
        report = run(project, *SEVEN[number:])
        assert (report.loss, report.effective, report.pending) == ("", False, [])
    assert run(project, *SEVEN).loss == ""
    assert {state(project, n) for n in range(1, 8)} == {"scheduled"}


def test_a_change_that_is_ignored_is_applied_once_the_policy_says_so(project: Project) -> None:
    sources.configure(project, actions={"speakers": ("ignore", "ignore")})
    run(project, *SEVEN)
    later = [event(1, extra="<persons><person>Ada</person></persons>"), *SEVEN[1:]]
    assert not run(project, *later).effective
    sources.configure(project, actions={"speakers": ("apply", "ask")})
    assert run(project, *later).changed == ["1 'Talk 1': speakers"]


def test_recorded_talks_need_no_clarification_when_their_room_is_no_longer_recorded(project: Project) -> None:
    run(project, *SEVEN[:5], event(6, room="Keller"), event(7, room="Keller"))
    put(project, 6, "recorded")
    sources.select_rooms(project, ["saal1"])
    report = run(project, *SEVEN[:5], event(6, room="Keller"), event(7, room="Keller"))
    assert (report.locked, report.pending) == (["7 'Talk 7': To be clarified: its room is not recorded."], [])
    assert state(project, 6) == "recorded"


def test_a_room_under_another_name_is_followed_quietly_even_for_recorded_talks(project: Project) -> None:
    run(project, *(event(n, room="Saal 1") for n in range(1, 8)))
    put(project, 3, "recorded")
    report = run(project, *(event(n, room="Saal-1") for n in range(1, 8)), room="Saal-1")
    assert (report.pending, properties.own(talk(project, 3))["Fahrplan.Room"]) == ([], "Saal-1")


def test_another_time_zone_of_the_project_moves_nobody(project: Project) -> None:
    run(project, *SEVEN)
    put(project, 3, "recorded")
    projects.configure(project, time_zone="Europe/Lisbon")
    report = run(project, *SEVEN)
    assert (report.pending, report.changed, len(report.rekeyed)) == ([], [], 7)
    stored = properties.own(talk(project, 3))
    assert (stored["Fahrplan.Start"], stored["Fahrplan.DateTime"]) == ("12:00", "2024-12-27T12:00:00+00:00")
    assert talk(project, 3).start == datetime.fromisoformat("2024-12-27T13:00:00+01:00")
