"""The page that tells what is missing before the event."""

from __future__ import annotations

from tests.tracker.gui.visitor import enter, page, words
from tracker import projects, properties


def test_what_is_missing_is_listed_with_a_link_to_where_it_is_set(client, project):
    properties.write(project, {"Processing.Path.Raw": ""})
    enter(client)
    shown = page(client.get("/demo/missing"))
    (row,) = shown.xpath("//tr[starts-with(th, 'Processing.Path.Raw')]")
    assert row.xpath(".//a/@href") == ["/demo/settings?name=Processing.Path.Raw#properties"]
    assert "merging" in row.text_content() and "needed" in row.text_content()


def test_the_settings_lead_there(client, project):
    enter(client)
    (link,) = page(client.get("/demo/settings")).xpath("//a[contains(., 'missing')]/@href")
    assert "Before the event" in words(client.get(link))


def test_what_is_no_property_is_named_in_the_language_of_the_reader(client, db_session):
    projects.create("bare", "Bare")
    enter(client)
    said = words(client.get("/bare/missing", headers={"Accept-Language": "de"}))
    assert "Formate nötig" in said and "Sprachen" in said and "Formats" not in said
