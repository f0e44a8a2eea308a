"""The cut page in a real browser: shuttle, handles, undo, own keys, and a draft that survives the tracker."""

from __future__ import annotations

import pytest

from tests.e2e import scene
from tests.factories import put
from tracker import tickets
from tracker.db import transaction

DRAFT_SAVED = "#draft:has-text('Draft saved')"

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A browser that leaves a page breaks off what it was loading; the test server closes that file late."""


@pytest.fixture
def cutting(arrive, stage):
    """Bring carol, who cuts the talk in hall 1 that nobody else has."""
    with stage.app.app_context(), transaction():
        put(tickets.get(stage.talk), "merged")
    visitor = arrive("carol")
    visitor.visit(f"/demo/ticket/{stage.talk}/cut")
    visitor.page.click("text=Start cutting")
    visitor.wait_for_player()
    return visitor


def marks(visitor):
    return [visitor.page.input_value(f"#{name}") for name in ("cut_in", "cut_out")]


def wave_x(visitor, frame):
    """Return where a frame is in the picture of the whole sound: pixels from the left of the screen, and its middle."""
    box = visitor.page.locator("#whole").bounding_box()
    frames = int(visitor.page.get_attribute("#whole", "aria-valuemax")) + 1
    return box["x"] + frame / frames * box["width"], box["y"] + box["height"] / 2


def test_marks_are_set_dragged_undone_and_done_again(cutting):
    cutting.press("Home", ".", ".", ".", "i")
    before = marks(cutting)
    assert before[0] == "3"
    cutting.page.mouse.move(*wave_x(cutting, 3))
    cutting.page.mouse.down()
    cutting.page.mouse.move(*wave_x(cutting, 100), steps=4)
    cutting.page.mouse.up()
    cutting.settle()
    dragged = marks(cutting)
    assert abs(int(dragged[0]) - 100) <= 2 and dragged[1] == before[1]
    assert cutting.code_on_screen() - scene.CODE["saal1"] == int(dragged[0])
    cutting.press("Control+z")
    assert marks(cutting) == before
    cutting.press("Control+Shift+z")
    assert marks(cutting) == dragged


def test_a_mark_can_be_set_where_it_was_a_moment_ago(cutting):
    cutting.page.fill("#reaction", "400")
    cutting.page.locator("#reaction").blur()
    cutting.press("Home", "ArrowRight", "ArrowRight", "[")
    assert marks(cutting)[0] == "40"  # frame 50 less 0.4 s at 25 a second


def test_it_plays_backwards_and_stops(cutting):
    cutting.press("End")
    last = cutting.frame()
    cutting.page.keyboard.press("j")
    cutting.page.wait_for_function(f"() => Number(document.getElementById('frame').textContent) < {last - 12}")
    cutting.page.keyboard.press("k")
    cutting.settle()
    stopped = cutting.frame()
    assert cutting.code_on_screen() - scene.CODE["saal1"] == stopped < last


def test_another_key_can_be_chosen_and_is_kept(cutting):
    change = "button[aria-label='Choose another key: the talk begins with this picture']"
    cutting.page.keyboard.press("?")
    cutting.page.click(change)
    cutting.page.keyboard.press("o")
    cutting.page.wait_for_selector("#keys-said:has-text('already means: the talk ends with this picture')")
    cutting.page.click(change)
    cutting.page.keyboard.press("q")
    cutting.page.wait_for_selector("#keylist >> text=Q")
    cutting.page.keyboard.press("Escape")
    cutting.page.reload()
    cutting.wait_for_player()
    cutting.press("Home", ".", "q")
    assert marks(cutting)[0] == "1"


def test_a_draft_comes_back_and_goes_with_the_ticket(cutting, arrive, stage):
    cutting.page.fill("#cut_in", "33")
    cutting.page.check("[name=language][value=deu]")
    cutting.page.wait_for_selector(DRAFT_SAVED)
    cutting.page.reload()
    assert marks(cutting)[0] == "33" and cutting.page.is_checked("[name=language][value=deu]")
    other = arrive("bob")
    other.visit(f"/demo/ticket/{stage.talk}/cut")
    other.page.click("text=Take it over from carol")
    assert marks(other)[0] == "33"
    other.page.wait_for_selector("#draft:has-text('Draft of carol')")


def test_a_draft_survives_a_tracker_that_does_not_answer(cutting):
    cutting.page.route("**/cut/draft", lambda route: route.abort())
    cutting.page.fill("#cut_in", "44")
    cutting.page.wait_for_selector("#draft:has-text('kept in this browser')")
    cutting.page.unroute("**/cut/draft")
    cutting.page.goto("about:blank")
    cutting.page.go_back()
    cutting.page.wait_for_selector(DRAFT_SAVED)
    assert marks(cutting)[0] == "44"
