import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from scripts.publish.entry import Entry
from scripts.publish.page import page, size

HOSTILE = "<script>alert('$title')</script> & \"x\""
TALK = Entry(
    "demo-7-deu-oefen-mp4.mp4", "demo", 7, 1, "2027.05.01_12:00:00", "0" * 64, 12_345_678,
    fahrplan_id="7", title="Öfen", persons="Ada, Bea", date="2027-05-01", start="10:00", profile="mp4",
    album="DemoConf",
)  # fmt: skip


def parsed(html: str) -> ElementTree.Element:
    """Read the page as XML: its only tags without an end are the meta ones."""
    return ElementTree.fromstring(re.sub(r"<!DOCTYPE html>|<meta[^>]*>", "", html))


def test_all_files_of_a_talk_stand_together() -> None:
    files = [
        TALK,
        replace(TALK, name="demo-7-deu-oefen-mp3.mp3", profile="mp3"),
        replace(TALK, fahrplan_id="8", title="Züge"),
    ]
    tree = parsed(page(files))
    assert [[a.get("href") for a in article.iter("a")] for article in tree.iter("article")] == [
        ["demo-7-deu-oefen-mp3.mp3", "demo-7-deu-oefen-mp3.mp3.sha256", TALK.name, TALK.name + ".sha256"],
        [TALK.name, TALK.name + ".sha256"],
    ]
    assert [h.text for h in tree.iter("h3")] == ["Öfen", "Züge"]
    assert "2 recordings, 3 files." in page(files)


def test_every_text_is_escaped() -> None:
    html = page([replace(TALK, title=HOSTILE, persons=HOSTILE, album=HOSTILE, room=HOSTILE, profile=HOSTILE)])
    assert "<script" not in html
    tree = parsed(html)
    assert [h.text for h in tree.iter("h3")] == [HOSTILE]
    assert [h.text for h in tree.iter("h1")] == [HOSTILE]


def test_names_become_safe_links() -> None:
    tree = parsed(page([replace(TALK, name='a"b ü?#.mp4')]))
    assert next(a.get("href") for a in tree.iter("a")) == "a%22b%20%C3%BC%3F%23.mp4"


def test_it_loads_nothing_from_elsewhere() -> None:
    html = page([TALK])
    assert "http://" not in html
    assert "https://" not in html
    assert "src=" not in html


def test_an_empty_page_is_a_page() -> None:
    assert "0 recordings, 0 files." in page([])


def test_days_and_albums_are_headings() -> None:
    other = replace(TALK, album="Other", project="other")
    headings = [
        h.text for h in parsed(page([TALK, replace(TALK, fahrplan_id="8", date="2027-05-02"), other])).iter("h2")
    ]
    assert headings == ["DemoConf · 2027-05-01", "DemoConf · 2027-05-02", "Other · 2027-05-01"]


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (12_345, "12.3 kB"), (4_500_000_000, "4.5 GB")]
)
def test_sizes(count: int, said: str) -> None:
    assert size(count) == said
