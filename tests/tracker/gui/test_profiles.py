"""The pages for encoding profiles."""

from __future__ import annotations

import pytest

from tests.factories import make_project, make_recording, make_user
from tests.tracker.gui.visitor import enter, log_in, page, send, words
from tracker import profiles, properties, queries
from tracker.db import db

PATH = "/profiles/hd"


@pytest.fixture
def admin(client, project):
    enter(client, "alice")


def act(client, action, path=PATH, **fields):
    answer = send(client, path, {"action": action, **fields})
    db.session.expire_all()
    return answer


def template(slug="hd"):
    return profiles.version(profiles.find(slug)).template


def test_a_template_is_tried_on_a_talk_and_not_stored(client, project, admin):
    talk = make_recording(
        project, "copied", title="Öfen", values={"Record.Cutdiffseconds": "10", "Record.Framerate": "25/1"}
    )
    changed = template().replace("libx264", "libx264")
    answer = act(client, "try", template=changed, ticket=str(talk.id))
    shown = page(answer).xpath("//pre[contains(@class, 'command')]")[0].text
    assert shown.startswith("ffmpeg ") and "Öfen" in shown and "-hd.mp4" in shown
    assert len(queries.profile_versions(profiles.find("hd").id)) == 1


def test_a_broken_template_is_explained_and_kept(client, project, admin):
    answer = act(client, "store", template="<xsl:broken", revision="1")
    assert answer.status_code == 400 and "line 1" in words(answer)
    assert page(answer).xpath("//textarea[@name='template']")[0].value == "<xsl:broken"


def test_a_used_revision_stays_and_a_new_one_can_be_compared(client, project, admin):
    make_recording(project)
    act(client, "store", template=template() + "<!-- better -->", revision="1", description="better")
    assert [each.revision for each in queries.profile_versions(profiles.find("hd").id)] == [1, 2]
    text = words(client.get(f"{PATH}?revision=2&against=1"))
    assert "Revision 1 and 2" in text and "better" in text


def test_a_program_that_is_not_allowed_is_refused(client, project, admin):
    bad = template().replace(">ffmpeg<", ">rm<")
    answer = act(client, "store", template=bad, revision="1")
    assert answer.status_code == 400 and "'rm'" in words(answer)


def test_what_revisions_share_is_edited(client, project, admin):
    fields = {"name": "Big", "extension": "mp4", "about": "for the wall", "mirror_folder": "hd", "depends_on": "mp3"}
    profiles.get("mp3")
    act(client, "edit", **fields, property=["Format.Video.CRF", "Format.Video.Preset"], value=["20", "slow"])
    found = profiles.find("hd")
    assert (found.name, found.description, found.mirror_folder) == ("Big", "for the wall", "hd")
    assert properties.own(found)["Format.Video.CRF"] == "20"
    answer = act(client, "edit", path="/profiles/mp3", extension="mp3", name="MP3", depends_on="hd")
    assert answer.status_code == 400 and "circle" in words(answer)


def test_one_is_made_like_another_and_deleted(client, project, admin):
    answer = send(client, "/profiles", {"like": "hd", "slug": "uhd", "name": "2160p"})
    assert answer.headers["Location"] == "/profiles/uhd"
    assert template("uhd") == template("hd")
    act(client, "delete", path="/profiles/uhd")
    assert queries.profile_by_slug("uhd") is None


def test_one_that_is_used_is_not_deleted(client, project, admin):
    make_recording(project)
    answer = act(client, "delete")
    assert answer.status_code == 409 and queries.profile_by_slug("hd") is not None


def test_a_shipped_one_is_taken(client, project, admin):
    answer = send(client, "/profiles", {"shipped": "opus"})
    assert answer.headers["Location"] == "/profiles/opus" and "Opus" in words(client.get("/profiles"))


def test_projects_that_one_may_not_see_are_not_named(client, project):
    make_recording(project)
    make_user("sue", "superuser", only=[make_project("other", formats=())])
    log_in(client, "sue")
    for path in ("/profiles", PATH):
        assert "Project demo" not in words(client.get(path))
