"""The cut page of a long recording in a real Chromium: usable, first picture, waveform, and seeks to random places."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from bench.dispatch import SECRET, Place
from bench.media.clock import spent
from bench.media.footage import START, long_recording, minute
from bench.pages.http import p95
from bench.pages.visitor import NAME, PASSWORD
from demo.browser import chromium
from scripts.media import peaks, recording, thumbs
from scripts.media.timeline import Timeline
from tracker import projects, properties, tickets
from tracker.app import create_app
from tracker.db import db, transaction
from tracker.settings import Settings
from tracker.tickets import TRACKER

FAHRPLAN_ID = 10_000_001
PATIENCE_MS = 120_000
SCREEN: ViewportSize = {"width": 1280, "height": 800}

AIM = """
() => {
  const video = document.getElementById("video"), wave = document.getElementById("whole"), was = video.currentTime;
  window.presented = new Promise((done, failed) => wave.addEventListener("pointerdown", (event) => {
    const look = (now, picture) => {
      const moved = Math.abs(picture.mediaTime - was) > 0.1;
      if (moved && Math.abs(picture.mediaTime - video.currentTime) < 0.1) done(now - event.timeStamp);
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    setTimeout(() => failed(new Error(`no picture at ${video.currentTime}`)), 60000);
  }, { once: true }));
}
"""
"""Makes ready to measure from the press of the button to the browser presenting the picture of that place."""
STAMPS = """
() => new Promise((done, failed) => {
  const video = document.getElementById("video"), seen = {};
  const look = () => {
    const { ready, waveform } = document.getElementById("player").dataset;
    for (const [name, is] of Object.entries({ ready, waveform })) if (is && !seen[name]) seen[name] = performance.now();
    if (seen.ready && seen.waveform && seen.picture) done(seen);
    else setTimeout(look, 2);
  };
  video.requestVideoFrameCallback((now) => { seen.picture = now; });
  look();
  setTimeout(() => failed(new Error(`there is only ${JSON.stringify(seen)}`)), 60000);
})
"""
"""Milliseconds after the navigation began: buttons and keys work, the waveform is drawn, the first picture is shown."""


def film(mount: Path, seconds: int) -> Iterator[str]:
    """Make the recording and its waveform as script B does; yield what the waveform took."""
    timeline = long_recording(mount / "raw", minute(mount / "once"), seconds)
    measured, took = spent(lambda: peaks.measure(timeline, mount / "raw"))
    work = mount / "tmp" / "bench" / str(FAHRPLAN_ID)
    recording.write_virtual_recording(timeline, measured, work, "1")
    sheet, image = thumbs.make(timeline, mount / "raw")
    (work / "thumbs.json").write_text(sheet.to_json())
    (work / "thumbs.jpg").write_bytes(image)
    _timelines[mount] = timeline
    yield f"waveform of {seconds // 60} min, computed once by script B: {took.wall_s:.1f} s ({took.cpu_s:.1f} CPU s)"


_timelines: dict[Path, Timeline] = {}


HEAD = "| cut page, {} min of 720 lines | times | p50 ms | p95 ms | most ms |"


def table(place: Place, mount: Path, seeks: int, visits: int) -> Iterator[str]:
    """Open the cut page *visits* times in browsers that know nothing, seek *seeks* times, yield the lines."""
    timeline = _timelines[mount]
    address = f"http://127.0.0.1:{place.port}/bench/ticket/{_merged(place, mount, timeline)}/cut"
    with chromium() as browser:
        loads = [_load(browser, address) for _ in range(visits)]
        page = _log_in(browser.new_context(viewport=SCREEN), address)
        page.goto(address)
        page.wait_for_selector("#player[data-ready=yes]")
        jumps = _seeks(page, seeks)
    head = HEAD.format(round(timeline.frames / timeline.rate / 60))
    yield from (head, "|" + "---|" * (head.count("|") - 1))
    for name, what in (("ready", "usable"), ("picture", "first picture"), ("waveform", "waveform drawn")):
        yield _line(f"from the click on the link to: {what}", [load[name] for load in loads])
    yield _line("seek to a random place: until its picture is shown", jumps)


def _line(what: str, times: Sequence[float]) -> str:
    return f"| {what} | {len(times)} | {median(times):.0f} | {p95(times):.0f} | {max(times):.0f} |"


def _merged(place: Place, mount: Path, timeline: Timeline) -> int:
    """Make the talk of the recording, as it is when script B is done with it; return the number of its ticket."""
    app = create_app(Settings(database_url=place.url, secret_key="k" * 64, secret=SECRET))
    end = START + timedelta(seconds=float(timeline.frames / timeline.rate))
    values = {
        "Record.Framerate": f"{timeline.rate.numerator}/{timeline.rate.denominator}",
        "Record.DurationFrames": str(timeline.frames),
    }
    with app.app_context():
        with transaction():
            project = projects.get("bench")
            folders = {f"Processing.Path.{name.capitalize()}": str(mount / name) for name in ("raw", "tmp")}
            properties.write(project, folders)
            talk = tickets.create_recording(
                project, TRACKER, title="A lamp", start=START, end=end, fahrplan_id=FAHRPLAN_ID, values=values
            )
            number = talk.id
        db.engine.dispose()
    place.run(f"UPDATE ticket SET state = 'merged' WHERE id = {number}")
    return number


def _log_in(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address.partition("/bench/")[0] + "/login")
    page.fill("[name=name]", NAME)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_selector(".projects")
    return page


def _load(browser: Browser, address: str) -> dict[str, float]:
    """Return when the parts of the page were there, for somebody who never saw it before."""
    context = browser.new_context(viewport=SCREEN)
    page = _log_in(context, address)
    page.goto(address, wait_until="commit")
    seen: dict[str, float] = page.evaluate(STAMPS)
    context.close()
    return seen


def _seeks(page: Page, number: int) -> list[float]:
    dice, found = random.Random("seek"), []
    box = page.locator("#whole").bounding_box()
    assert box is not None
    for _ in range(number):
        page.evaluate(AIM)
        page.mouse.click(box["x"] + dice.random() * box["width"], box["y"] + box["height"] / 2)
        found.append(float(page.evaluate("window.presented")))
    return found
