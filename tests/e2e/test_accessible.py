"""Every page, light and dark, wide and narrow: WCAG 2.2 AA by axe, no horizontal scroll, nothing from another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browser import NARROW, WIDE, WIDTHS
from tests.tracker.gui.test_access import ROUTES

AXE = Path(__file__).parent.parent.parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
JUDGE = """async (rules) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: rules}, resultTypes: ["violations"]});
  return found.violations.map(each => each.id + ": " + each.nodes.map(node => node.target.join(" ")).join(", "));
}"""
NO_PAGE = frozenset(
    (
        "gui.media",
        "gui.fahrplan_feed",
        "gui.fahrplan_file",
        "gui.log_feed",
        "gui.log_json",
        "gui.upload_pieces",
        "gui.script_texts",
        "gui.static",
    )
)
"""Views that answer a GET with something else than a page."""
PAGES = sorted((view, path) for (view, method), (_, path) in ROUTES.items() if method == "GET" and view not in NO_PAGE)
SCREENS: dict[str, tuple[tuple[int, int], Literal["light", "dark"]]] = {
    "wide and light": (WIDE, "light"),
    "narrow and dark": (NARROW, "dark"),
}


@pytest.fixture(scope="module", params=SCREENS)
def page(request, browser: Browser, stage) -> Iterator[Page]:
    size, scheme = SCREENS[request.param]
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,  # for axe alone; that the pages keep the policy is seen elsewhere
    )
    page = context.new_page()
    page.goto(f"{stage.url}/login")
    page.fill("[name=name]", "alice")
    page.fill("[name=password]", "correct horse battery")
    page.click("main button")
    page.wait_for_selector(".projects")
    yield page
    context.close()


def judge(page: Page) -> list[str]:
    """Return what axe and the width of the page have to say."""
    assert AXE.is_file(), "axe-core is missing: run make install"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(JUDGE, RULES)
    scroll, client = page.evaluate(WIDTHS)
    return found + ([f"{scroll} pixels of page on {client} of screen"] if scroll > client else [])


@pytest.mark.parametrize(("view", "path"), PAGES, ids=[view for view, _ in PAGES])
def test_a_page_can_be_used_by_everybody(page, stage, view, path):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(stage.url + path.format(talk=stage.talk, file=stage.file), wait_until="load")
    assert answer is not None and answer.status < 500
    assert judge(page) == []
    assert [url for url in asked if not re.match(f"{re.escape(stage.url)}/|blob:|data:", url)] == []


def test_no_page_is_wider_than_the_screen_in_german(arrive, stage):
    page, wide = arrive("alice", NARROW).page, []
    page.set_extra_http_headers({"Accept-Language": "de"})
    for view, path in PAGES:
        page.goto(stage.url + path.format(talk=stage.talk, file=stage.file), wait_until="domcontentloaded")
        scroll, client = page.evaluate(WIDTHS)
        assert page.get_attribute("html", "lang") == "de"
        wide += [f"{view}: {scroll} pixels of page on {client} of screen"] if scroll > client else []
    assert wide == []


@pytest.mark.parametrize(
    ("at", "what", "begin", "ready"),
    [("talk", "cut", "Start cutting", "#player[data-ready=yes]"), ("file", "check", "Start checking", "#verdict")],
)
def test_a_page_of_work_can_be_used_by_everybody(page, stage, at, what, begin, ready):
    page.goto(f"{stage.url}/demo/ticket/{getattr(stage, at)}/{what}")
    start = page.locator(f"button:has-text('{begin}')")
    if start.count():
        start.click()
    page.wait_for_selector(f"{ready} >> visible=true")
    page.wait_for_selector("form:has([name=comment]), #cutform")
    assert judge(page) == []
