"""Metadata that a checker puts right, without having anything encoded again."""

from __future__ import annotations

import json

import pytest

from tests.factories import encoding, events, log_of, make_recording, make_user, put
from tracker import profiles, properties, tickets
from tracker.errors import Conflict, InvalidInput

RIGHT = {"Fahrplan.Title": " Über  alles ", "Fahrplan.Person_list": "Łucja Żak"}
TAGS = {"title": "Über alles", "artist": "Łucja Żak"}


@pytest.fixture
def talk(project):
    profiles.use(project, "mp3")
    return make_recording(project, "copied", values={"Fahrplan.Person_list": "L. Zak"})


@pytest.fixture
def checking(talk, bob):
    return tickets.start_check(put(encoding(talk), "encoded").id, bob)


def tags(ticket):
    return json.loads(properties.own(ticket).get("Encoding.Metadata", "{}"))


def test_the_talk_is_corrected_and_the_file_goes_on(checking, talk, bob):
    tickets.correct(checking.id, bob, RIGHT, seen=["title"])
    assert (checking.state, tags(checking), talk.title) == ("checked", TAGS, "Über alles")
    assert properties.own(talk)["Fahrplan.Person_list"] == "Łucja Żak"
    assert log_of(checking)[-1].comment == "looked at: title, metadata corrected"
    assert events(talk)[-1][0] == "Edit.properties" and "Über alles" in log_of(talk)[-1].comment


@pytest.mark.parametrize(
    ("state", "after", "tagged", "attention"),
    [
        ("ready to encode", "ready to encode", False, False),
        ("encoding", "encoding", True, False),
        ("encoded", "encoded", True, False),
        ("checked", "checked", True, False),
        ("postprocessed", "checked", True, False),
        ("ready to release", "checked", True, False),
        ("released", "released", True, True),
    ],
)
def test_the_other_files_of_the_talk_are_written_anew_where_there_are_any(
    checking, talk, bob, state, after, tagged, attention
):
    other = put(encoding(talk, "mp3"), state)
    tickets.correct(checking.id, bob, RIGHT)
    assert (other.state, tags(other) == TAGS, other.needs_attention) == (after, tagged, attention)


def test_only_what_changed_is_written(checking, talk, bob):
    tickets.correct(checking.id, bob, {"Fahrplan.Title": talk.title, "Fahrplan.Person_list": "Łucja Żak"})
    assert tags(checking) == {"artist": "Łucja Żak"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Title and persons are as before"),
        ({"Fahrplan.Title": "A talk"}, "Title and persons are as before"),
        ({"Fahrplan.Title": " "}, "A talk needs a title"),
        ({"Fahrplan.Title": "x" * 501}, "at most 500 characters"),
        ({"Fahrplan.Slug": "other"}, "Title and persons are as before"),
    ],
)
def test_what_corrects_nothing_is_refused(checking, bob, values, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        tickets.correct(checking.id, bob, values)


def test_only_who_checks_it_corrects_it(checking):
    with pytest.raises(Conflict):
        tickets.correct(checking.id, make_user("eve"), RIGHT)
