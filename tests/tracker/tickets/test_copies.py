"""A talk once more, with a number of its own."""

from __future__ import annotations

import pytest

from tests.factories import events, log_of, make_encoding, make_recording, states
from tracker import projects, properties, tickets
from tracker.errors import InvalidInput, NotPermitted

CUT = {"Record.Cutin": "5", "Record.Cutout": "50", "Record.AVDelay": "100"}
MEASURED = {"Record.DurationFrames": "9000", "Record.Cutintime": "x", "Fahrplan.GUID": "g", "Fahrplan.Lock": "gone"}


@pytest.fixture
def talk(project):
    return make_recording(project, "copied", title="Opening", values={**CUT, **MEASURED, "Record.EndPadding": "60"})


@pytest.mark.parametrize("with_cut", [False, True])
def test_a_duplicate_has_the_properties_but_no_measures(talk, alice, with_cut):
    made = tickets.duplicate(talk.id, alice, with_cut=with_cut)
    own = properties.own(made)
    assert (made.title, made.state, made.room, made.start, made.end) == (
        "Duplicate of Opening",
        "scheduled",
        talk.room,
        talk.start,
        talk.end,
    )
    assert not MEASURED.keys() & own.keys() and own["Record.EndPadding"] == "60"
    assert {name: own.get(name) for name in CUT} == (CUT if with_cut else dict.fromkeys(CUT))
    assert ("Record.Language" in own) == with_cut and own["Fahrplan.Title"] == "Opening"
    assert states(made) == {"hd": "material needed"}


def test_it_has_a_number_of_its_own(talk, alice):
    assert tickets.duplicate(talk.id, alice).fahrplan_id == talk.fahrplan_id + 1
    assert tickets.duplicate(talk.id, alice, fahrplan_id=77).fahrplan_id == 77
    with pytest.raises(InvalidInput, match=r"already has a talk with Fahrplan\.ID 77"):
        tickets.duplicate(talk.id, alice, fahrplan_id=77)


def test_the_log_tells_of_what_it_is_a_duplicate(talk, alice):
    made = tickets.duplicate(talk.id, alice)
    assert (log_of(made)[0].comment, events(made)[0][0]) == (f"of ticket {talk.id}", "Created.duplicate")


def test_only_recordings_of_open_projects_are_duplicated(project, talk, alice):
    with pytest.raises(InvalidInput, match="only recordings are duplicated"):
        tickets.duplicate(make_encoding(project).id, alice)
    projects.configure(project, read_only=True)
    with pytest.raises(NotPermitted, match="archived"):
        tickets.duplicate(talk.id, alice)
