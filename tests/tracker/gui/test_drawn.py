"""Two admins with the same page open: who is late overwrites nothing, and loses nothing typed."""

from __future__ import annotations

import pytest

from tests.tracker.gui.visitor import enter, filled, page, send, words
from tracker import projects, properties, queries, users
from tracker.db import db
from tracker.workers import groups

SETTINGS, GROUPS, USERS = "/demo/settings", "/workers/groups", "/users"


@pytest.fixture
def client(client, project):
    enter(client, "alice")
    return client


def fields(client, path, action, **where):
    """Return what a browser sends with the form of *path* that has the button *action*."""
    forms = page(client.get(path)).xpath(f"//form[.//button[@value='{action}']]")
    found = next(sent for sent in map(filled, forms) if all(sent[name] == [value] for name, value in where.items()))
    return {**found, "action": action}


def late(client, path, sent):
    """Send what was drawn before somebody else stored something; return the answer and its table."""
    answer = client.post(path, data=sent)
    db.session.expire_all()
    rows = page(answer).xpath("//table[@class='cards']/tbody/tr")
    return answer, [tuple(" ".join(cell.text_content().split()) for cell in row) for row in rows]


def test_a_late_form_of_the_settings_is_refused_and_can_be_sent_again(client, project):
    sent = fields(client, SETTINGS, "general") | {"title": "Mine"}
    projects.configure(project, languages=["deu"], separate_checker=False)
    db.session.commit()
    answer, rows = late(client, SETTINGS, sent)
    assert (answer.status_code, project.languages, project.title) == (409, ["deu"], "Project demo")
    assert ("Who cut a talk may not check it", "yes", "no") in rows and "Mine" in words(answer)
    again = filled(page(answer).xpath("//form[.//button[contains(., 'all the same')]]")[0])
    assert client.post(SETTINGS, data=again).status_code == 303
    db.session.expire_all()
    assert (project.title, project.separate_checker) == ("Mine", True)


@pytest.mark.parametrize(
    ("action", "change"),
    [
        ("policies", {"draining": True}),
        ("states", {"disabled_states": {"encoding": ["postprocessing", "postprocessed"]}}),
    ],
)
def test_a_late_form_of_policies_or_states_is_refused(client, project, action, change):
    sent = fields(client, SETTINGS, action)
    assert client.post(SETTINGS, data=sent).status_code == 303
    (projects.regulate if action == "policies" else projects.configure)(project, **change)
    db.session.commit()
    answer, rows = late(client, SETTINGS, sent)
    assert answer.status_code == 409 and len(rows) == 1
    assert {name: getattr(project, name) for name in change} == change


def test_only_the_property_that_was_typed_over_can_be_late(client, project):
    properties.write(project, {"Meta.Album": "one", "Meta.Year": "2025"})
    db.session.commit()
    sent = fields(client, SETTINGS, "properties")
    properties.write(project, {"Meta.Year": "2026", "Meta.Other": "new"})
    db.session.commit()
    place = sent["name"].index("Meta.Album")
    values = [*sent["value"][:place], "two", *sent["value"][place + 1 :]]
    assert client.post(SETTINGS, data=sent | {"value": values}).status_code == 303
    own = properties.own(project)
    assert (own["Meta.Album"], own["Meta.Year"], own["Meta.Other"]) == ("two", "2026", "new")
    answer, rows = late(client, SETTINGS, sent | {"value": [*values[:place], "three", *values[place + 1 :]]})
    assert (answer.status_code, rows) == (409, [("Meta.Album", "one", "two")])


def test_a_late_form_of_a_group_is_refused(client, project):
    name = groups.create("encoders", secret_key="k" * 64)[0].name
    db.session.commit()
    for action, change in (
        ("configure", lambda group: groups.configure(group, max_tickets=5)),
        ("projects", lambda group: groups.add_project(group, project)),
        ("filter", lambda group: groups.set_filter(group, project, {"property": "Room.Key", "is": "a"})),
    ):
        sent = fields(client, GROUPS, action, group=name)
        change(groups.get(name))
        db.session.commit()
        answer, rows = late(client, GROUPS, sent)
        assert (answer.status_code, len(rows)) == (409, 1), action
    assert groups.get(name).max_tickets == 5


def test_a_late_form_of_a_user_is_refused(client, project):
    users.add("dora")
    db.session.commit()
    sent = fields(client, USERS, "edit", user="dora") | {"role": "read only"}
    users.configure(users.get("dora"), role="superuser", only=[project])
    db.session.commit()
    answer, rows = late(client, USERS, sent)
    assert answer.status_code == 409 and ("Role", "user", "superuser") in rows
    assert queries.user_by_name("dora").role == "superuser"


def test_a_program_is_told_in_json(client, project):
    sent = fields(client, SETTINGS, "general")
    projects.configure(project, languages=["deu"])
    db.session.commit()
    answer = client.post(SETTINGS, data=sent, headers={"Accept": "application/json"})
    assert answer.status_code == 409 and "after you opened the page" in answer.get_json()["error"]


def test_an_admin_cannot_be_restricted_to_projects(client, project):
    answer = send(client, USERS, {"action": "add", "name": "erik", "role": "admin", "projects": "demo"})
    assert answer.status_code == 400 and "An admin sees every project" in words(answer)
    assert queries.user_by_name("erik") is None
