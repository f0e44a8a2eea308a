"""The cut page in a real browser: shuttle, handles, undo, own keys, and a draft that survives the tracker."""

from __future__ import annotations

import pytest

from tests.e2e import scene
from tests.factories import put
from tracker import properties, tickets
from tracker.db import transaction

DRAFT_SAVED = "#draft:has-text('Draft saved')"

WATCH = """() => {
  window.seen = [];
  const each = () => { seen.push(Number(player.dataset.shown)); video.requestVideoFrameCallback(each); };
  video.requestVideoFrameCallback(each);
}"""


@pytest.fixture
def cutting(arrive, stage):
    """Bring carol, who cuts the talk in hall 1 that nobody else has and that has no draft."""
    with stage.app.app_context(), transaction():
        tickets.drop_draft(put(tickets.get(stage.talk), "merged"))
    visitor = arrive("carol")
    visitor.visit(f"/demo/ticket/{stage.talk}/cut")
    visitor.page.click("text=Start cutting")
    visitor.wait_for_player()
    return visitor


def marks(visitor):
    return [visitor.page.input_value(f"#{name}") for name in ("cut_in", "cut_out")]


def wave_x(visitor, frame):
    """Return where a frame is in the picture of the whole sound: pixels from the left of the screen, and its middle."""
    visitor.page.locator("#whole").scroll_into_view_if_needed()
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


def test_a_part_in_the_middle_is_left_out_and_jumped_over(cutting):
    cutting.press("Home", *["ArrowRight"] * 6, "x", "ArrowRight", "ArrowRight", "Shift+X")
    assert cutting.page.input_value("#leave_out") == "00:00:06.000 - 00:00:08.000"
    cutting.page.wait_for_selector("#length:has-text('1 part left out')")
    cutting.press("ArrowLeft", "ArrowLeft", ",", ",", ",")  # three frames before the part
    cutting.page.evaluate(WATCH)
    cutting.page.keyboard.press("r")
    cutting.page.wait_for_function("() => Number(document.getElementById('frame').textContent) > 205")
    cutting.press("k")
    assert cutting.code_on_screen() - scene.CODE["saal1"] == cutting.frame() >= 200
    shown = cutting.page.evaluate("() => window.seen")
    assert len([frame for frame in shown if 153 <= frame < 200]) == 0  # a browser shows one or two on its way
    cutting.press("Home", *["ArrowRight"] * 7, "Delete")
    assert cutting.page.input_value("#leave_out") == ""
    cutting.press("Control+z")
    assert cutting.page.input_value("#leave_out") != ""


def test_a_chapter_is_named_where_it_begins(cutting):
    cutting.press("Home", *["ArrowRight"] * 9, "h")
    cutting.page.keyboard.type("Fragen & Antworten")
    cutting.page.keyboard.press("Escape")
    cutting.press("Home", *["ArrowRight"] * 5, "h")
    cutting.page.keyboard.type("Anfang")
    cutting.page.keyboard.press("Escape")
    wanted = "00:00:05.000 Anfang\n00:00:09.000 Fragen & Antworten"
    assert cutting.page.input_value("#chapters") == wanted
    cutting.press("ArrowRight", "ArrowDown")
    assert cutting.page.inner_text("#hint") == "Fragen & Antworten" and cutting.frame() == 225


def test_the_delay_is_measured_at_a_clap(cutting, arrive, stage):
    """The room of this talk was recorded with its sound 200 ms late, and clicks at every thirtieth picture."""
    with stage.app.app_context(), transaction():
        put(tickets.get(stage.holey), "merged")
    cutting.visit(f"/demo/ticket/{stage.holey}/cut")
    cutting.page.click("text=Start cutting")
    cutting.wait_for_player()
    cutting.page.wait_for_selector("#player[data-waveform=yes]")
    cutting.press("Home", *["ArrowRight"] * 4)
    while (cutting.frame() + scene.CODE["saal2"]) % 30:
        cutting.press(".")
    cutting.page.keyboard.press("c")
    cutting.page.wait_for_selector("#hint:has-text('ms late')")
    assert abs(int(cutting.page.input_value("[name=av_delay]")) - 200) <= 10


def test_pictures_waveform_and_marks_help_to_find_the_way(cutting):
    cutting.page.wait_for_selector("#player[data-waveform=yes]")
    cutting.page.click("#strip", position={"x": cutting.page.locator("#strip").bounding_box()["width"] / 2, "y": 9})
    cutting.settle()
    assert abs(cutting.frame() - 250) <= 3
    cutting.page.click("#marks summary")
    before = cutting.page.locator("#marklist button").count()
    cutting.page.uncheck("#legend label:has-text('schedule') input")
    assert before == 2 and cutting.page.locator("#marklist button").count() == 0
    cutting.page.keyboard.press("ArrowDown")
    assert cutting.page.inner_text("#hint") == "No mark after"


def test_all_of_a_cut_reaches_the_ticket(cutting, stage):
    cutting.page.fill("#cut_in", "100")
    cutting.page.fill("#cut_out", "380")
    cutting.page.evaluate(
        "() => document.querySelectorAll('#cutform details').forEach((each) => { each.open = true; })"
    )
    cutting.page.fill("#leave_out", "150 - 200\n00:00:10.000 to 00:00:11.000")
    cutting.page.fill("#chapters", "220 Mehr\n100 Anfang")
    cutting.page.select_option("#audio", "left")
    cutting.page.check("[name=language][value=deu]")
    cutting.page.fill("[name=apology]", "Es rauscht.")
    cutting.page.click("text=Finished, back to the list")
    cutting.page.wait_for_selector("text=Script C makes the cut master now")
    with stage.app.app_context():
        own = properties.own(tickets.get(stage.talk))
    assert own["Record.Ranges"] == "100-150,200-250,275-380"
    assert own["Record.Chapters"] == "100 Anfang\n220 Mehr"
    assert (own["Record.Audio"], own["Record.Apology"]) == ("left", "Es rauscht.")
    assert cutting.complaints == []


def test_scripts_speak_german(arrive, stage):
    with stage.app.app_context(), transaction():
        put(tickets.get(stage.talk), "merged")
    visitor = arrive("carol")
    visitor.page.set_extra_http_headers({"Accept-Language": "de"})
    visitor.visit(f"/demo/ticket/{stage.talk}/cut")
    visitor.page.click("text=Schneiden beginnen")
    visitor.wait_for_player()
    assert visitor.page.inner_text("#play") == "Abspielen"
    visitor.press("Home", "i")
    visitor.page.wait_for_selector("#hint:has-text('Anfang: 00:00:00.000')")
    visitor.page.wait_for_selector("#draft:has-text('Entwurf gespeichert')")
    assert visitor.page.inner_text("#length").startswith("Der Vortrag dauert 00:00:1")
    visitor.page.keyboard.press("?")
    keys = visitor.page.locator("#keylist").inner_text()
    assert "der Vortrag beginnt mit diesem Bild" in keys and "Leertaste" in keys
    assert [line for line in keys.splitlines() if " the " in line] == []
    assert visitor.complaints == []


def test_the_content_extends(cutting, stage):
    cutting.page.fill("[name=before]", "2")
    cutting.page.fill("[name=after]", "5")
    cutting.page.click("text=The content extends")
    cutting.page.wait_for_selector("text=The recording is put together again with more material")
    with stage.app.app_context(), transaction():
        talk = tickets.get(stage.talk)
        own = properties.own(talk)
        padding = [own["Record.StartPadding"], own["Record.EndPadding"]]
        properties.write(talk, {"Record.StartPadding": "", "Record.EndPadding": ""})
        assert (talk.state, padding) == ("recorded", ["124", "304"])


def test_somebody_is_unable_to_cut_and_says_why(cutting, stage):
    cutting.page.fill("[name=comment]", "No sound: the mixer was off until 00:05.")
    cutting.page.click("text=I am unable to cut")
    cutting.page.wait_for_selector("text=The recording is marked as failed with your reason")
    with stage.app.app_context(), transaction():
        talk = tickets.get(stage.talk)
        assert (talk.state, talk.failed, talk.user_id) == ("cutting", True, None)
        assert talk.waiting.startswith("No sound: the mixer was off")


def test_of_two_people_at_one_talk_the_first_learns_that_it_was_taken_over(cutting, arrive, stage):
    other = arrive("bob")
    other.visit(f"/demo/ticket/{stage.talk}/cut")
    assert "carol has been cutting this since" in other.page.inner_text("main")
    other.page.click("text=Take it over from carol")
    cutting.page.fill("#cut_in", "77")
    cutting.page.check("[name=language][value=eng]")
    cutting.page.wait_for_selector("#draft:has-text('held by bob')")
    cutting.page.click("text=Finished, back to the list")
    cutting.page.wait_for_selector("text=held by bob; you no longer have it")
    assert "77" in cutting.page.inner_text("main")
    with stage.app.app_context():
        talk = tickets.get(stage.talk)
        assert (talk.state, talk.user.name) == ("cutting", "bob")


def test_texts_that_never_come_do_not_hold_the_page(arrive, stage):
    visitor = arrive("carol")
    visitor.page.set_extra_http_headers({"Accept-Language": "de"})
    visitor.page.route("**/assets/speech/**", lambda route: None)  # never answered
    visitor.page.goto(f"{stage.url}/demo/ticket/{stage.talk}/cut", wait_until="commit")
    visitor.wait_for_player()
    assert visitor.page.get_attribute("html", "data-speech")
