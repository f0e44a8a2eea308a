"""Uploads from a real browser: the line breaks, the tracker is killed, the page is closed; every byte arrives once."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from demo.stage import free_port
from scripts.media.programs import program
from tests.conftest import SECRET
from tests.e2e.browser import WIDE, Visitor
from tests.factories import make_project, make_user
from tests.places import scratch
from tracker import projects, properties
from tracker.app import create_app
from tracker.db import db, transaction
from tracker.queries import uploads as rows
from tracker.settings import Settings

CHUNK = 64 * 1024
SPEED = 700_000
"""Bytes a second that the browser may send: slow enough to be broken off half-way."""
SERVER = f"""
import sys
from werkzeug.serving import make_server
from pathlib import Path
from tracker.app import create_app
from tracker.settings import Settings
url, port, folder = sys.argv[1:]
app = create_app(Settings(database_url=url, secret_key="k" * 64, secret={SECRET!r}, uploads=Path(folder)))
app.config["UPLOAD_CHUNK"] = {CHUNK}
make_server("127.0.0.1", int(port), app, threaded=True).serve_forever()
"""


class Tracker:
    """A server in a process of its own, which can be killed and started again at the same address."""

    def __init__(self, url, folder):
        self.database, self.folder, self.port = url, folder, free_port()
        self.url, self.process = f"http://127.0.0.1:{self.port}", None

    def start(self):
        command = [sys.executable, "-c", SERVER, self.database, str(self.port), str(self.folder)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/login").close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def film():
    """Make a film of some two megabytes that cannot be told from noise."""
    with scratch() as folder:
        path = folder / "Mein Vortrag.mkv"
        noise = ["-f", "lavfi", "-i", "nullsrc=size=320x180:rate=25:duration=4,geq=random(1)*255:128:128"]
        encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "18", "-pix_fmt", "yuv420p"]
        subprocess.run([program("ffmpeg"), "-v", "error", *noise, *encoder, str(path)], check=True)
        assert 1_500_000 < path.stat().st_size < 20_000_000
        yield path


@pytest.fixture(scope="module")
def app(new_database):
    made = create_app(Settings(database_url=new_database(), secret_key="k" * 64, secret=SECRET))
    with made.app_context(), transaction():
        make_project(formats=("hd",))
        make_user("bob", "user")
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def running(app):
    with scratch() as folder:
        started = Tracker(app.config["SETTINGS"].database_url, folder / "uploads")
        started.folder.mkdir()
        started.start()
        yield started
        started.kill()


@pytest.fixture
def tracker(running):
    for left in running.folder.iterdir():
        left.unlink()
    return running


@pytest.fixture
def visitor(browser, tracker):
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    found = Visitor(context.new_page(), tracker.url)
    found.page.set_default_timeout(90_000)
    found.log_in("bob")
    found.visit("/demo/uploads")
    yield found
    context.close()


def throttle(visitor):
    """Make the line slow, and return a function that breaks it (True) or mends it (False)."""
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("Network.enable")

    def offline(broken):
        line = {"offline": broken, "latency": 5, "uploadThroughput": SPEED, "downloadThroughput": -1}
        session.send("Network.emulateNetworkConditions", line)

    offline(False)
    return offline


def offsets(visitor):
    """Return a list that fills with where each piece that the browser sends begins."""
    seen = []
    visitor.page.on("request", lambda sent: sent.method == "PATCH" and seen.append(int(sent.headers["upload-offset"])))
    return seen


def send(visitor, film):
    visitor.page.set_input_files("#file", film)
    visitor.page.click("#send")


def part(tracker):
    (path,) = tracker.folder.glob("*.part")
    return path


def reach(visitor, percent):
    visitor.page.wait_for_function(f"() => document.getElementById('bar').value > {percent}", timeout=60_000)


def arrived(app, visitor, tracker, film):
    """Wait for the page of the recording; return the upload after its file was compared with what was sent."""
    visitor.page.wait_for_selector("h2:has-text('The recording')", timeout=60_000)
    with app.app_context():
        upload = rows.uploads(projects.get("demo").id, 1)[0]
        stored = properties.own(upload.ticket)["Record.SourceReplacement"]
        assert (upload.title, upload.ticket.state, upload.problem) == ("Mein Vortrag", "recorded", "")
    digests = {hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in (film, stored)}
    assert len(digests) == 1 and [each.name for each in tracker.folder.iterdir()] == [stored.rsplit("/", 1)[1]]


def test_an_upload_goes_on_after_the_line_broke(app, visitor, tracker, film):
    offline = throttle(visitor)
    began = offsets(visitor)
    send(visitor, film)
    reach(visitor, 10)
    offline(True)
    visitor.page.wait_for_selector("#said:has-text('The connection is lost')")
    there = part(tracker).stat().st_size
    assert 0 < there < film.stat().st_size
    offline(False)
    arrived(app, visitor, tracker, film)
    assert began.count(0) == 1 and max(began) >= there - CHUNK


def test_an_upload_goes_on_after_the_tracker_was_killed(app, visitor, tracker, film):
    throttle(visitor)
    began = offsets(visitor)
    send(visitor, film)
    reach(visitor, 10)
    tracker.kill()
    visitor.page.wait_for_selector("#said:has-text('The connection is lost')")
    there = part(tracker).stat().st_size
    assert 0 < there < film.stat().st_size
    tracker.start()
    arrived(app, visitor, tracker, film)
    assert began.count(0) == 1 and there in began


def test_an_upload_goes_on_after_the_page_was_closed(app, visitor, tracker, film):
    throttle(visitor)
    send(visitor, film)
    reach(visitor, 10)
    visitor.page.on("dialog", lambda asked: asked.accept())
    visitor.page.close(run_before_unload=False)
    there = part(tracker).stat().st_size
    again = Visitor(visitor.page.context.new_page(), tracker.url)
    again.visit("/demo/uploads")
    assert "% here" in again.page.inner_text("#uploads")
    began = offsets(again)
    again.page.set_input_files("#file", film)
    again.page.wait_for_selector("#send:has-text('Go on')")
    again.page.click("#send")
    arrived(app, again, tracker, film)
    assert began[0] >= there and again.complaints == []


def test_an_upload_is_paused_and_what_is_no_film_is_said(app, visitor, tracker, film):
    throttle(visitor)
    send(visitor, film)
    reach(visitor, 10)
    visitor.page.click("#pause")
    visitor.page.wait_for_selector("#said:has-text('paused')")
    assert visitor.page.inner_text("#send") == "Go on" and visitor.overflow() == 0
    noise = tracker.folder.parent / "noise.ts"
    noise.write_bytes(bytes(range(256)) * 400)
    visitor.visit("/demo/uploads")
    send(visitor, noise)
    visitor.page.wait_for_selector("text=It is no recording", timeout=60_000)
    assert visitor.page.inner_text(".why").count("noise.ts") == 1
    noise.unlink()
