"""What a crew does besides cutting and checking, in a real browser: many tickets at once, searches, reviewers."""

from __future__ import annotations

import subprocess
import threading

import pytest
from werkzeug.serving import make_server

from scripts.media.programs import program
from tests.conftest import SECRET
from tests.e2e.browser import NARROW, WIDE, Visitor
from tests.factories import encoding, make_project, make_recording, make_user, put
from tests.places import scratch
from tracker import projects, properties, queries
from tracker.app import create_app
from tracker.db import db, transaction
from tracker.settings import Settings

MANY = 200


@pytest.fixture(scope="module")
def office(new_database):
    """Serve a project with many talks, one of which waits to be released."""
    with scratch() as folder:
        settings = Settings(database_url=new_database(), secret_key="k" * 64, secret=SECRET, media_roots=(folder,))
        app = create_app(settings)
        with app.app_context(), transaction():
            make_user("alice")
            make_user("sue", "superuser")
            project = make_project(formats=(), values={"Processing.Path.Output": str(folder)})
            for number in range(MANY):
                make_recording(project, "merged", title=f"Talk {number}")
            talk = _finished(make_project("media", values={"Processing.Path.Output": str(folder)}), folder)
            app.config["TALK"] = talk.id
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        app.config["URL"] = f"http://127.0.0.1:{server.server_port}"
        yield app
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


def _finished(project, folder):
    talk = make_recording(project, "copied", title="Vor der Veröffentlichung")
    child = put(encoding(talk), "postprocessed")
    name = properties.merged(child)["EncodingProfile.Basename"]
    source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2"]
    quiet = [program("ffmpeg"), "-v", "error", *source, "-pix_fmt", "yuv420p", str(folder / f"{name}.mp4")]
    subprocess.run(quiet, check=True)
    return talk


@pytest.fixture
def come(browser, office):
    contexts = []

    def come(name="", size=WIDE):
        contexts.append(browser.new_context(viewport={"width": size[0], "height": size[1]}))
        visitor = Visitor(contexts[-1].new_page(), office.config["URL"])
        visitor.page.set_default_timeout(90_000)  # two hundred tickets on a busy machine
        if name:
            visitor.log_in(name)
        return visitor

    yield come
    for context in contexts:
        context.close()


def test_two_hundred_tickets_are_edited_at_once(office, come):
    visitor = come("alice")
    visitor.visit("/demo/tickets?q=state:merged")
    visitor.page.click(f"text={MANY} on one page")
    visitor.page.wait_for_selector(f"tbody tr:nth-child({MANY})")
    visitor.page.check("#all")
    visitor.page.select_option("[name=attention]", "yes")
    visitor.page.fill("[name=priority]", "2")
    visitor.page.fill("[name=comment]", "All of them")
    visitor.page.click("text=Show what would change")
    visitor.page.wait_for_selector(f"h1:has-text('{MANY} of {MANY} tickets would change')")
    assert visitor.page.locator("ins:has-text('yes')").count() == MANY
    visitor.page.click(f"text=Change {MANY} tickets")
    visitor.page.wait_for_selector(f"text={MANY} tickets were edited")
    with office.app_context():
        found = queries.talks(projects.get("demo").id)
        assert {(each.needs_attention, each.own_priority) for each in found} == {(True, 2.0)}
        logs = [[entry.event for entry in queries.history([each.id])][:2] for each in found]
    assert all(log == ["Edit.priority", "Edit.attention"] for log in logs) and len(logs) == MANY
    assert visitor.complaints == []


def test_an_edit_of_many_that_somebody_overtook_changes_nothing(office, come):
    visitor = come("alice")
    visitor.visit("/demo/tickets?q=title:Talk&all=1")
    visitor.page.check("#all")
    visitor.page.fill("[name=priority]", "5")
    visitor.page.click("text=Show what would change")
    visitor.page.wait_for_selector("text=tickets would change")
    with office.app_context(), transaction():
        ticket = queries.talks(projects.get("demo").id)[17]
        put(ticket, "cutting")
    visitor.page.click(f"text=Change {MANY} tickets")
    visitor.page.wait_for_selector("[role=alert]:has-text('nothing was edited')")
    with office.app_context():
        assert {each.own_priority for each in queries.talks(projects.get("demo").id)} <= {1.0, 2.0}


def test_two_people_edit_one_ticket_and_the_second_sees_both_versions(office, come):
    with office.app_context(), transaction():
        ticket = queries.talks(projects.get("demo").id)[23]
        properties.write(ticket, {"Meta.Note": "as it was"})
        number = ticket.id
    people = [come("sue"), come("alice", NARROW)]
    for visitor, text in zip(people, ("what sue says", "what alice says"), strict=True):
        visitor.visit(f"/demo/ticket/{number}")
        visitor.page.get_by_label("Meta.Note", exact=True).fill(text)
    sue, alice = people
    sue.page.click("text=Save properties")
    sue.page.wait_for_selector("[role=status]")
    alice.page.click("text=Save properties")
    alice.page.wait_for_selector("h2:has-text('What happened last')")
    both = alice.page.locator("tr:has(th:text-is('Meta.Note')) td").all_inner_texts()
    assert [text.removeprefix("now: ").removeprefix("you wanted: ") for text in both[1:]] == [
        "what sue says", "what alice says",
    ]  # fmt: skip
    assert "sue" in alice.page.inner_text(".log li:first-child") and alice.overflow() == 0
    alice.page.click("text=Do it all the same")
    alice.page.wait_for_url(f"**/ticket/{number}*")
    assert alice.page.get_by_label("Meta.Note", exact=True).input_value() == "what alice says"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_search_is_kept_and_a_number_is_gone_to(office, come, size):
    visitor = come("alice", size)
    visitor.visit("/demo/tickets?q=state:merged")
    visitor.page.click("summary:has-text('Keep this search')")
    visitor.page.fill("[name=saved]", "Zu schneiden ✂")
    visitor.page.click("text=Keep >> nth=-1")
    visitor.page.wait_for_selector(".saved a:has-text('Zu schneiden ✂')")
    assert visitor.overflow() == 0
    visitor.page.fill("#jump", "12")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url("**/ticket/*")
    assert visitor.overflow() == 0 and visitor.complaints == []


def test_a_speaker_watches_holds_and_approves_without_an_account(office, come):
    talk = office.config["TALK"]
    crew = come("alice")
    crew.visit(f"/media/ticket/{talk}/reviewers")
    crew.page.fill("[name=name]", "Łucja")
    crew.page.click("text=Make a link")
    address = crew.page.inner_text("#link")
    speaker = come(size=NARROW)
    speaker.page.goto(address)
    speaker.page.evaluate("() => document.querySelector('video').play()")
    speaker.page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    speaker.page.fill("#comment", "00:00:01 My private number is on the slide")
    speaker.page.click("text=Hold it")
    speaker.page.wait_for_selector("text=nothing is released until the crew")
    assert speaker.overflow() == 0 and speaker.complaints == []
    crew.visit(f"/media/ticket/{talk}/release")
    crew.page.wait_for_selector("text=Held, must not be released: Łucja: 00:00:01 My private number is on the slide.")
    assert crew.page.locator("button:has-text('Release')").count() == 0
    speaker.page.click("text=Fine, release it")
    speaker.page.wait_for_selector("text=You approved it. Thank you")
    crew.visit(f"/media/ticket/{talk}/release")
    crew.page.click("button:has-text('Release 1 file')")
    crew.page.wait_for_selector("text=on the way")
    crew.visit(f"/media/ticket/{talk}/reviewers")
    crew.page.click("text=Revoke")
    crew.page.wait_for_selector("text=opens nothing any more")
    speaker.page.reload()
    speaker.page.wait_for_selector("text=This link is over")
