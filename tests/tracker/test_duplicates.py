"""A project like another one."""

from __future__ import annotations

import pytest

from tests.factories import make_project, make_recording
from tracker import duplicates, profiles, projects, properties, queries, rooms
from tracker.db import db
from tracker.errors import InvalidInput
from tracker.models import FahrplanSource, WorkerGroupProject
from tracker.workers import groups

LIKE = ("title", "time_zone", "languages", "separate_checker", "max_attempts", "node_timeout_s", "dependee_state")


@pytest.fixture
def source(db_session):
    project = make_project()
    projects.configure(project, time_zone="Europe/Vienna", separate_checker=False, dependee_state="checked")
    projects.regulate(project, max_attempts=7, node_timeout_s=900, draining=True, stopped_states=["encoding"])
    properties.write(project, {"Meta.Year": "2026", "Fahrplan.XML": "https://example.org/schedule.xml"})
    profiles.pin(project, "hd", priority=2.5, auto_create=False)
    rooms.set_recorders(project, rooms.of(project, "Saal 1"), ["north", "south"])
    return project


def test_a_duplicate_has_the_settings_properties_rooms_and_formats(source):
    made = duplicates.duplicate(source, "next", source.title)
    assert [getattr(made, name) for name in LIKE] == [getattr(source, name) for name in LIKE]
    assert properties.own(made) == {k: v for k, v in properties.own(source).items() if k != "Fahrplan.XML"}
    assert [(r.key, r.name, r.recorders) for r in queries.rooms(made.id)] == [("saal1", "Saal 1", ["north", "south"])]
    (hd,) = [each for each in queries.project_profiles(made.id) if each.version.profile.slug == "hd"]
    assert (hd.priority, hd.auto_create) == (2.5, False)


def test_a_duplicate_has_the_worker_groups_with_their_filters_and_the_policy_of_the_fahrplan(source):
    group, _ = groups.create("farm", secret_key="k" * 64)
    groups.add_project(group, source)
    groups.set_filter(group, source, {"property": "Room.Key", "is": "saal1"})
    db.session.add(FahrplanSource(project_id=source.id, policy={"moved": ["wait", "wait"]}, login=b"x", etag="old"))
    made = duplicates.duplicate(source, "next", "")
    assert groups.works_for(group, made.id)
    row = db.session.get(WorkerGroupProject, (group.id, made.id))
    assert row is not None and row.filter == {"property": "Room.Key", "is": "saal1"}
    policy = db.session.get(FahrplanSource, made.id)
    assert policy is not None
    assert (policy.policy, policy.login, policy.etag) == ({"moved": ["wait", "wait"]}, None, "")


def test_what_was_of_that_event_stays_behind(source):
    make_recording(source, "merged")
    projects.configure(source, read_only=True)
    made = duplicates.duplicate(source, "next", "Next")
    assert queries.state_counts(made.id) == []
    assert (made.read_only, made.draining, made.stopped_states) == (False, False, [])
    assert "Fahrplan.XML" not in properties.own(made)


def test_a_slug_that_is_taken_is_refused(source):
    with pytest.raises(InvalidInput, match="already a project"):
        duplicates.duplicate(source, source.slug, "")
