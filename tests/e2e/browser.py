"""A real Chromium, and somebody who looks at its screen."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from playwright.sync_api import ConsoleMessage, Page

from demo.footage import read_code
from tests.factories import PASSWORD

WIDE, NARROW = (1280, 800), (360, 740)

PICTURE = """(id) => {
  const video = document.getElementById(id), canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.toDataURL("image/png");
}"""
SCREEN = """() => {
  const video = document.getElementById("video"), box = video.getBoundingClientRect();
  const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight);
  const width = video.videoWidth * scale, height = video.videoHeight * scale;
  return {x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height};
}"""
WIDTHS = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@dataclass
class Visitor:
    """A person at a screen of their own; *complaints* is what the browser's console had to complain about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(60_000)
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _listen(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.complaints.append(said.text)

    def log_in(self, name: str) -> None:
        """Log in with the form."""
        self.visit("/login")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_selector(".projects")

    def visit(self, path: str) -> None:
        """Go to an address."""
        self.page.goto(f"{self.url}{path}")

    def wait_for_player(self) -> None:
        """Wait until the recording can be moved about in, and the first picture is there."""
        self.page.wait_for_selector("#player[data-ready=yes]")
        self.settle()

    def settle(self) -> None:
        """Wait until the player shows what it was told to show."""
        self.page.wait_for_selector('#player[data-seeking=""]')
        self.page.wait_for_timeout(60)

    def press(self, *keys: str) -> None:
        """Press keys, each after the player has done what the one before asked for."""
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    def seek(self, part: float) -> None:
        """Click into the waveform of the whole recording."""
        wave = self.page.locator("#whole")
        box = wave.bounding_box()
        assert box is not None
        wave.click(position={"x": part * box["width"], "y": box["height"] / 2})
        self.settle()

    def frame(self) -> int:
        """Read the frame number that the page shows."""
        return int(self.page.inner_text("#frame"))

    def code(self) -> int | None:
        """Read the code in the picture the player shows."""
        return picture_code(self.page, "video")

    def code_on_screen(self) -> int | None:
        """Read the code from a photograph of the screen."""
        self.page.locator("#video").scroll_into_view_if_needed()
        return _code(self.page.screenshot(clip=self.page.evaluate(SCREEN)))

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        whole, visible = self.page.evaluate(WIDTHS)
        return int(whole - visible)


def picture_code(page: Page, player: str) -> int | None:
    """Read the code in the picture that a player of the page shows."""
    return _code(base64.b64decode(page.evaluate(PICTURE, player).split(",", 1)[1]))


def _code(png: bytes) -> int | None:
    return read_code(np.asarray(Image.open(io.BytesIO(png)).convert("L")))
