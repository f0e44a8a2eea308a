"""How tickets come into being."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.factories import START, encoding, events, log_of, make_recording, put, states
from tracker import profiles, properties, queries, tickets
from tracker.errors import InvalidInput
from tracker.models import ProjectProfile
from tracker.tickets import TRACKER, Actor
from tracker.tickets.create import MAX_FAHRPLAN_ID, next_fahrplan_id

LATE = datetime(2026, 7, 3, 22, 30, tzinfo=UTC)


def test_a_recording_comes_with_an_encoding_for_each_profile(project, alice):
    profiles.use(project, "mp3")
    talk = tickets.create_recording(project, Actor.of(alice), title=" A talk ")
    assert (talk.state, talk.title, talk.parent_id) == ("scheduled", "A talk", None)
    assert states(talk) == {"hd": "material needed", "mp3": "material needed"}
    assert [(e.event, e.actor) for e in log_of(encoding(talk))] == [("Created", "alice")]


def test_a_profile_without_auto_create_makes_no_encoding(project):
    used = queries.project_profiles(project.id)[0]
    assert isinstance(used, ProjectProfile)
    used.auto_create = False
    assert states(make_recording(project)) == {}


def test_a_profile_used_later_makes_the_missing_encodings_once(project):
    talks = [make_recording(project), make_recording(project)]
    for _ in range(2):
        profiles.use(project, "opus")
    assert [states(talk) for talk in talks] == [{"hd": "material needed", "opus": "material needed"}] * 2


def test_a_talk_has_one_ticket_of_a_profile(project, alice):
    profiles.use(project, "mp3")
    talk = make_recording(project, "copied")
    used = {each.version.profile.slug: each for each in queries.project_profiles(project.id)}
    with pytest.raises(InvalidInput, match="already has an encoding ticket of profile 'mp3'"):
        tickets.create_encoding(talk.id, used["mp3"], Actor.of(alice))
    with pytest.raises(InvalidInput, match="not a recording ticket"):
        tickets.create_encoding(encoding(talk).id, used["mp3"], Actor.of(alice))
    used["mp3"].auto_create = False
    late = make_recording(project, "copied")
    made = tickets.create_encoding(late.id, used["mp3"], Actor.of(alice))
    assert (made.state, made.blocked, states(late)["mp3"]) == ("ready to encode", "", "ready to encode")


def test_a_misc_ticket_is_about_a_recording_of_its_project(project, alice):
    other = make_recording(factories.make_project("other"))
    for parent in (other, encoding(make_recording(project))):
        with pytest.raises(InvalidInput, match="is no recording of project demo"):
            tickets.create_misc(project, Actor.of(alice), "x", parent)


def test_a_locked_recording_says_why(project):
    talk = tickets.create_recording(project, TRACKER, title="Secret", locked="the speaker opted out")
    assert (talk.state, log_of(talk)[0].comment) == ("locked", "the speaker opted out")


def test_a_recording_by_hand_gets_the_properties_that_scripts_read(project):
    """Local date and time in the zone of the project, also after midnight."""
    talk = tickets.create_recording(
        project, TRACKER, title="Ü: a/b", room="Großer Saal", start=LATE, end=LATE + timedelta(minutes=95)
    )
    assert properties.own(talk) == {
        "Fahrplan.Date": "2026-07-04",
        "Fahrplan.DateTime": "2026-07-04T00:30:00+02:00",
        "Fahrplan.Duration": "01:35",
        "Fahrplan.Room": "Großer Saal",
        "Fahrplan.Slug": "Ue_a_b",
        "Fahrplan.Start": "00:30",
        "Fahrplan.Title": "Ü: a/b",
    }
    assert talk.room.key == "grossersaal"


def test_a_recording_by_hand_may_lack_everything_but_a_title(project):
    talk = tickets.create_recording(project, TRACKER, title="Later")
    assert properties.own(talk) == {"Fahrplan.Slug": "Later", "Fahrplan.Title": "Later"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "  "}, "title"),
        ({"start": START, "end": START}, "end"),
        ({"fahrplan_id": 0}, "fahrplan_id"),
        ({"fahrplan_id": 2**31}, "fahrplan_id"),
        ({"room": "???"}, "room"),
        ({"room": "Saal-1"}, "room"),
    ],
)
def test_a_recording_that_cannot_be_is_refused(project, given, field):
    make_recording(project, room="Saal 1")
    with pytest.raises(InvalidInput) as caught:
        tickets.create_recording(project, TRACKER, **({"title": "x"} | given))
    assert caught.value.field == field


def test_an_id_is_used_once_in_a_project(project):
    tickets.create_recording(project, TRACKER, title="x", fahrplan_id=7)
    with pytest.raises(InvalidInput, match=r"already has a talk with Fahrplan\.ID 7"):
        tickets.create_recording(project, TRACKER, title="y", fahrplan_id=7)
    other = factories.make_project("other")
    assert tickets.create_recording(other, TRACKER, title="y", fahrplan_id=7).fahrplan_id == 7


def test_the_next_free_id_is_above_all_or_the_first_gap(project):
    assert next_fahrplan_id(project) == 1
    tickets.create_recording(project, TRACKER, title="x", fahrplan_id=7)
    assert tickets.create_recording(project, TRACKER, title="y").fahrplan_id == 8
    tickets.create_recording(project, TRACKER, title="z", fahrplan_id=MAX_FAHRPLAN_ID)
    assert next_fahrplan_id(project) == 1


def test_rooms_are_shared_by_their_name(project):
    talks = [make_recording(project, room=room) for room in ("Saal 1", "saal 1", "Saal 2")]
    assert talks[0].room is talks[1].room is not talks[2].room
    assert [room.key for room in queries.rooms(project.id)] == ["saal1", "saal2"]


def test_retiming_changes_no_state(project):
    talk = make_recording(project, "cut")
    tickets.retime(talk, "Saal 2", LATE, LATE + timedelta(hours=1))
    assert (talk.state, talk.room.key, talk.start) == ("cut", "saal2", LATE)


def test_a_misc_ticket_is_free_or_about_a_talk(project, alice):
    talk = make_recording(project)
    for parent in (None, talk):
        ticket = tickets.create_misc(project, Actor.of(alice), " Glitch at 12:30 ", parent)
        assert (ticket.state, ticket.title, ticket.parent) == ("open", "Glitch at 12:30", parent)
    with pytest.raises(InvalidInput, match="needs a title"):
        tickets.create_misc(project, TRACKER, " ")


def test_a_misc_ticket_is_never_handed_out_or_settled(project, worker):
    talk = make_recording(project)
    ticket = tickets.create_misc(project, TRACKER, "x", talk)
    put(talk, "copied")
    assert (ticket.state, events(ticket)) == ("open", [])
