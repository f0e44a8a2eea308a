"""What a list weighs when a browser loads it for the first time: page, styles and scripts, as they travel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories import make_user
from tests.tracker.gui.visitor import log_in, page
from tracker import profiles, projects, tickets
from tracker.app import create_app
from tracker.db import db, transaction
from tracker.settings import Settings
from tracker.tickets import TRACKER, NewRecording

MOST = 200_000
FORMATS = ("hd", "sd", "mp3", "opus")
GZIP = {"Accept-Encoding": "gzip"}

pytestmark = [
    pytest.mark.proof,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def app(new_database) -> Iterator[Flask]:
    made = create_app(Settings(database_url=new_database(), secret_key="k" * 64, secret="s"))
    with made.app_context(), transaction():
        make_user("alice")
        for slug, talks in (("day", 150), ("large", 2000)):
            project = projects.create(slug, f"Conference {slug}")
            for name in FORMATS:
                profiles.use(project, name)
            new = [NewRecording(f"A talk about number {n} and why it matters", n, {}) for n in range(1, talks + 1)]
            tickets.create_recordings(project, TRACKER, new)
    yield made
    with made.app_context():
        db.engine.dispose()


def load(app, path):
    """Return the bytes of a page and of all that its head asks for, compressed and plain."""
    client = app.test_client()
    log_in(client, "alice")
    sizes = []
    for headers in (GZIP, {}):
        answer = client.get(path, headers=headers, buffered=True)
        plain = page(client.get(path)) if headers else page(answer)
        links = plain.xpath("//link[@rel='stylesheet']/@href | //script/@src")
        sizes.append(
            [len(answer.data), *(len(client.get(link, headers=headers, buffered=True).data) for link in links)]
        )
    return sizes


@pytest.mark.parametrize("path", ["/day/", "/day/now", "/large/tickets", "/large/tickets?q=state:scheduled"])
def test_the_first_load_of_a_list_is_small(app, path):
    packed, plain = load(app, path)
    print(f"{path}: {sum(packed) / 1000:.1f} kB in {len(packed)} answers, {sum(plain) / 1000:.1f} kB uncompressed")
    assert sum(packed) < MOST
