"""Patterns over names: the same answers as PostgreSQL's lquery, of which there is one to ask."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tracker.errors import InvalidInput
from tracker.patterns import matching

NAMES = [
    "Fahrplan",
    "Fahrplan.ID",
    "Record.Cutin",
    "Record.Cutintime",
    "Record.Language",
    "Processing.Path.Raw",
    "a.b.c",
    "A_b.C",
]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("Record.*", ["Record.Cutin", "Record.Cutintime", "Record.Language"]),
        ("*", NAMES),
        ("", NAMES),
        ("Fahrplan.*", ["Fahrplan", "Fahrplan.ID"]),
        ("Fahrplan.*{1}", ["Fahrplan.ID"]),
        ("*{3,}", ["Processing.Path.Raw", "a.b.c"]),
        ("*{,1}", ["Fahrplan"]),
        ("*{2,3}.c@", ["a.b.c"]),
        ("!Record.*{1}", ["Fahrplan.ID", "A_b.C"]),
        ("Record.!Cut*", ["Record.Language"]),
        ("b%.*", ["A_b.C"]),
        ("Record.Cutin", ["Record.Cutin"]),
        ("Record.Cutin*", ["Record.Cutin", "Record.Cutintime"]),
        ("*.Raw", ["Processing.Path.Raw"]),
        ("*.Path.*", ["Processing.Path.Raw"]),
        ("a.*.c", ["a.b.c"]),
        ("Fahrplan|Record.*", ["Fahrplan", "Fahrplan.ID", "Record.Cutin", "Record.Cutintime", "Record.Language"]),
        ("record@.cutin@", ["Record.Cutin"]),
        ("record@.cut@*", ["Record.Cutin", "Record.Cutintime"]),
        ("record.cutin", []),
        ("Record", []),
        ("Rec.*", []),
        ("Nothing.*", []),
    ],
)
def test_patterns_match_as_label_trees_do(pattern, found):
    assert list(matching(dict.fromkeys(NAMES, "1"), pattern)) == found


@pytest.mark.parametrize("pattern", ["[a-z].b", "a..b", ".", "a b", "*{}", "*{2,1}", "*{70000}", "!*", "a|", "x" * 201])
def test_what_is_no_pattern_is_refused_with_an_example(pattern):
    with pytest.raises(InvalidInput, match="pattern"):
        matching(dict.fromkeys(NAMES, "1"), pattern)


# --- the judge -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge(postgres, new_database):
    """Return a function that asks PostgreSQL: True, False, or None for what it takes for no pattern."""
    url = new_database().replace("postgresql+psycopg2", "postgresql")
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("CREATE EXTENSION ltree")

        def ask(name: str, pattern: str) -> bool | None:
            try:
                cursor.execute("SELECT %s::ltree ~ %s::lquery", (name, pattern))
                return cursor.fetchone()[0]
            except psycopg2.Error:
                return None

        yield ask


def ours(name: str, pattern: str) -> bool | None:
    try:
        return bool(matching({name: "1"}, pattern))
    except InvalidInput:
        return None


LABEL = st.text("aAb_-", min_size=1, max_size=4)
COUNT = st.sampled_from(["", "", "", "{1}", "{2}", "{0,1}", "{1,}", "{,2}", "{2,3}", "{0}", "{,}", "{3,1}", "{}"])
WORD = st.builds("{}{}".format, LABEL, st.text("@*%", max_size=2))
LEVEL = st.one_of(
    st.builds("*{}".format, COUNT),
    st.builds(
        "{}{}{}".format, st.sampled_from(["", "", "!"]), st.lists(WORD, min_size=1, max_size=3).map("|".join), COUNT
    ),
)
PATTERN = st.one_of(
    st.lists(LEVEL, min_size=1, max_size=4).map(".".join), st.text("aA_.*@%|!{,}12", min_size=1, max_size=12)
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.lists(LABEL, min_size=1, max_size=5).map(".".join), pattern=PATTERN)
@example(name="foo_bar_baz", pattern="foo_bar%")
@example(name="foo1_bar2_baz", pattern="foo_bar%*")
@example(name="a", pattern="*.a.*")
@example(name="a.a.a", pattern="a{2}.a")
@example(name="_", pattern="a%")
@example(name="a", pattern="_%")
def test_postgresql_agrees_on_every_pattern(judge, name, pattern):
    assert ours(name, pattern) is judge(name, pattern)


@settings(max_examples=100, deadline=None)
@given(st.text("*.aA@|-[(!%{2}", max_size=60))
def test_no_pattern_breaks(pattern):
    name = ".".join("a" * 100)
    assert ours(name, pattern) in (True, False, None)


def test_the_worst_pattern_takes_no_time_that_grows_without_bound():
    """Nested repetition would keep a regular expression busy for ever; this is a few thousand steps."""
    assert ours(".".join("a" * 100), "*.a." * 49 + "b") is False
