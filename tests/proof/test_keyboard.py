"""Two talks with nothing but the keyboard, from the login to the released file, over a tracker that is killed.

The server, its database and the six scripts are real processes; the pictures carry their number, and the released
files are read back picture by picture.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from demo import conference
from demo.browser import chromium
from demo.conference import SLUG, TALKS
from demo.measure import frame_codes
from demo.play import CHECKER, CUTTER, Play, made
from demo.stage import Stage
from tests.e2e.browser import WIDE, Visitor
from tests.places import scratch
from tracker import projects, properties, queries
from tracker.db import db

pytestmark = pytest.mark.proof

PLAIN, HOLEY = 101, 103
"""A talk at 25 frames a second, and one at 29.97 of whose recording some seconds are missing."""
PATIENCE_S = 900
FIELDS = ("cut_in", "cut_out", "leave_out")


@dataclass
class Cut:
    """What a person at the screen saw: the codes of the first picture of each part, and of the one after its last."""

    edges: list[int]

    def codes(self, existing: tuple[int, ...]) -> list[int]:
        """List the codes that the released film has to show."""
        parts = list(zip(self.edges[::2], self.edges[1::2], strict=True))
        return [code for first, stop in parts for code in existing if first <= code < stop]


@pytest.fixture(scope="module")
def play() -> Iterator[Play]:
    runs = [replace(run, talks=(number,)) for run, number in zip(conference.RUNS, (PLAIN, HOLEY), strict=False)]
    talks = [talk for talk in TALKS if talk.fahrplan_id in (PLAIN, HOLEY)]
    with scratch() as place:
        play = Play(Stage(place / "stage"), lambda line: None, whole=False, talks=talks, runs=runs, formats=("sd",))
        try:
            play.open()
            yield play
        finally:
            play.stage.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def states(play: Play) -> dict[int, list[str]]:
    """Return the states of the talks and of their films."""
    with play.stage.domain():
        talks = queries.talks(projects.get(SLUG).id)
        failed = [ticket.waiting for talk in talks for ticket in (talk, *talk.children) if ticket.failed]
        found = {talk.fahrplan_id or 0: [talk.state, *(child.state for child in made(talk))] for talk in talks}
        db.session.rollback()
    assert (failed, play.stage.dead()) == ([], [])
    return found


def wait_until(play: Play, *wanted: str) -> None:
    """Wait until the scripts have brought both talks there."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := states(play)) != {number: list(wanted) for number in (PLAIN, HOLEY)}:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)


def numbers(play: Play) -> dict[int, int]:
    """Return the tickets of the talks."""
    with play.stage.domain():
        return {talk.fahrplan_id or 0: talk.id for talk in queries.talks(projects.get(SLUG).id)}


class Typist:
    """Somebody without a mouse."""

    def __init__(self, browser: Browser, play: Play, name: str) -> None:
        context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
        self.visitor = Visitor(context.new_page(), play.stage.url)
        self.page, self.keys = self.visitor.page, self.visitor.page.keyboard
        self.page.set_default_timeout(120_000)
        self.visitor.visit("/")
        self.keys.type(name)
        self.keys.press("Tab")
        self.keys.type(play.passwords[name])
        self.keys.press("Enter")
        self.page.wait_for_selector(".projects")
        self.follow(f".projects h2 a[href='/{SLUG}/']")

    def tab_to(self, selector: str) -> None:
        """Press Tab until something has the focus."""
        for _ in range(150):
            if self.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
            self.keys.press("Tab")
        raise AssertionError(f"Tab never came to {selector}")

    def follow(self, selector: str) -> None:
        """Go to a link or button with Tab and press it."""
        self.page.wait_for_selector(selector)
        self.tab_to(selector)
        self.keys.press("Enter")

    def fill(self, selector: str, text: str) -> None:
        """Go to a field with Tab, which chooses what is in it, and type something else."""
        self.tab_to(selector)
        self.keys.type(text)

    def away(self) -> None:
        """Leave a field, so that single keys are commands again."""
        self.tab_to("#send")

    def code(self) -> int:
        """Read the code from the screen."""
        code = self.visitor.code_on_screen()
        assert code is not None
        return code

    def draft(self, text: str) -> None:
        """Wait for what the page says about the draft."""
        self.page.wait_for_selector(f"#draft:has-text('{text}')")

    def typed(self) -> list[str]:
        """Return what the form holds."""
        return [self.page.input_value(f"#{name}") for name in FIELDS]

    def begin_cutting(self) -> None:
        """Take the ticket of the cut page that is open."""
        self.visitor.wait_for_player()
        self.keys.press("Enter")
        self.page.wait_for_selector("#cutform")
        self.visitor.wait_for_player()


def cut_plain(anna: Typist, play: Play) -> Cut:
    """Cut by stepping and by typing a frame; the server is killed in between, and started again."""
    anna.begin_cutting()
    anna.visitor.press("ArrowRight", "ArrowRight", ".", ".", ".", "i")
    begin = anna.code()
    anna.draft("Draft saved")
    play.stage.kill("server")
    out = int(anna.page.inner_text("#frame")) + 401
    anna.fill("#cut_out", str(out))
    anna.away()
    anna.draft("kept in this browser")
    play.stage.start_server()
    anna.draft("Draft saved")
    kept = anna.typed()
    assert kept[1:] == [str(out), ""]
    anna.page.evaluate("() => localStorage.clear()")  # what comes back now comes from the tracker
    anna.page.reload()
    anna.visitor.wait_for_player()
    assert anna.typed() == kept
    anna.visitor.press("Shift+O")
    end = anna.code() + 1
    assert end - begin == 401
    anna.keys.press("Control+Enter")
    return Cut([begin, end])


def cut_holey(anna: Typist) -> Cut:
    """Cut by keys alone, and leave out a part."""
    anna.begin_cutting()
    anna.visitor.press("ArrowRight", "ArrowRight", ",", "i")
    edges = [anna.code()]
    anna.visitor.press(*["ArrowRight"] * 3, ".", "x")
    edges.append(anna.code())
    anna.visitor.press(*["ArrowRight"] * 2, "Shift+X")
    edges.append(anna.code())
    anna.visitor.press("Shift+ArrowRight", "Shift+ArrowRight", ",", "o")
    edges.append(anna.code() + 1)
    anna.draft("Draft saved")
    anna.keys.press("Control+Shift+Enter")
    anna.page.wait_for_selector("text=Script C makes the cut master now")
    return Cut(edges)


def check(bernd: Typist) -> None:
    """Go through the whole list of the check page and say that the film is fine."""
    bernd.page.wait_for_selector("#places:visible")
    bernd.keys.press("Enter")
    bernd.page.wait_for_selector("#verdict")
    bernd.page.wait_for_selector("#places:visible")
    bernd.page.wait_for_function("() => video.readyState > 0")
    steps = bernd.page.locator("#checklist input")
    for done in range(steps.count()):
        assert not steps.nth(done).is_checked()
        bernd.keys.press("n")
        assert steps.nth(done).is_checked()
    bernd.keys.press("Control+Enter")


def released(play: Play) -> dict[int, Path]:
    """Find the public films."""
    found = {}
    with play.stage.domain():
        for talk in queries.talks(projects.get(SLUG).id):
            values = properties.merged(made(talk)[0])
            name = f"{values['EncodingProfile.Basename']}.{values['EncodingProfile.Extension']}"
            found[talk.fahrplan_id or 0] = Path(values["Processing.Path.Release"]) / name
    return found


def test_talks_cut_checked_and_released_by_keyboard_alone_are_exact_to_the_frame(
    play: Play, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    wait_until(play, "merged", "material needed")
    tickets = numbers(play)
    anna = Typist(browser, play, CUTTER)
    anna.follow(f"#t{tickets[PLAIN]} .next a")
    cuts = {PLAIN: cut_plain(anna, play)}
    anna.page.wait_for_url(f"**/ticket/{tickets[HOLEY]}/cut")
    cuts[HOLEY] = cut_holey(anna)
    wait_until(play, "copied", "encoded")
    bernd = Typist(browser, play, CHECKER)
    bernd.follow("#yours a")
    check(bernd)
    bernd.page.wait_for_selector("#start")  # the next file, opened by the same key
    check(bernd)
    bernd.page.wait_for_selector("text=Script D prepares it for the release now")
    wait_until(play, "copied", "postprocessed")
    for number in tickets.values():
        bernd.follow(f"nav a[href='/{SLUG}/']")
        bernd.follow(f"#t{number} .next a[href$='/release']")
        bernd.follow("main .take button.primary")
        bernd.page.wait_for_selector("text=on the way")
    wait_until(play, "copied", "released")
    found = {number: frame_codes(path) for number, path in released(play).items()}
    expected = {number: cut.codes(play.footage[number].codes) for number, cut in cuts.items()}
    with capsys.disabled():
        for number, codes in found.items():
            right = sum(one == other for one, other in zip(codes, expected[number], strict=False))
            print(f"\ntalk {number}: cut at {cuts[number].edges}, {len(expected[number])} pictures")
            print(f"talk {number}: released {len(codes)}, {right} of them right")
    assert found == expected
    assert [each for each in anna.visitor.complaints if "ERR_" not in each] == []  # but for the dead tracker
    assert bernd.visitor.complaints == []
