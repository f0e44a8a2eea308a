"""A small conference, a tracker that serves it, and people with a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from demo.browser import chromium
from tests.e2e import scene
from tests.e2e.browser import WIDE, Visitor
from tests.places import scratch


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser that leaves a page breaks off what it was loading; the test server closes that file late."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(scope="module")
def mount() -> Iterator[Path]:
    with scratch() as folder:
        scene.empty(folder / "mount")
        scene.record(folder / "mount")
        yield folder / "mount"


@pytest.fixture(scope="module")
def stage(mount, new_database) -> Iterator[scene.Scene]:
    with scene.served(new_database(), mount) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def logins() -> dict[str, Any]:
    """Keep the cookies of those who logged in."""
    return {}


@pytest.fixture
def arrive(browser, stage, logins) -> Iterator[Callable[..., Visitor]]:
    """Return a function that brings a visitor, logged in unless there is no name, with a screen of their own."""
    contexts = []

    def arrive(name: str = "", size: tuple[int, int] = WIDE) -> Visitor:
        screen = {"width": size[0], "height": size[1]}
        contexts.append(browser.new_context(viewport=screen, storage_state=logins.get(name)))
        visitor = Visitor(contexts[-1].new_page(), stage.url)
        if name and name not in logins:
            visitor.log_in(name)
            logins[name] = contexts[-1].storage_state()
        return visitor

    yield arrive
    for context in contexts:
        context.close()
