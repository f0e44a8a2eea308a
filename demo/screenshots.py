"""Take the pictures of the README: ``make pictures`` plays the demonstration for it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from demo.browser import chromium
from demo.conference import SLUG
from demo.play import CHECKER, CUTTER, LEFT_TO_CHECK, LEFT_TO_CUT, Play
from demo.stage import Stage
from tracker import projects, queries

TARGET = Path(__file__).parent.parent / "docs" / "pictures"
PATIENCE_S = 600.0


def main() -> None:
    """Play the demonstration, visit every page as a person does, and keep what it looks like."""
    place = Path(tempfile.mkdtemp(prefix="fahrwerk-pictures-"))
    play = Play(Stage(place), lambda line: print(line, file=sys.stderr), whole=False)
    TARGET.mkdir(parents=True, exist_ok=True)
    try:
        play.open()
        play.run(PATIENCE_S)
        with _page(play, CUTTER) as page:
            _cutter(page, play)
        with _page(play, CHECKER) as page:
            _checker(page, play)
    finally:
        play.stage.stop()
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _page(play: Play, name: str) -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 860})
        page.goto(f"{play.stage.url}/login")
        page.fill("[name=name]", name)
        page.fill("[name=password]", play.passwords[name])
        page.click("main button")
        page.wait_for_selector(".projects")
        yield page


def _tickets(play: Play) -> dict[tuple[int, str], int]:
    """Map (Fahrplan.ID, profile or '') to ticket numbers."""
    with play.stage.domain():
        found: dict[tuple[int, str], int] = {}
        for talk in queries.talks(projects.get(SLUG).id):
            number = talk.fahrplan_id or 0
            found[number, ""] = talk.id
            for child in talk.children:
                assert child.profile_version is not None
                found[number, child.profile_version.profile.slug] = child.id
        return found


def _shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=TARGET / f"{name}.png")


def _cutter(page: Page, play: Play) -> None:
    tickets = _tickets(play)
    page.goto(f"{play.stage.url}/{SLUG}/")
    _shoot(page, "list")
    page.goto(f"{play.stage.url}/{SLUG}/now")
    _shoot(page, "now")
    page.goto(f"{play.stage.url}/{SLUG}/ticket/{tickets[103, '']}")
    _shoot(page, "ticket")
    page.goto(f"{play.stage.url}/{SLUG}/ticket/{tickets[LEFT_TO_CUT, '']}/cut")
    page.click("main form:has([value=start]) button")
    page.wait_for_selector("#player[data-ready=yes]")
    page.wait_for_timeout(1500)  # the waveform and the first picture are drawn after the player is ready
    _shoot(page, "cut")


def _checker(page: Page, play: Play) -> None:
    tickets = _tickets(play)
    page.goto(f"{play.stage.url}/{SLUG}/ticket/{tickets[LEFT_TO_CHECK, 'sd']}/check")
    page.click("main form:has([value=start]) button")
    page.wait_for_selector("video")
    page.wait_for_timeout(1500)
    _shoot(page, "check")
    page.goto(f"{play.stage.url}/{SLUG}/ticket/{tickets[LEFT_TO_CHECK, '']}/release")
    _shoot(page, "release")


if __name__ == "__main__":
    main()
