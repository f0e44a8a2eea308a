"""Rooms and the names under which recorders write."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import make_recording
from tracker import properties, rooms
from tracker.errors import InvalidInput, NotFound


@pytest.fixture
def project(db_session):
    made = factories.make_project()
    for name in ("Saal 1", "Foyer"):
        rooms.of(made, name)
    return made


def room(project, name="Saal 1"):
    return rooms.get(project, name)


def test_a_room_is_found_by_name_or_key_in_any_case(project):
    assert rooms.get(project, "SAAL 1") is rooms.get(project, "saal1") is rooms.of(project, "saal 1")
    with pytest.raises(NotFound, match=r"no room 'Aula'; there are: Foyer, Saal 1\."):
        rooms.get(project, "Aula")


def test_a_renamed_room_keeps_its_key(project):
    rooms.rename(project, room(project), "Aula")
    assert (room(project, "Aula").key, room(project, "saal1").name) == ("saal1", "Aula")


@pytest.mark.parametrize("name", ["Foyer", "foyer!", "???"])
def test_a_room_gets_no_name_that_another_has_or_no_file_could_carry(project, name):
    with pytest.raises(InvalidInput, match=r"mistaken for 'Foyer'|no letter or digit"):
        rooms.rename(project, room(project), name)


def test_the_old_name_of_a_renamed_room_is_not_given_away(project):
    rooms.rename(project, room(project), "Aula")
    with pytest.raises(InvalidInput, match="'Aula' and 'Saal 1' would both record to files called 'saal1'"):
        rooms.of(project, "Saal 1")


def test_several_recorders_may_stand_in_a_room(project):
    talk = make_recording(project)
    assert properties.merged(talk)["Room.Recorders"] == "saal1"
    rooms.set_recorders(project, room(project), ["hall1", "hall1_backup", "hall1"])
    assert properties.merged(talk)["Room.Recorders"] == "hall1 hall1_backup"
    assert properties.merged(talk)["Room.Key"] == "saal1"
    rooms.set_recorders(project, room(project), [])
    assert properties.merged(talk)["Room.Recorders"] == "saal1"


@pytest.mark.parametrize("prefix", ["", "Hall", "-hall", "../hall", "hall 1", "hall\n", "x" * 81])
def test_the_name_of_a_recorder_is_a_plain_piece_of_a_file_name(project, prefix):
    with pytest.raises(InvalidInput, match="is no name of a recorder"):
        rooms.set_recorders(project, room(project), [prefix])


def test_no_recorder_belongs_to_two_rooms(project):
    with pytest.raises(InvalidInput, match=r"The recordings of room 'Foyer' begin with 'foyer'-\.\.\. already"):
        rooms.set_recorders(project, room(project), ["foyer"])
    rooms.set_recorders(project, room(project), ["aula"])
    with pytest.raises(InvalidInput, match="room 'Saal 1' begin with 'aula'"):
        rooms.of(project, "Aula")
