"""The pages in a real browser: frame exact, by keyboard alone, on a narrow screen, and without complaints."""

from __future__ import annotations

import random
import re

import pytest

from tests.e2e import scene
from tests.e2e.browser import NARROW, WIDE
from tests.factories import put
from tracker import properties, tickets
from tracker.db import transaction


def stored(stage, ticket_id):
    with stage.app.app_context():
        ticket = tickets.get(ticket_id)
        return ticket.state, properties.own(ticket)


@pytest.mark.parametrize(("which", "room"), [("talk", "saal1"), ("holey", "saal2")])
def test_the_frame_number_is_that_of_the_picture(arrive, stage, which, room):
    visitor, dice, first = arrive("carol"), random.Random(which), scene.CODE[room]
    visitor.visit(f"/demo/ticket/{getattr(stage, which)}/cut")
    visitor.wait_for_player()
    seen = []
    for _ in range(8):
        visitor.seek(dice.random())
        seen.append((visitor.frame(), visitor.code()))
        visitor.press(*dice.choice([",", ".", ",,,", "....", ["ArrowRight", ","]]))
        seen.append((visitor.frame(), visitor.code()))
    assert seen == [(frame, first + frame) for frame, _ in seen]
    assert len({frame for frame, _ in seen}) > 4
    assert visitor.code_on_screen() == first + visitor.frame()
    assert visitor.complaints == []


def test_a_hole_is_jumped_over_in_both_directions(arrive, stage):
    visitor = arrive("carol")
    visitor.visit(f"/demo/ticket/{stage.holey}/cut")
    visitor.wait_for_player()
    visitor.seek(0.5)  # in the middle of what is missing
    after = visitor.frame()
    visitor.press(",")
    before = visitor.frame()
    visitor.press(".")
    assert (before, visitor.frame()) == (269, after) and after - before > 30


def test_after_playing_the_number_is_still_that_of_the_picture(arrive, stage):
    visitor = arrive("carol")
    visitor.visit(f"/demo/ticket/{stage.talk}/cut")
    visitor.wait_for_player()
    before = visitor.frame()
    visitor.press("Space")
    visitor.page.wait_for_function(f"() => Number(document.getElementById('frame').textContent) > {before + 5}")
    visitor.press("k")
    visitor.page.wait_for_timeout(200)
    assert before + 5 < visitor.frame() == visitor.code_on_screen() - scene.CODE["saal1"]


def test_a_talk_is_cut_from_the_playhead(arrive, stage):
    visitor = arrive("bob")
    visitor.visit("/")
    visitor.page.click(".projects h2 a")
    visitor.page.click(f"#t{stage.talk} .next a")
    visitor.page.click("text=Start cutting")
    visitor.wait_for_player()
    visitor.seek(0.3)
    visitor.page.click("text=Set in")
    begin = visitor.code_on_screen() - scene.CODE["saal1"]
    visitor.seek(0.7)
    visitor.page.click("text=Set out")
    end = visitor.code_on_screen() - scene.CODE["saal1"] + 1
    visitor.press(",", ",")
    visitor.page.evaluate("() => video.addEventListener('pause', () => window.over = true)")
    visitor.page.click("text=Play up to out")
    visitor.page.wait_for_function("() => window.over")
    visitor.page.wait_for_selector("#play:has-text('Play')")
    visitor.settle()
    assert visitor.code_on_screen() - scene.CODE["saal1"] == end - 1
    visitor.page.check("[name=language][value=eng]")
    visitor.page.fill("[name=av_delay]", "200")
    visitor.page.click("text=I finished cutting")
    visitor.page.wait_for_selector("text=Script C makes the cut master now")
    state, own = stored(stage, stage.talk)
    assert (state, own["Record.Cutin"], own["Record.Cutout"]) == ("cut", str(begin), str(end))
    assert (own["Record.Language"], own["Record.AVDelay"], visitor.complaints) == ("eng", "200", [])


def test_a_talk_is_cut_with_nothing_but_the_keyboard(arrive, stage):
    visitor = arrive()
    keyboard = visitor.page.keyboard
    visitor.visit("/login?next=/demo/")
    keyboard.type("bob")
    keyboard.press("Tab")
    keyboard.type("correct horse battery")
    keyboard.press("Enter")
    visitor.page.wait_for_selector(f"#t{stage.holey}")
    _tab_to(visitor, f"#t{stage.holey} .next a")
    keyboard.press("Enter")
    visitor.wait_for_player()
    keyboard.press("Enter")
    visitor.page.wait_for_selector("#cutform")
    visitor.wait_for_player()
    assert visitor.frame() == 120  # the talk begins here by the schedule: 4 s at 29.97
    visitor.press("ArrowRight", ".", ".", "i", "End", "Shift+ArrowLeft", ",", "o", "2", "1")
    keyboard.press("?")
    visitor.page.wait_for_selector("dialog[open] >> text=the talk ends with this picture")
    keyboard.press("Escape")
    keyboard.press("Control+Enter")
    visitor.page.wait_for_selector("text=Script C makes the cut master now")
    state, own = stored(stage, stage.holey)
    assert (state, own["Record.Cutin"], own["Record.Language"]) == ("cut", "152", "deu-eng")
    assert int(own["Record.Cutout"]) > 152
    assert visitor.complaints == []


def _tab_to(visitor, selector):
    for _ in range(60):
        if visitor.page.evaluate(f"() => document.activeElement.matches({selector!r})"):
            return
        visitor.page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {selector}")


def test_a_typed_text_is_no_command(arrive, stage):
    with stage.app.app_context(), transaction():
        ticket = tickets.create_recording(tickets.get(stage.talk).project, tickets.TRACKER, title="Typing")
        number = ticket.id
    visitor = arrive("carol")
    visitor.visit(f"/demo/ticket/{number}")
    visitor.page.fill("[name=comment]", "")
    visitor.page.type("[name=comment]", "k, j. i o ? 1")
    assert visitor.page.input_value("[name=comment]") == "k, j. i o ? 1"
    visitor.page.click("text=Write")
    visitor.page.wait_for_selector(".comments >> text=k, j. i o ? 1")


def test_an_encoded_file_is_checked(arrive, stage):
    visitor = arrive("carol")
    visitor.visit(f"/demo/ticket/{stage.file}/check")
    visitor.page.click("text=Start checking")
    visitor.page.wait_for_selector("#places:visible")
    visitor.page.evaluate("() => video.addEventListener('playing', () => window.begun = video.currentTime)")
    visitor.page.keyboard.press("4")  # 50 %
    visitor.page.wait_for_function("() => window.begun")
    begun, length = visitor.page.evaluate("() => [window.begun, video.duration]")
    assert begun > length / 2 - 0.01 > 1  # the browser rounds
    steps = visitor.page.locator("#checklist input")
    for done in range(steps.count()):
        assert steps.nth(done).is_checked() is False
        visitor.page.keyboard.press("n")
        assert steps.nth(done).is_checked()
    visitor.page.keyboard.press("t")
    assert re.match(r"\[00:00:\d\d\] $", visitor.page.input_value("#comment"))
    visitor.page.click("text=Fine, back to the list")
    visitor.page.wait_for_selector("text=Script D prepares it for the release now")
    assert stored(stage, stage.file)[0] == "checked"
    assert visitor.complaints == []


def test_what_was_wrong_is_no_longer_said_once_it_is_edited(arrive, stage):
    with stage.app.app_context(), transaction():
        ticket = tickets.create_recording(tickets.get(stage.talk).project, tickets.TRACKER, title="Red")
        number = put(ticket, "merged").id
    visitor = arrive("carol")
    visitor.visit(f"/demo/ticket/{number}/cut")
    visitor.page.click("text=Start cutting")
    visitor.page.fill("[name=cut_in]", "soon")
    visitor.page.fill("[name=cut_out]", "late")
    visitor.page.click("text=I finished cutting")
    visitor.page.wait_for_selector(".wrong >> text='soon' is neither")
    red = visitor.page.locator(".wrong, [aria-invalid]")
    visitor.page.fill("[name=cut_out]", "9")
    assert red.count() == 2
    visitor.page.fill("[name=cut_in]", "1")
    assert red.count() == 0
    visitor.page.click("text=I finished cutting")
    visitor.page.wait_for_selector(".wrong >> text=No language is chosen")
    visitor.page.check("[name=language][value=eng]")
    assert red.count() == 0


def test_a_list_renews_itself(arrive, stage):
    visitor = arrive("rita")
    visitor.visit("/demo/?text=Nothing")
    with stage.app.app_context(), transaction():
        tickets.create_recording(tickets.get(stage.talk).project, tickets.TRACKER, title="Nothing is as before")
    visitor.page.wait_for_selector("h3 >> text=Nothing is as before")
    assert visitor.complaints == []


BROKEN_BADGES = """() => [...document.querySelectorAll(".state")].filter((each) => each.getClientRects().length)
    .filter((each) => each.offsetHeight > 1.6 * parseFloat(getComputedStyle(each).lineHeight)
        || each.scrollWidth > each.clientWidth + 1).map((each) => each.innerText)"""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page_fits_and_the_browser_has_nothing_to_complain_about(arrive, stage, size):
    visitor = arrive("alice", size)
    paths = ["/", "/workers", "/demo/", "/demo/?failed=1", "/demo/new"]
    paths += [f"/demo/ticket/{number}" for number in (stage.talk, stage.file, stage.released)]
    paths += [f"/demo/ticket/{stage.talk}/cut", f"/demo/ticket/{stage.holey}/cut"]
    paths += [f"/demo/ticket/{stage.sound}/check", f"/demo/ticket/{stage.released}/release"]
    for path in paths:
        visitor.visit(path)
        if path.endswith("/cut"):
            visitor.wait_for_player()
        assert (path, visitor.overflow(), visitor.complaints) == (path, 0, [])
        assert visitor.page.locator("h1").count() == 1
        assert visitor.page.evaluate(BROKEN_BADGES) == []
        assert visitor.page.evaluate("() => getComputedStyle(document.body).marginTop") == "0px"  # the style was let in
