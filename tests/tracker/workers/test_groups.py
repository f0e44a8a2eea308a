"""Worker groups: their secrets, projects, filters and limits, and what becomes of tickets when they go."""

from __future__ import annotations

import pytest

from tests import factories
from tracker import queries, tickets, workers
from tracker.db import db
from tracker.errors import InvalidInput, NotFound
from tracker.models import WorkerGroup
from tracker.workers import cipher, groups

KEY = "k" * 64


@pytest.fixture
def group(db_session) -> WorkerGroup:
    return groups.create("encoders", secret_key=KEY)[0]


def held(group: WorkerGroup, project, state: str = "encoding"):
    """Let a worker of the group hold a new ticket of a project."""
    groups.add_project(group, project)
    ticket = factories.make_encoding(project)
    assert tickets.claim_next(project, state, workers.register(group, "vm-1")) is ticket
    return ticket


# --- secrets -------------------------------------------------------------------------------------------------------


def test_a_secret_is_shown_once_and_stored_encrypted(group):
    other, secret = groups.create("others", secret_key=KEY)
    assert len(secret) == 64 and secret.encode() not in other.secret
    assert groups.secrets_of(other, KEY) == [secret] != groups.secrets_of(group, KEY)
    assert other.token != group.token and groups.by_token(other.token) is other


def test_a_secret_cannot_be_read_with_another_key(group):
    with pytest.raises(cipher.Unreadable, match="another FAHRWERK_SECRET_KEY"):
        groups.secrets_of(group, "x" * 64)


def test_the_secret_before_is_good_until_the_rotation_ends(group):
    (old,) = groups.secrets_of(group, KEY)
    new = groups.rotate(group, secret_key=KEY)
    assert groups.secrets_of(group, KEY) == [new, old]
    with pytest.raises(InvalidInput, match="end the rotation"):
        groups.rotate(group, secret_key=KEY)
    groups.end_rotation(group)
    assert groups.secrets_of(group, KEY) == [new]


def test_the_group_of_the_v3_door_has_its_secret_in_the_settings(db_session):
    v3 = queries.v3_group()
    with pytest.raises(InvalidInput, match="FAHRWERK_SECRET_PREVIOUS"):
        groups.rotate(v3, secret_key=KEY)
    assert groups.by_token(v3.token) is None and groups.secrets_of(v3, KEY) == []


@pytest.mark.parametrize("name", ["", "  ", "a/b", "x" * 61, "a\x00", "encoders", " encoders "])
def test_a_name_is_printable_and_unique(group, name):
    with pytest.raises(InvalidInput) as caught:
        groups.create(name, secret_key=KEY)
    assert caught.value.field == "name"


def test_an_unknown_group_is_named(db_session):
    with pytest.raises(NotFound, match="There is no worker group 'nobody'"):
        groups.get("nobody")
    assert groups.by_token("nobody") is None and groups.by_token("\x00") is None


# --- settings ------------------------------------------------------------------------------------------------------


def test_settings_are_changed_one_by_one(group):
    groups.configure(group, name="cutters", paused=True, max_tickets=3, states=["encoding", "encoding"])
    groups.configure(group, strict_filters=True, all_projects=True)
    db.session.refresh(group)
    assert (group.name, group.paused, group.max_tickets, group.states) == ("cutters", True, 3, ["encoding"])
    assert (group.strict_filters, group.all_projects) == (True, True)
    groups.configure(group, max_tickets=0, states=[])
    assert (group.max_tickets, group.states) == (None, [])


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"max_tickets": -1}, "1 to 10000 tickets at once"),
        ({"max_tickets": 10_001}, "1 to 10000 tickets at once"),
        ({"states": ["checking"]}, "No script works in state 'checking'; there is work for: recording, merging"),
    ],
)
def test_a_wrong_setting_is_refused(group, setting, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        groups.configure(group, **setting)


# --- projects and filters --------------------------------------------------------------------------------------------


def test_a_group_works_for_the_projects_it_is_listed_for(group):
    mine, other, archived = (factories.make_project(slug) for slug in ("mine", "other", "archived"))
    archived.read_only = True
    for project in (mine, mine, archived):
        groups.add_project(group, project)
    assert list(groups.projects_of(group)) == [mine]
    assert set(groups.projects_of(group, archived=True)) == {mine, archived}
    assert [groups.works_for(group, p.id) for p in (mine, other, archived)] == [True, False, True]


def test_a_group_may_work_for_all_projects(group):
    project = factories.make_project()
    groups.configure(group, all_projects=True)
    assert list(groups.projects_of(group)) == [project] and groups.works_for(group, project.id)
    with pytest.raises(InvalidInput, match="works for all projects"):
        groups.remove_project(group, project)


def test_a_filter_is_checked_before_it_is_stored(group):
    project = factories.make_project()
    with pytest.raises(InvalidInput, match="add the project first"):
        groups.set_filter(group, project, {"property": "Room.Key", "is": "saal1"})
    groups.add_project(group, project)
    for wrong, sentence in (
        ({"property": "Room.Key"}, "needs exactly one of"),
        ({"property": "Encoding.Basename", "is": "x"}, "Encoding.Basename is computed and no filter can use it"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            groups.set_filter(group, project, wrong)
    groups.set_filter(group, project, {"property": "Room.Key", "is": "saal1"})
    assert queries.group_rows(group.id)[0].filter == {"property": "Room.Key", "is": "saal1"}
    groups.set_filter(group, project, None)
    assert queries.group_rows(group.id)[0].filter is None


# --- what goes -------------------------------------------------------------------------------------------------------


def test_a_group_that_is_deleted_gives_its_tickets_back(group):
    ticket = held(group, factories.make_project())
    assert groups.delete(group) == 1
    db.session.refresh(ticket)
    assert (ticket.state, ticket.worker_id, ticket.losses) == ("ready to encode", None, 0)
    entry = factories.log_of(ticket)[-1]
    assert (entry.event, entry.comment) == ("Worker.takenBack", "group encoders was deleted")
    assert "vm-1" in {each.actor for each in factories.log_of(ticket)}


def test_the_group_of_the_v3_door_stays(db_session):
    with pytest.raises(InvalidInput, match="pause it instead"):
        groups.delete(queries.v3_group())


def test_a_project_that_is_taken_away_gets_its_tickets_back(group):
    here, there = held(group, factories.make_project("here")), held(group, factories.make_project("there"))
    assert groups.remove_project(group, here.project) == 1
    assert (here.state, there.state) == ("ready to encode", "encoding")
    assert not groups.works_for(group, here.project_id)
