"""What a project lacks before its event."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.factories import make_project
from tracker import projects, properties, queries, rooms
from tracker.db import db
from tracker.readiness import lacking
from tracker.workers import groups


@pytest.fixture
def ready(db_session):
    """Make a project that lacks nothing."""
    project = make_project()
    given = {"Fahrplan.XML": "https://example.org/s.xml", "Release.URL": "https://example.org/", "Meta.Album": "A"}
    properties.write(project, given | {"Meta.License": "CC0-1.0", "Meta.Year": "2026"})
    rooms.of(project, "Saal 1")
    groups.configure(queries.v3_group(), all_projects=True)
    for state in ("merging", "copying", "encoding", "postprocessing", "releasing"):
        queries.note_poll(project.id, state)
    return project


def names(project):
    return [lack.name for lack in lacking(project)]


def test_a_project_with_everything_lacks_nothing(ready):
    assert names(ready) == []


@pytest.mark.parametrize("name", ["Processing.Path.Raw", "Processing.Path.Release", "Release.URL", "Meta.License"])
def test_a_property_that_is_needed_is_missed(ready, name):
    properties.write(ready, {name: ""})
    (lack,) = lacking(ready)
    assert (lack.name, lack.where, lack.urgent) == (name, "properties", name.startswith("Processing"))


def test_a_format_names_what_its_template_uses(ready):
    properties.write(ready, {"Meta.Year": ""})
    assert [(lack.name, lack.needed_for) for lack in lacking(ready)] == [("Meta.Year", "hd")]


def test_what_only_a_state_that_is_off_needs_is_not_missed(ready):
    properties.write(ready, {"Processing.Path.Prerelease": ""})
    projects.configure(ready, disabled_states={"encoding": ["postprocessing", "postprocessed"]})
    assert names(ready) == []


def test_a_path_that_is_none_is_named(ready):
    properties.write(ready, {"Processing.Path.Tmp": "tmp"})
    (lack,) = lacking(ready)
    assert (lack.name, lack.sentence) == ("Processing.Path.Tmp", "'tmp' is no absolute path.")


def test_workers_that_are_paused_or_not_there_are_missed(ready):
    groups.configure(queries.v3_group(), paused=True)
    assert names(ready) == ["Workers"]
    groups.configure(queries.v3_group(), all_projects=False, paused=False)
    assert names(ready) == ["Workers"]


def test_an_empty_project_lacks_its_folders_formats_and_workers_first(db_session):
    urgent = [lack.name for lack in lacking(projects.create("new", "New")) if lack.urgent]
    assert {"Processing.Path.Raw", "Formats"} <= set(urgent)


def test_work_that_nobody_asked_for_is_named(ready):
    db.session.execute(
        text("UPDATE poll SET asked = now() - interval '11 minutes' WHERE state IN ('merging', 'encoding')")
    )
    (lack,) = lacking(ready)
    assert (lack.name, lack.needed_for, lack.urgent) == ("Workers", "merging, encoding", False)


def test_what_withholds_all_work_is_named(ready):
    projects.regulate(ready, draining=True, stopped_states=["copying"])
    assert [lack.sentence for lack in lacking(ready)] == [
        "The project is draining: no script gets new work.",
        "These are stopped in this project.",
    ]
