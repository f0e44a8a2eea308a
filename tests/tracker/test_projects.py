"""Projects: made, configured, and how far along they are."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from tests.factories import committing, encoding, make_project, make_recording, put
from tests.tracker.profiles.sheets import sheet
from tracker import profiles, projects, properties, tickets, users
from tracker.db import db, transaction
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
    assert {CLASSIC.material, "locked"} <= set(projects.KEEP[RECORDING])
    assert {CLASSIC.needed, CLASSIC.ready, "released"} <= set(projects.KEEP[ENCODING])


def test_a_state_that_holds_tickets_is_not_switched_off_and_the_count_is_told(db_session):
    project = make_project()
    talk = make_recording(project, "merged")
    with pytest.raises(InvalidInput, match="'merged' cannot be switched off: 1 ticket is in it"):
        projects.configure(project, disabled_states={RECORDING: ["merged"]})
    make_recording(project, "merged", failed=True)
    with pytest.raises(InvalidInput, match="2 tickets are in it"):
        projects.configure(project, disabled_states={RECORDING: ["merged"]})
    projects.configure(project, disabled_states={RECORDING: ["recorded"]})
    assert tickets.get(talk.id).disabled == ["recorded"]


def test_what_was_switched_off_before_is_not_asked_again(db_session):
    project = make_project()
    projects.configure(project, disabled_states={ENCODING: ["checking"]})
    put(encoding(make_recording(project, "copied")), "checking")
    projects.configure(project, disabled_states={ENCODING: ["checking", "checked"]})
    assert project.disabled_states == {ENCODING: ["checking", "checked"]}


def test_some_state_has_to_be_left_to_begin_in(db_session):
    with pytest.raises(InvalidInput, match="No state is left in which a misc ticket could begin"):
        projects.configure(make_project(), disabled_states={MISC: list(CLASSIC.tables[MISC].by_name)})


@pytest.mark.parametrize("state", ["encoding", "releasing", "material needed", "fixing", "copied", "nonsense"])
def test_a_master_is_asked_for_a_state_in_which_it_waits(db_session, state):
    with pytest.raises(InvalidInput, match="there are: ready to encode, encoded, checked") as caught:
        projects.configure(make_project(), dependee_state=state)
    assert caught.value.field == "dependee_state"


def somebody_waits() -> bool:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with db.engine.connect() as watcher:  # a transaction sees the activity as it was when it asked first
        return watcher.execute(text(waiting)).first() is not None


@pytest.mark.parametrize("make", ["project", "user", "profile"])
def test_of_two_who_make_the_same_name_at_once_one_gets_a_sentence(committed_db, make):
    """Real commits: the second has looked before the first is saved, and waits for it in the database."""
    verbs = {
        "project": lambda: projects.create("same", "Same"),
        "user": lambda: users.create("same", "correct horse battery"),
        "profile": lambda: profiles.create("same", "Same", "mp4", sheet("")),
    }
    answers = []

    def second() -> None:
        try:
            with app.app_context(), transaction():
                verbs[make]()
        except InvalidInput as error:
            answers.append(str(error))

    with committing(committed_db) as app:
        with app.app_context(), transaction():
            verbs[make]()
            thread = threading.Thread(target=second)
            thread.start()
            while thread.is_alive() and not somebody_waits():
                thread.join(0.05)
        thread.join()
    assert answers == [f"There is already a {make} 'same'."]


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


def test_policies_change_one_by_one(db_session):
    project = make_project()
    projects.regulate(project, stopped_states=["releasing", "encoding"], max_attempts=7)
    projects.regulate(project, draining=True, node_timeout_s=60)
    assert (project.stopped_states, project.max_attempts) == (["encoding", "releasing"], 7)
    assert (project.draining, project.node_timeout_s) == (True, 60)


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"stopped_states": ["checking"]}, "stopped_states"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"node_timeout_s": 29}, "node_timeout_s"),
        ({"node_timeout_s": 86401}, "node_timeout_s"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(db_session, policy, field):
    with pytest.raises(InvalidInput) as caught:
        projects.regulate(make_project(), **policy)
    assert caught.value.field == field


def test_no_project_takes_the_address_of_a_page(app, db_session):
    pages = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    assert {label for label in pages if projects.SLUG.match(label)} == projects.RESERVED
    with pytest.raises(InvalidInput, match="'profiles' is the address of a page of the tracker itself") as caught:
        projects.create("profiles", "x")
    assert caught.value.field == "slug"
