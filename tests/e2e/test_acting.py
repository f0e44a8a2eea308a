"""An admin sees what somebody else sees, in a real browser: the banner fits, can be read by everybody, and ends it."""

from __future__ import annotations

import pytest

from tests.e2e.browser import NARROW, WIDE
from tests.e2e.test_accessible import judge


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_an_admin_acts_as_somebody_and_stops(browser, stage, size, scheme):
    screen = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=screen, color_scheme=scheme, bypass_csp=True)  # for axe alone
    page = context.new_page()
    page.goto(f"{stage.url}/login")
    page.fill("[name=name]", "alice")
    page.fill("[name=password]", "correct horse battery")
    page.click("main button")
    page.wait_for_selector(".projects")
    page.goto(f"{stage.url}/users")
    page.click("tr:has(th:text-is('bob')) summary")
    page.click("text=Act as bob")
    page.wait_for_selector(".acting:has-text('alice, you act as bob')")
    page.goto(f"{stage.url}/demo/ticket/{stage.talk}")
    assert page.locator("nav >> text=Users").count() == 0
    assert judge(page) == []
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    box = page.locator(".acting").bounding_box()
    assert box is not None and box["y"] == 0  # it stays in sight
    page.keyboard.press("Home")
    page.click(".acting button")
    page.wait_for_selector("[role=status]:has-text('You are alice again.')")
    assert page.locator(".acting").count() == 0
    context.close()
