"""`fahrwerk room`."""

from __future__ import annotations


def test_rooms_are_made_renamed_given_recorders_and_listed(fahrwerk):
    fahrwerk("project", "add", "roomy", "Roomy")
    made = fahrwerk("room", "add", "roomy", "Saal 1")
    assert made.output == "Room Saal 1 is there; its recordings begin with saal1-.\n"
    done = fahrwerk("room", "set", "roomy", "Saal 1", "--name", "Aula", "--recorder", "hall1", "--recorder", "cam2")
    assert done.output == "Room Aula is recorded as hall1, cam2.\n"
    assert fahrwerk("room", "list", "roomy").output.split() == ["saal1", "hall1,", "cam2", "Aula"]
    assert fahrwerk("room", "set", "roomy", "Aula", "--recorder", "none").output == "Room Aula is recorded as saal1.\n"


def test_a_room_that_is_not_there_is_told_with_those_that_are(fahrwerk):
    fahrwerk("project", "add", "bare", "Bare")
    refused = fahrwerk("room", "set", "bare", "Foyer", "--name", "X")
    assert refused.exit_code == 1
    assert "has no room 'Foyer'; there are: none." in str(refused.exception) + refused.output
