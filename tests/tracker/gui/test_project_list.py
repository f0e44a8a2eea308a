"""The page that makes, duplicates and archives projects."""

from __future__ import annotations

import pytest

from tests.factories import make_project, make_user
from tests.tracker.gui.visitor import enter, log_in, page, send, words
from tracker import projects, properties, queries
from tracker.db import db
from tracker.errors import NotFound

PATH = "/projects"
NEW = {"action": "create", "slug": "next", "title": "Next year", "time_zone": "Europe/Vienna", "languages": "deu, eng"}


def test_a_project_is_made_with_its_formats(client, project):
    enter(client)
    answer = send(client, PATH, {**NEW, "formats": ["hd", "mp3"]})
    assert answer.headers["Location"] == "/next/settings"
    made = projects.get("next")
    assert (made.title, made.time_zone, made.languages) == ("Next year", "Europe/Vienna", ["deu", "eng"])
    assert sorted(each.version.profile.slug for each in queries.project_profiles(made.id)) == ["hd", "mp3"]


def test_what_is_wrong_is_explained_and_what_was_typed_is_kept(client, project):
    enter(client)
    answer = send(client, PATH, {**NEW, "slug": "Next!", "formats": ["mp3"]})
    assert answer.status_code == 400 and "lower-case letters" in words(answer)
    form = page(answer).get_element_by_id("create")
    assert form.xpath(".//input[@name='slug']/@value | .//input[@name='title']/@value") == ["Next!", "Next year"]
    assert form.xpath(".//input[@name='formats'][@checked]/@value") == ["mp3"]


def test_a_project_is_duplicated(client, project):
    enter(client)
    answer = send(client, PATH, {"action": "duplicate", "like": "demo", "slug": "next", "title": "Next"})
    assert answer.headers["Location"] == "/next/settings"
    assert properties.own(projects.get("next")) == properties.own(project)


def test_nothing_is_duplicated_that_one_may_not_see(client, project):
    make_user("charlie", "admin", only=[make_project("other", formats=())])
    log_in(client, "charlie")
    assert [each.text for each in page(client.get(PATH)).xpath("//th/a")] == ["other"]
    assert send(client, PATH, {"action": "duplicate", "like": "demo", "slug": "next"}).status_code == 404
    assert send(client, PATH, {"action": "archive", "project": "demo", "wanted": "1"}).status_code == 404
    assert not project.read_only
    with pytest.raises(NotFound):
        projects.get("next")


def test_a_project_is_archived_and_opened_again(client, project):
    enter(client)
    for wanted in ("1", "0"):
        assert send(client, PATH, {"action": "archive", "project": "demo", "wanted": wanted}).status_code == 303
        db.session.expire_all()
        assert project.read_only is (wanted == "1")


@pytest.mark.parametrize("action", ["create", "duplicate"])
def test_a_title_that_is_too_long_is_refused_beside_its_field(client, project, action):
    enter(client)
    answer = send(client, PATH, {**NEW, "action": action, "like": "demo", "title": "x" * 201})
    (field,) = page(answer).xpath("//input[@name='title'][@aria-invalid='true']")
    assert page(answer).get_element_by_id(field.get("aria-describedby")).text_content()
    assert field.get("maxlength") == "200"
