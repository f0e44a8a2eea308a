"""`fahrwerk profile` and `fahrwerk project profile`."""

from __future__ import annotations

import pytest

from tests.tracker.profiles.sheets import task
from tracker import profiles, projects, properties, queries


@pytest.fixture
def sheet(tmp_path):
    file = tmp_path / "web.xsl"
    file.write_text(task("<option>-an</option>"), encoding="utf-8")
    return str(file)


@pytest.fixture
def web(fahrwerk, sheet):
    """Make the profile `web`, and delete it with its project after the test."""
    assert fahrwerk("profile", "add", "web", sheet, "--extension", "webm", "--name", "WebM").exit_code == 0
    yield "web"
    fahrwerk("project", "profile", "demo", "web", "--remove")
    assert fahrwerk("profile", "delete", "web").exit_code == 0


@pytest.fixture
def demo(fahrwerk, names):
    if "demo" not in names("project", "slug"):
        assert fahrwerk("project", "add", "demo", "The demo").exit_code == 0
    return "demo"


def test_a_profile_is_made_shown_and_deleted(fahrwerk, sheet, names):
    options = ("--extension", "webm", "--folder", "web-hd", "--depends-on", "hd", "--set", "Format.Video.CRF=30")
    fahrwerk("profile", "show", "hd")
    done = fahrwerk("profile", "add", "deep", sheet, *options, "--description", "For browsers")
    assert (done.exit_code, done.output) == (0, "Profile deep is there, revision 1.\n"), done.exception
    shown = fahrwerk("profile", "show", "deep").output
    for line in ("name        deep", "depends on  hd", "folder      web-hd", "Format.Video.CRF = 30", "revision 1"):
        assert line in shown
    assert "deep                 .webm  r1   deep  (unused)\n" in fahrwerk("profile", "list").output
    assert fahrwerk("profile", "show", "deep", "--template").output == task("<option>-an</option>") + "\n"
    assert fahrwerk("profile", "delete", "deep").output == "Profile deep is deleted.\n"
    assert "deep" not in names("encoding_profile", "slug")


def test_templates_are_revised_edited_and_compared(fahrwerk, app, web):
    saved = fahrwerk("profile", "edit", web, "--template", "-", stdin=task("<option>-sn</option>"))
    assert saved.output == "The template is in revision 1.\nProfile web is changed.\n"
    made = fahrwerk("profile", "revise", web, "-", "--note", "no data", stdin=task("<option>-dn</option>"))
    assert made.output == "Revision 2 of profile web is there.\n"
    assert "-dn" in fahrwerk("profile", "diff", web).output
    assert fahrwerk("profile", "diff", web, "2", "2").output == "The templates are the same.\n"
    fahrwerk("profile", "edit", web, "--name", "Web", "--set", "Format.Video.CRF=31")
    found = profiles.find(web)
    assert (found.name, properties.own(found)) == ("Web", {"Format.Video.CRF": "31"})


def test_a_template_is_checked_and_tried_without_being_saved(fahrwerk, sheet):
    assert fahrwerk("profile", "check", sheet, "--profile", "hd").output == "The template can be saved.\n"
    told = fahrwerk("profile", "check", "-", stdin=task("<option>/x</option>"))
    assert told.exit_code == 0 and "note: The template has the path or address '/x'" in told.output
    job = fahrwerk("profile", "render", "sd").output
    assert "demo-7-eng-a_sample_talk-sd.mp4</option>" in job
    assert "<option>-an</option>" in fahrwerk("profile", "render", "sd", "--template", sheet).output


def test_a_job_is_tried_for_a_real_talk(fahrwerk, app, demo):
    fahrwerk("talk", "add", demo, "--title", "Öfen", "--room", "Saal 1", "--start", "2026-07-04 10:00",
             "--end", "2026-07-04 11:00", "--id", "77")  # fmt: skip
    number = next(talk.id for talk in queries.talks(projects.get(demo).id) if talk.fahrplan_id == 77)
    assert "/demo-77-Oefen-hd.mp4</option>" in fahrwerk("profile", "render", "hd", "--ticket", str(number)).output


def test_a_project_pins_versions(fahrwerk, web, demo):
    fahrwerk("profile", "revise", web, "-", stdin=task("<option>-dn</option>"))
    pinned = fahrwerk("project", "profile", demo, web, "--revision", "1", "--priority", "2", "--no-auto-create")
    assert "web                  r1   priority 2, tickets by hand, there is revision 2\n" in pinned.output
    assert "web                  r2   priority 2\n" in fahrwerk(
        "project", "profile", demo, web, "--latest", "--auto-create"
    ).output  # fmt: skip
    assert (
        "web                  r2   switched off\n"
        in fahrwerk("project", "profile", demo, web, "--priority", "0").output
    )
    removed = fahrwerk("project", "profile", demo, web, "--remove")
    assert removed.output.startswith("Project demo no longer uses profile 'web'; ")


def test_a_master_that_is_not_made_is_told(fahrwerk, web, demo):
    fahrwerk("project", "profile", demo, "hd", "--remove")
    fahrwerk("profile", "show", "hd")
    fahrwerk("profile", "edit", web, "--depends-on", "hd")
    told = fahrwerk("project", "profile", demo, web).output
    assert "note: Profile 'web' depends on 'hd', which project demo does not use" in told
    assert "note:" not in fahrwerk("project", "profile", demo, "hd").output
    fahrwerk("profile", "edit", web, "--depends-on", "")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("show", "none"), "no encoding profile 'none'"),
        (("show", "hd", "--revision", "9"), "no revision 9; there are: 1"),
        (("add", "a b", "-", "--extension", "mp4"), "Slug 'a b'"),
        (("add", "x", "-", "--extension", "mp4"), "no well-formed XML"),
        (("revise", "hd", "-"), "line 1, column 1"),
        (("check", "-"), "no well-formed XML"),
        (("diff", "hd", "7"), "no revision 7"),
        (("render", "hd", "--ticket", "99999"), "no ticket 99999"),
    ],
)
def test_what_cannot_be_is_a_sentence(fahrwerk, names, args, told):
    done = fahrwerk("profile", *args)
    assert done.exit_code == 1 and told in str(done.exception)
    assert "x" not in names("encoding_profile", "slug")


def test_a_template_that_is_no_text_is_named(fahrwerk, tmp_path):
    (tmp_path / "x.xsl").write_bytes(b"\xff\xfe")
    assert "is not text in UTF-8" in str(fahrwerk("profile", "check", str(tmp_path / "x.xsl")).exception)
