"""Pages whose texts are made of parts, for a German reader."""

from __future__ import annotations

import pytest

from tests.factories import encoding, make_recording
from tests.tracker.gui.visitor import enter, page, words

GERMAN = {"Accept-Language": "de"}


@pytest.mark.parametrize("path", ["/", "/demo/"])
def test_what_is_to_do_is_told_in_german(client, project, path):
    make_recording(project, "merged")
    enter(client)
    (shown,) = page(client.get(path, headers=GERMAN)).xpath("//ul[@class='todo']")
    assert " ".join(shown.text_content().split()) == "1 zu schneiden 0 zu prüfen 0 freizugeben 0 fehlgeschlagen"


def test_what_is_to_be_checked_is_told_in_german(client, project):
    file = encoding(make_recording(project, "copied"))
    enter(client)
    said = words(client.get(f"/demo/ticket/{file.id}/check", headers=GERMAN))
    assert "Es ist dieser Vortrag; Titel, Namen und Sprache unten stimmen." in said
    assert "Bild und Ton sind gut und passen zusammen bei 10 %." in said


def test_an_account_is_changed_in_german(client, project):
    enter(client)
    shown = page(client.get("/users", headers=GERMAN))
    assert shown.xpath("//td//summary/text()") == ["Ändern"]
    assert shown.xpath("//tbody/tr/td[2]/text()") == ["alle"]
