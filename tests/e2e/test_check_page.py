"""The check page in a real browser: every verdict, four eyes, joints, the source beside the file, all formats."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from scripts.media.cut import cut_master
from scripts.media.programs import program
from scripts.media.retag import carried
from scripts.media.timeline import Timeline
from tests.e2e import scene
from tests.e2e.browser import picture_code
from tests.factories import encoding, put
from tracker import properties, queries, tickets
from tracker.db import transaction

RANGES = [(103, 180), (240, 375)]
KEPT = [frame for first, stop in RANGES for frame in range(first, stop)]

START = """async (path) => {
  const body = new URLSearchParams({action: "start", csrf_token: document.querySelector("[name=csrf_token]").value});
  return (await fetch(path, {method: "POST", headers: {Accept: "application/json"}, body})).status;
}"""


@pytest.fixture(scope="module")
def film(stage, tmp_path_factory):
    """Cut the talk in hall 1 in two ranges and encode it, as script C and an encoder do."""
    folder = tmp_path_factory.mktemp("film")
    with stage.app.app_context():
        talk = tickets.get(stage.talk)
        work = stage.mount / "tmp" / talk.project.slug / str(talk.fahrplan_id)
    timeline = Timeline.from_json((work / "timeline.json").read_text())
    cut_master(timeline, stage.mount / "raw", RANGES, folder / "cut.mkv", 1)
    command = [program("ffmpeg"), "-v", "error", "-y", "-i", str(folder / "cut.mkv"), "-metadata", "title=Wrnog"]
    command += ["-metadata:s:a:0", "language=deu", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
    subprocess.run([*command, str(folder / "film.mp4")], check=True)
    return work, folder / "film.mp4"


@pytest.fixture
def file(stage, film):
    """Return the number of an encoded file's ticket, of a new talk that bob has cut."""
    work, encoded = film
    with stage.app.app_context(), transaction():
        project = tickets.get(stage.talk).project
        cut = {"Record.Cutin": "103", "Record.Cutout": "375", "Record.Ranges": "103-180,240-375"}
        more = {"Record.Framerate": "25/1", "Record.Language": "deu", "Record.Chapters": "103 Anfang\n300 Fragen"}
        talk = scene._talk(project, "Right", "Saal 1", 50, "copied", {**cut, **more})
        talk.cut_by_id = queries.user_by_name("bob").id
        shutil.copytree(work, work.parent / str(talk.fahrplan_id), dirs_exist_ok=True)
        for slug in ("hd", "mp3"):
            child = put(encoding(talk, slug), "encoded")
            values = properties.merged(child)
            name = f"{values['EncodingProfile.Basename']}.{values['EncodingProfile.Extension']}"
            shutil.copy(encoded, stage.mount / "output" / name)
            properties.write(child, {"Encoding.Seconds": "8.48", "Encoding.Bytes": "99", "Encoding.Verdict": "pass"})
            properties.write(child, carried(encoded))
        return encoding(talk).id


@pytest.fixture
def checking(arrive, file):
    visitor = arrive("carol")
    visitor.visit(f"/demo/ticket/{file}/check")
    visitor.page.click("text=Start checking")
    visitor.page.wait_for_selector("#verdict")  # the page before has the film, too
    visitor.page.wait_for_selector("#places:not([hidden])")
    visitor.page.wait_for_function("() => document.getElementById('video')?.readyState > 1")
    return visitor


def stored(stage, number):
    with stage.app.app_context():
        ticket = tickets.get(number)
        return ticket.state, ticket.failed, ticket.parent.state, properties.merged(ticket)


def test_a_file_is_fine(checking, stage, file):
    checking.page.keyboard.press("Control+Enter")
    checking.page.wait_for_selector("text=Script D prepares it for the release now")
    assert stored(stage, file)[:3] == ("checked", False, "copied")


def test_this_file_is_bad(checking, stage, file):
    checking.page.keyboard.press("t")
    checking.page.keyboard.type("Stripes")
    checking.page.click("text=This file is bad")
    checking.page.wait_for_selector("text=The encoding is marked as failed with your reason")
    assert stored(stage, file)[:3] == ("checking", True, "copied")
    assert checking.complaints == []


def test_the_cut_is_bad_and_the_source_is_reset(checking, stage, file):
    checking.page.fill("#comment", "Begins in the middle of a word")
    checking.page.click("text=The cut or the recording is bad")
    checking.page.wait_for_selector("text=The recording goes back to cutting")
    assert stored(stage, file)[:3] == ("material needed", False, "cutting")


def test_only_the_metadata_is_wrong(checking, stage, file):
    assert "differs: Wrnog; it should be Right" in " ".join(checking.page.inner_text("#compared").split())
    checking.page.click("#correct summary")
    checking.page.fill("[name=title]", "Right indeed")
    checking.page.fill("[name=persons]", "Łucja Żak")
    checking.page.click("text=Correct them; all else is fine")
    checking.page.wait_for_selector("text=nothing is encoded again")
    state, failed, talk, values = stored(stage, file)
    assert (state, failed, talk, values["Fahrplan.Title"]) == ("checked", False, "copied", "Right indeed")
    assert json.loads(values["Encoding.Metadata"]) == {"title": "Right indeed", "artist": "Łucja Żak"}


def test_who_cut_a_talk_is_refused_by_the_page_and_by_the_server(arrive, stage, file):
    bob = arrive("bob")
    bob.visit(f"/demo/ticket/{file}/check")
    assert "You cut this talk; somebody else has to check it." in bob.page.inner_text("main")
    assert bob.page.evaluate(START, f"/demo/ticket/{file}/check") == 403
    assert stored(stage, file)[0] == "encoded"


def test_the_list_shows_first_what_one_may_check_oneself(arrive, stage, file):
    with stage.app.app_context(), transaction():
        tickets.get(file).priority = 50
    paths = []
    for name in ("bob", "carol"):
        visitor = arrive(name)
        visitor.visit("/demo/")
        paths.append([each.get_attribute("href") for each in visitor.page.locator("#yours a").all()])
    assert f"/demo/ticket/{file}/check" not in paths[0] and f"/demo/ticket/{file}/check" in paths[1]


def test_the_joints_of_the_cut_and_the_chapters_are_places_to_jump_to(checking):
    listed = checking.page.locator("#joints li").all_inner_texts()
    assert [each.split(" Look")[0] for each in listed] == [
        "chapter: Anfang", "joint: 2.4 s of the recording are left out here", "chapter: Fragen",
    ]  # fmt: skip
    checking.page.keyboard.press("ArrowDown")
    checking.page.wait_for_selector("#hint:has-text('joint')")
    at = checking.page.evaluate("() => video.currentTime")
    assert 77 / 25 - 1.01 <= at < 77 / 25 + 3  # one second before the joint, and playing


def test_the_source_beside_the_file_shows_the_same_picture(checking):
    checking.page.keyboard.press("s")
    checking.page.wait_for_selector("#beside[data-ready=yes]")
    for number in (0, 76, 77, 150, 211):
        checking.page.evaluate(f"() => {{ video.pause(); video.currentTime = {(number + 0.5) / 25}; }}")
        shown = f"Number(sourceframe.textContent) === {KEPT[number]} && beside.dataset.seeking === ''"
        checking.page.wait_for_function(f"() => !video.seeking && {shown}")
        checking.page.wait_for_timeout(150)
        codes = [picture_code(checking.page, name) for name in ("video", "source")]
        assert codes == [scene.CODE["saal1"] + KEPT[number]] * 2


def test_another_format_is_played_at_the_same_place(checking):
    checking.page.evaluate("() => { video.currentTime = 5; }")
    checking.page.click("#formats >> text=Play it here, at the same place")
    checking.page.wait_for_selector("#formats [aria-pressed=true]:has-text('Play it here')")
    checking.page.wait_for_function("() => video.readyState > 0 && Math.abs(video.currentTime - 5) < 0.1")


def test_two_people_at_one_file_the_second_learns_who_has_it(checking, arrive, stage, file):
    other = arrive("alice")
    other.visit(f"/demo/ticket/{file}/check")
    assert "carol has been checking this since" in other.page.inner_text("main")
    other.page.click("text=Take it over from carol")
    checking.page.click("text=Fine, back to the list")
    checking.page.wait_for_selector("text=held by alice; you no longer have it")
    assert stored(stage, file)[0] == "checking"
