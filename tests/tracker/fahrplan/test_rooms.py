"""Rooms are renamed, spelt anew, swapped and merged; recordings keep their names all the same."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session, scoped_session

from tests.tracker.fahrplan.samples import BERLIN, event, schedule
from tracker import projects, queries, rooms, tickets
from tracker.fahrplan import Changes, Report, Schedule, diff, import_fahrplan, known_talks, parse
from tracker.fahrplan.schedule import KnownRoom, RoomChange, RoomQuestion
from tracker.models import Project
from tracker.tickets import TRACKER


def conference(*talks: tuple[int, str], **guids: str) -> bytes:
    """Print talks (number, room), each in a room element; *guids* are by room name."""
    around = "".join(
        f"<room name='{room}' guid='{guids.get(room.replace(' ', '_'), '')}'>{event(number, room=room)}</room>"
        for number, room in talks
    )
    return schedule().replace(b'<room name="Saal 1"></room>', around.encode())


def read(xml: bytes, *known: KnownRoom) -> Schedule:
    return parse(xml, BERLIN, known)


def keys(found: Schedule) -> list[str]:
    return [talk.room_key for talk in found.talks]


SAAL = KnownRoom("saal1", "Saal 1", "g1")


# --- which room it is ------------------------------------------------------------------------------------------


def test_an_unknown_room_gets_the_key_of_its_name() -> None:
    found = read(conference((1, "Saal 1"), (2, "Großer Saal")))
    assert keys(found) == ["saal1", "grossersaal"]
    assert (found.rooms, found.new_rooms) == ((), {"saal1", "grossersaal"})


def test_a_renamed_room_is_known_by_its_guid_and_keeps_its_key() -> None:
    found = read(conference((1, "Saal Eins"), Saal_Eins="g1"), SAAL)
    assert keys(found) == ["saal1"]
    assert found.rooms == (RoomChange("saal1", "Saal Eins", "g1", "Saal 1"),)
    assert found.new_rooms == frozenset()


def test_two_rooms_that_exchange_their_names_exchange_no_keys() -> None:
    foyer = KnownRoom("foyer", "Foyer", "g2")
    found = read(conference((1, "Foyer"), (2, "Saal 1"), Foyer="g1", Saal_1="g2"), SAAL, foyer)
    assert keys(found) == ["saal1", "foyer"]


def test_a_room_keeps_its_name_when_its_guid_is_made_anew() -> None:
    found = read(conference((1, "Saal 1"), Saal_1="g9"), SAAL)
    assert (keys(found), found.rooms) == (["saal1"], (RoomChange("saal1", "Saal 1", "g9", "Saal 1"),))


def test_a_guid_on_two_rooms_says_nothing() -> None:
    found = read(conference((1, "Saal 1"), (2, "Foyer"), Saal_1="g1", Foyer="g1"), SAAL)
    assert (keys(found), found.rooms) == (["saal1", "foyer"], ())


def test_a_new_spelling_with_the_same_key_is_the_same_room() -> None:
    found = read(conference((1, "Saal-1")), SAAL)
    assert (keys(found), found.rooms) == (["saal1"], (RoomChange("saal1", "Saal-1", "g1", "Saal 1"),))


def test_case_is_no_new_spelling() -> None:
    assert read(conference((1, "SAAL 1")), SAAL).rooms == ()


def test_a_newcomer_with_the_key_of_a_room_that_is_still_there_is_refused() -> None:
    found = read(conference((1, "Saal 1"), (2, "Saal-1"), (3, "Foyer")), SAAL)
    assert keys(found) == ["saal1", "foyer"]
    assert [skipped.reason for skipped in found.skipped] == [
        "The rooms 'Saal 1' and 'Saal-1' would have the same name 'saal1' at the recorders; one must be renamed."
    ]


def test_a_newcomer_with_the_old_name_of_a_renamed_room_is_refused() -> None:
    found = read(conference((1, "Saal Eins"), (2, "Saal 1"), Saal_Eins="g1", Saal_1="g2"), SAAL)
    assert keys(found) == ["saal1"]
    assert "'Saal Eins' and 'Saal 1' would have the same name 'saal1'" in found.skipped[0].reason


def test_a_newcomer_with_the_name_of_somebodys_recorder_is_refused() -> None:
    found = read(conference((1, "Foyer")), KnownRoom("saal1", "Saal 1", recorders=("foyer", "cam2")))
    assert "'Saal 1' and 'Foyer' would have the same name 'foyer'" in found.skipped[0].reason


# --- imported --------------------------------------------------------------------------------------------------


@pytest.fixture
def project(db_session: scoped_session[Session]) -> Project:
    return projects.create("conf", "Conf", time_zone="Europe/Berlin")


def run(project: Project, xml: bytes) -> Report:
    return import_fahrplan(project, xml, TRACKER, source="test.xml")


def compare(project: Project, xml: bytes) -> Changes:
    known = [KnownRoom(room.key, room.name, room.guid) for room in queries.rooms(project.id)]
    return diff(parse(xml, BERLIN, known), known_talks(project))


def names(project: Project) -> list[tuple[str, str, str]]:
    return [(room.key, room.name, room.guid) for room in queries.rooms(project.id)]


def of(project: Project, number: int) -> Any:
    found = queries.recording_by_fahrplan_id(project.id, number)
    assert found is not None and found.room is not None
    return found.room.key


def test_a_room_gets_its_guid_and_is_renamed_by_it(project: Project) -> None:
    run(project, conference((1, "Saal 1"), (2, "Foyer"), Saal_1="g1"))
    run(project, conference((1, "Saal 1"), (2, "Foyer"), Saal_1="g1"))
    assert names(project) == [("foyer", "Foyer", ""), ("saal1", "Saal 1", "g1")]
    run(project, conference((1, "Saal Eins"), (2, "Foyer"), (3, "Saal Eins"), Saal_Eins="g1"))
    assert names(project) == [("foyer", "Foyer", ""), ("saal1", "Saal Eins", "g1")]
    assert [of(project, number) for number in (1, 2, 3)] == ["saal1", "foyer", "saal1"]


def test_a_talk_whose_room_is_renamed_has_not_moved(project: Project) -> None:
    run(project, conference((1, "Saal 1"), Saal_1="g1"))
    run(project, conference((1, "Saal 1"), Saal_1="g1"))
    (change,) = compare(project, conference((1, "Saal Eins"), Saal_Eins="g1")).changed
    assert change.kinds == {"text only"}


def test_a_room_that_vanishes_with_all_its_talks_in_a_new_one_is_asked_about(project: Project) -> None:
    run(project, conference((1, "Saal 1"), (2, "Saal 1"), (3, "Foyer")))
    later = conference((1, "Aula"), (2, "Aula"), (3, "Foyer"))
    assert compare(project, later).questions == (RoomQuestion("saal1", "Saal 1", "Aula", "aula", 2),)
    rooms.rename(project, rooms.get(project, "Saal 1"), "Aula")
    assert compare(project, later).questions == ()
    run(project, later)
    assert [of(project, number) for number in (1, 2, 3)] == ["saal1", "saal1", "foyer"]


def test_a_room_that_a_person_made_is_not_asked_about(project: Project) -> None:
    run(project, conference((1, "Saal 1"), (2, "Saal 1")))
    rooms.of(project, "Aula")
    assert compare(project, conference((1, "Aula"), (2, "Aula"))).questions == ()


@pytest.mark.parametrize(
    "later",
    [
        conference((1, "Aula"), (2, "Saal 1"), (3, "Foyer")),
        conference((1, "Aula"), (2, "Foyer"), (3, "Foyer")),
        conference((1, "Foyer"), (2, "Foyer"), (3, "Foyer")),
        conference((1, "Aula"), (3, "Foyer")),
        conference((1, "Aula"), (2, "Aula"), (3, "Foyer"))
        .replace(b"<start>11:00", b"<start>11:30")
        .replace(b"T11:00", b"T11:30"),
    ],
    ids=["one stays", "apart", "a known room", "a single talk", "another time"],
)
def test_talks_that_move_are_no_renamed_room(project: Project, later: bytes) -> None:
    run(project, conference((1, "Saal 1"), (2, "Saal 1"), (3, "Foyer")))
    assert compare(project, later).questions == ()


def test_recordings_by_hand_find_a_renamed_room_by_its_name(project: Project) -> None:
    run(project, conference((1, "Saal 1")))
    rooms.rename(project, rooms.get(project, "saal1"), "Aula")
    made = tickets.create_recording(project, TRACKER, title="x", room="aula")
    assert made.room is not None and made.room.key == "saal1"
