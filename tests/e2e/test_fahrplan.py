"""The review of an import in a real browser, with the keyboard: read, choose for each talk, take it back."""

from __future__ import annotations

import pytest

from tests.factories import make_project, put
from tests.tracker.fahrplan.imports import SEVEN, run, stored, talk
from tests.tracker.fahrplan.samples import event
from tracker import projects
from tracker.db import transaction
from tracker.fahrplan import verdicts

PATH = "/plan/fahrplan"
TOO_WIDE = """() => [...document.querySelectorAll("table")].filter((each) => each.scrollWidth > each.clientWidth
    || each.getBoundingClientRect().right > each.closest(".card").getBoundingClientRect().right)
    .map((each) => each.textContent)"""


@pytest.fixture(scope="module")
def plan(stage):
    """Make a conference whose talks 3 and 4 are recorded, and an import that says something else about both."""
    with stage.app.app_context(), transaction():
        project = make_project("plan", formats=("hd",))
        run(project, *SEVEN)
        for number in (3, 4):
            put(talk(project, number), "recorded")
        run(project, *SEVEN[:2], event(3, title="Other <b> 🐢"), event(4, title="Else", room="Saal 2"), *SEVEN[4:])


def titles(stage):
    with stage.app.app_context():
        found = [stored(projects.get("plan"), number) for number in (3, 4)]
        return [(each["Fahrplan.Title"], each["Fahrplan.Room"]) for each in found]


def tab_to(page, selector):
    for _ in range(120):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {selector}")


def choose(page, item, presses):
    """Go to the choices about a talk, and choose with the arrow keys."""
    tab_to(page, f"[name=do-{item}]")
    for _ in range(presses):
        page.keyboard.press("ArrowRight")


def test_an_import_is_reviewed_and_undone_with_the_keyboard(arrive, stage, plan):
    with stage.app.app_context():
        items = {each.number: each.id for each in verdicts.items(projects.get("plan"))}
    before = titles(stage)
    visitor = arrive("alice")
    visitor.visit(PATH)
    page = visitor.page
    assert page.inner_text("#review h2") == "Waits for a decision 2"
    shown = page.locator(".changes > li").all_inner_texts()
    assert "title 'Talk 3' -> 'Other <b> 🐢'" in shown[0] and "room 'Saal 1' -> 'Saal 2'" in shown[1]
    choose(page, items[3], 1)
    choose(page, items[4], 2)
    chosen = [page.locator(f"[name=do-{items[number]}]:checked").get_attribute("value") for number in (3, 4)]
    assert chosen == ["apply", "leave"]
    tab_to(page, "#review .buttons button")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('Decided: 1 changed, 1 left as it is')")
    assert page.inner_text("#review h2") == "Waits for a decision 0"
    assert titles(stage) == [("Other <b> 🐢", "Saal 1"), before[1]]
    tab_to(page, ".log li:first-child button.danger")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('is undone')")
    assert titles(stage) == before
    assert page.locator(".log li:nth-child(1):has-text('undone by alice')").count() == 1
    assert (visitor.complaints, visitor.overflow()) == ([], 0)


@pytest.mark.parametrize("path", [PATH, f"{PATH}/settings"])
def test_the_tables_of_changes_fit_in_german(arrive, plan, path):
    visitor = arrive("alice")
    visitor.page.set_extra_http_headers({"Accept-Language": "de"})
    visitor.visit(path)
    assert visitor.page.locator("text=zeitlich verlegt").count() > 0
    for width in (1280, 900, 700, 412, 360):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        assert (width, visitor.overflow(), visitor.page.evaluate(TOO_WIDE)) == (width, 0, [])
