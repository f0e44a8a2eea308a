"""Projects: made, configured, and how far along they are."""

from __future__ import annotations

import pytest

from tests.factories import encoding, make_project, make_recording, put
from tracker import projects, properties
from tracker.errors import InvalidInput, NotFound
from tracker.statemachine import CLASSIC, ENCODING, MISC, RECORDING


def test_a_project_is_found_by_its_slug(db_session):
    made = projects.create("demo-1", " The demo ", languages=["deu", "eng", "deu"], values={"Meta.Year": "2026"})
    assert projects.get("demo-1") is made
    assert (made.title, made.time_zone, made.languages, made.workflow) == (
        "The demo",
        "Europe/Berlin",
        ["deu", "eng"],
        "classic",
    )
    assert properties.own(made) == {"Meta.Year": "2026"}


def test_without_a_title_the_slug_is_one(db_session):
    assert projects.create("x", "  ").title == "x"


@pytest.mark.parametrize("slug", ["", "Demo", "-x", "a b", "a/b", "ü", "a" * 51, "x\n", "a\x00"])
def test_a_slug_that_is_none_is_refused_and_found_nowhere(db_session, slug):
    with pytest.raises(InvalidInput) as caught:
        projects.create(slug, "x")
    assert caught.value.field == "slug"
    with pytest.raises(NotFound, match="no project"):
        projects.get(slug)


def test_a_slug_is_given_once(db_session):
    projects.create("demo", "x")
    with pytest.raises(InvalidInput, match="already a project 'demo'"):
        projects.create("demo", "y")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"time_zone": "Berlin"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"languages": ["de"]}, "languages"),
        ({"languages": ["deu", "eng\n"]}, "languages"),
        ({"workflow_name": "modern"}, "workflow"),
        ({"values": {"a b": "1"}}, "name"),
    ],
)
def test_a_project_that_cannot_be_is_refused(db_session, given, field):
    with pytest.raises(InvalidInput) as caught:
        projects.create("demo", "x", **given)
    assert caught.value.field == field


def test_settings_change_one_by_one(db_session):
    project = make_project()
    projects.configure(project, title="New", time_zone="America/New_York", max_attempts=5)
    projects.configure(project, read_only=True, separate_checker=False)
    assert (project.title, project.time_zone, project.max_attempts) == ("New", "America/New_York", 5)
    assert (project.read_only, project.separate_checker, project.languages) == (True, False, ["deu", "eng"])


@pytest.mark.parametrize("attempts", [0, 101])
def test_attempts_have_bounds(db_session, attempts):
    with pytest.raises(InvalidInput, match="1 to 100 times"):
        projects.configure(make_project(), max_attempts=attempts)


def test_states_can_be_switched_off(db_session):
    project = make_project()
    projects.configure(project, disabled_states={ENCODING: ["checking", "checked"], RECORDING: []})
    assert project.disabled_states == {ENCODING: ["checking", "checked"]}


@pytest.mark.parametrize(
    ("kind", "state"),
    [(ENCODING, "cut"), ("other", "cut"), *((kind, state) for kind, kept in projects.KEEP.items() for state in kept)],
)
def test_states_that_the_tracker_needs_stay_on(db_session, kind, state):
    with pytest.raises(InvalidInput) as caught:
        projects.configure(make_project(), disabled_states={kind: [state]})
    assert caught.value.field == "disabled_states"


def test_what_the_tracker_moves_tickets_into_by_itself_stays_on():
    for kind in (RECORDING, ENCODING, MISC):
        assert CLASSIC.tables[kind].initial in projects.KEEP[kind]
    assert CLASSIC.material in projects.KEEP[RECORDING]


def test_an_empty_project_is_at_zero(db_session):
    assert projects.progress(make_project()) == 0


def test_a_project_of_locked_talks_is_at_zero(db_session):
    project = make_project()
    make_recording(project, "locked")
    assert projects.progress(project) == 0


def test_the_overview_counts_as_the_progress_does(db_session):
    project = make_project()
    done, begun, locked = (make_recording(project, "copied") for _ in range(3))
    put(encoding(done), "released")
    put(encoding(begun), "encoded")
    put(encoding(locked), "encoded")
    put(locked, "locked")
    (found,) = projects.overviews([project])
    assert found.percent == pytest.approx(projects.progress(project)) == pytest.approx((100 + 82.5) / 2)
    assert found.talks == 2
