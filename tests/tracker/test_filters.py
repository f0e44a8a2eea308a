"""Filters: read with sentences, told in words, and the same in Python and in SQL."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests import factories
from tracker import filters, profiles, properties
from tracker.db import db
from tracker.errors import InvalidInput
from tracker.models import Ticket
from tracker.queries.filters import owners_of, passing

ROOM = {"property": "Fahrplan.Room", "is": "Saal 1"}
HD = {"property": "EncodingProfile.Slug", "in": ["hd", "sd"]}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("x", "'x' is no filter"),
        ([], "is no filter"),
        ({}, "it has to have one of: and, or, not, property"),
        ({"xor": [ROOM]}, "it has to have one of"),
        ({"and": [ROOM], "or": [ROOM]}, "it has to have one of"),
        ({"and": []}, "'and' needs a list of at least one"),
        ({"or": ROOM}, "'or' needs a list"),
        ({"not": [ROOM]}, "is no filter"),
        ({"property": "a b", "is": "x"}, "'a b' is no name of a property"),
        ({"property": 7, "is": "x"}, "7 is no name"),
        ({"property": "A.b"}, "A.b needs exactly one of: is, is not, contains, begins, in, absent"),
        ({"property": "A.b", "is": "x", "in": ["x"]}, "needs exactly one of"),
        ({"property": "A.b", "like": "x"}, "needs exactly one of"),
        ({"property": "A.b", "is": ""}, "compares with ''; a text of 1 to 1000 characters"),
        ({"property": "A.b", "is": 1}, "compares with 1"),
        ({"property": "A.b", "is": "x" * 1001}, "a text of 1 to 1000"),
        ({"property": "A.b", "is": "a\x00"}, "compares with"),
        ({"property": "A.b", "in": "x"}, "needs a list of 1 to 50"),
        ({"property": "A.b", "in": []}, "needs a list of 1 to 50"),
        ({"property": "A.b", "absent": "yes"}, "'absent' is true or false"),
    ],
)
def test_what_is_no_filter_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(InvalidInput) as caught:
        filters.read(data)
    assert sentence in str(caught.value) and caught.value.field == "filter"


def test_depth_and_number_of_clauses_are_limited():
    deep = ROOM
    for _ in range(8):
        deep = {"not": deep}
    with pytest.raises(InvalidInput, match="nests deeper than 8"):
        filters.read(deep)
    with pytest.raises(InvalidInput, match="has 51 clauses; 50 are the most"):
        filters.read({"or": [ROOM] * 51})


def test_a_filter_is_told_in_words():
    rule = filters.read({"and": [ROOM, {"or": [HD, {"not": {"property": "Meta.Year", "absent": True}}]}]})
    told = "Fahrplan.Room is 'Saal 1' and (EncodingProfile.Slug in 'hd', 'sd' or not (Meta.Year is absent))"
    assert filters.words(rule) == told


def test_the_clause_that_excludes_is_named():
    rule = filters.read({"and": [ROOM, {"or": [HD, {"property": "Meta.Year", "begins": "20"}]}]})
    values = {"Fahrplan.Room": "Saal 1", "EncodingProfile.Slug": "mp3"}
    assert filters.excluded_by(rule, values) == "EncodingProfile.Slug in 'hd', 'sd' or Meta.Year begins '20'"
    assert filters.excluded_by(rule, values | {"Fahrplan.Room": "Saal 2"}) == "Fahrplan.Room is 'Saal 1'"
    assert filters.excluded_by(rule, values | {"Meta.Year": "2026"}) == ""


@pytest.mark.parametrize(
    ("clause", "passing"),
    [
        ({"is": "ab"}, {"ab"}),
        ({"is not": "ab"}, {"abc", "b", "AB", None}),
        ({"contains": "b"}, {"ab", "abc", "b"}),
        ({"begins": "ab"}, {"ab", "abc"}),
        ({"in": ["b", "abc"]}, {"b", "abc"}),
        ({"absent": True}, {None}),
        ({"absent": False}, {"ab", "abc", "b", "AB"}),
    ],
)
def test_each_operator_compares_exactly(clause, passing):
    rule = filters.read({"property": "A.b", **clause})
    values = ("ab", "abc", "b", "AB", None)
    assert {value for value in values if filters.passes(rule, {"A.b": value} if value else {})} == passing


# --- in SQL ------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(db_session) -> list[Ticket]:
    """Make two projects with talks whose properties lie on every level."""
    made = []
    for slug, values in (("demo", {"A.b": "x%_\\"}), ("other", {"A.c": "y"})):
        project = factories.make_project(slug, formats=("hd", "mp3"), values=values)
        for room, own in (("Saal 1", {"A.b": "xy", "Fahrplan.Room": "Saal 1"}), ("Saal 2", {})):
            talk = factories.make_recording(project, "copied", room=room, values=own)
            made += [talk, factories.encoding(talk, "hd"), factories.encoding(talk, "mp3")]
    properties.write(made[1], {"A.b": "own"})
    properties.write(profiles.get("mp3"), {"A.b": "of the profile"})
    db.session.flush()
    return made


NAMES = ("A.b", "A.c", "Fahrplan.Room", *sorted(filters.VIRTUAL))
TEXTS = ("x", "xy", "own", "of the profile", "x%_\\", "y", "Saal 1", "saal2", "demo", "hd", "mp4", "yes", "1", "%", "_")


def clauses() -> st.SearchStrategy:
    text = st.sampled_from(TEXTS)
    compared = st.one_of(
        st.builds(lambda word, text: {word: text}, st.sampled_from(["is", "is not", "contains", "begins"]), text),
        st.builds(lambda texts: {"in": texts}, st.lists(text, min_size=1, max_size=3)),
        st.builds(lambda absent: {"absent": absent}, st.booleans()),
    )
    return st.builds(lambda name, clause: {"property": name, **clause}, st.sampled_from(NAMES), compared)


def trees() -> st.SearchStrategy:
    return st.recursive(
        clauses(),
        lambda part: st.one_of(
            st.builds(lambda part: {"not": part}, part),
            st.builds(
                lambda word, parts: {word: parts},
                st.sampled_from(["and", "or"]),
                st.lists(part, min_size=1, max_size=3),
            ),
        ),
        max_leaves=5,
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=trees())
def test_sql_and_python_agree_on_every_filter(many, data):
    """On every precedence (ticket, profile, recording, project), every operator and every virtual property."""
    rule = filters.read(data)
    ids = [ticket.id for ticket in many]
    found = set(db.session.scalars(select(Ticket.id).where(Ticket.id.in_(ids), passing(rule))))
    assert found == {ticket.id for ticket in many if filters.passes(rule, properties.merged(ticket))}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=trees())
def test_the_short_cut_leaves_nobody_out(many, data):
    rule = filters.read(data)
    for project_id in {ticket.project_id for ticket in many}:
        owners = owners_of(rule, project_id, 100)
        if owners is not None:
            passed = [
                ticket
                for ticket in many
                if ticket.project_id == project_id and filters.passes(rule, properties.merged(ticket))
            ]
            assert all(ticket.id in owners or ticket.parent_id in owners for ticket in passed)


def test_the_short_cut_is_taken_for_what_few_own(many):
    rule = filters.read({"and": [{"property": "A.c", "absent": True}, {"property": "A.b", "is": "xy"}]})
    assert owners_of(rule, many[0].project_id, 100) == [many[0].id]
    assert owners_of(rule, many[0].project_id, 0) is None
    of_the_project = filters.read({"property": "A.c", "is": "y"})
    assert owners_of(of_the_project, many[-1].project_id, 100) is None


def test_virtual_properties_of_filters_are_those_of_tickets(many):
    assert set(properties.merged(many[1])) >= filters.VIRTUAL
