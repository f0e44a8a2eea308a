"""Compressed answers: small, right to the byte, and nothing in them that their length could give away."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.factories import make_recording
from tests.tracker.gui.visitor import enter, page
from tracker.gui import compress

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def plain(answer):
    return gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data


@pytest.mark.parametrize("path", ["/demo/", "/assets/style.css", "/assets/page.js"])
def test_what_is_unpacked_is_what_would_have_been_sent(client, project, path):
    enter(client)
    make_recording(project)
    packed, other = (client.get(path, headers=each, buffered=True) for each in (GZIP, {}))
    hidden = re.compile(rb"csrf_token. value=.[^>]+")
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in other.headers
    assert hidden.sub(b"", plain(packed)) == hidden.sub(b"", other.data)
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(other.data)
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (packed, other))


def test_a_page_that_is_the_same_is_not_sent_again(client, project):
    enter(client)
    tag = client.get("/demo/", headers=GZIP).headers["ETag"]
    assert tag.startswith("W/")
    assert client.get("/demo/", headers={**GZIP, "If-None-Match": tag}).status_code == 304
    style = client.get("/assets/style.css", headers=GZIP, buffered=True).headers["ETag"]
    assert client.get("/assets/style.css", headers={**GZIP, "If-None-Match": style}, buffered=True).status_code == 304


def test_a_part_of_a_file_and_small_answers_stay_as_they_are(client, project):
    part = client.get("/assets/style.css", headers={**GZIP, "Range": "bytes=0-9"}, buffered=True)
    assert (part.status_code, len(part.data)) == (206, 10)
    assert "Content-Encoding" not in client.get("/health/live", headers=GZIP).headers


def test_a_token_looks_different_in_every_answer_and_means_the_same(client, project):
    enter(client)
    shown = [page(client.get("/demo/")).xpath("//input[@name='csrf_token']/@value")[0] for _ in range(2)]
    assert not {shown[0][at : at + 8] for at in range(len(shown[0]) - 8)} & {
        shown[1][at : at + 8] for at in range(len(shown[1]) - 8)
    }
    for token in shown:
        sent = {"csrf_token": token, "action": "save", "saved": "A", "q": "state:merged"}
        assert client.post("/demo/tickets/saved", data=sent).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "=", "ä", "a" * 400, "AAAA"])
def test_a_token_that_is_nonsense_is_refused(client, project, token):
    enter(client)
    assert client.post("/logout", data={"csrf_token": token}).status_code == 400
    assert compress.unmasked(token) != "" or token in ("", "=")
