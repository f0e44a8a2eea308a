"""The ticket search and the edit of many tickets."""

from __future__ import annotations

import csv
import io

import pytest

from tests.factories import encoding, log_of, make_misc, make_project, make_recording, put
from tests.tracker.gui.visitor import enter, page, send, words
from tracker import asking, properties, queries
from tracker.db import db


@pytest.fixture
def talks(project):
    bread = make_recording(project, "copied", title="Brot & Öfen", values={"Fahrplan.Person_list": "Łucja Żak"})
    locks = make_recording(project, "merged", title="Schlösser", room="Großer Saal", language="eng")
    put(encoding(bread, "mp3"), "encoded")
    return {"bread": bread, "locks": locks, "misc": make_misc(project, "Kabel kaufen")}


def found(project, text):
    rows, total = queries.found_tickets(project, asking.read(text), 0, limit=50)
    assert total == len(rows)
    return {(t.title or t.parent.title, t.profile_version.profile.slug if t.profile_version else t.type) for t in rows}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type:recording", {("Brot & Öfen", "recording"), ("Schlösser", "recording")}),
        ("öfen type:recording", {("Brot & Öfen", "recording")}),
        ("person:żak profile:mp3", {("Brot & Öfen", "mp3")}),
        ("state:encoded or type:misc", {("Brot & Öfen", "mp3"), ("Kabel kaufen", "misc")}),
        ("type:encoding not room:saal1", {("Schlösser", "hd"), ("Schlösser", "mp3")}),
        ('room:"Großer Saal" type:recording', {("Schlösser", "recording")}),
        ("Record.Language:eng profile:hd", {("Schlösser", "hd")}),
        ("language~e profile:hd", {("Schlösser", "hd"), ("Brot & Öfen", "hd")}),
        ("EncodingProfile.Slug:hd EncodingProfile.Extension:mp4 state:encoded", set()),
        ("failed:yes", set()),
        ("who:nobody type:misc", {("Kabel kaufen", "misc")}),
        ("who:me", set()),
        ("changed:1h kabel", {("Kabel kaufen", "misc")}),
        ("100% or _", set()),
    ],
)
def test_it_finds_what_is_asked_for(project, talks, text, expected):
    assert found(project, text) == expected


def test_a_number_leads_straight_to_the_ticket(client, project, talks):
    enter(client, "rita", "read only")
    number = talks["misc"].id
    answer = client.get(f"/demo/tickets?q={number}0000"[:30])
    assert "0 tickets" in words(answer)
    assert found(project, f"id:{number}") >= {("Kabel kaufen", "misc")}


def test_a_wrong_question_is_explained_and_kept(client, project, talks):
    enter(client, "rita", "read only")
    answer = client.get("/demo/tickets?q=colour:red")
    assert answer.status_code == 400 and "There is no field 'colour'" in words(answer)
    assert page(answer).xpath("//input[@name='q']/@value") == ["colour:red"]


def test_it_is_handed_out_for_spreadsheets_and_programs(client, project, talks):
    enter(client, "rita", "read only")
    talks["misc"].title = "=1+1"
    db.session.flush()
    rows = list(csv.DictReader(io.StringIO(client.get("/demo/tickets?format=csv").data.decode("utf-8-sig"))))
    assert len(rows) == 7 and {row["title"] for row in rows if row["type"] == "misc"} == {"'=1+1"}
    data = client.get("/demo/tickets?q=state:merged&format=json").json
    assert [(row["title"], row["room"], row["failed"]) for row in data] == [("Schlösser", "Großer Saal", False)]


def chosen(*tickets):
    db.session.flush()
    return [f"{ticket.id}:{ticket.version}" for ticket in tickets]


def test_an_edit_is_shown_before_it_is_done(client, project, talks):
    enter(client, "alice")
    fields = {"ticket": chosen(talks["bread"], talks["locks"]), "priority": "2", "attention": "yes", "comment": "late"}
    shown = send(client, "/demo/tickets/edit", fields)
    assert "2 of 2 tickets would change" in words(shown) and talks["bread"].own_priority == 1
    send(client, "/demo/tickets/edit", fields | {"confirm": "1"})
    db.session.expire_all()
    for ticket in (talks["bread"], talks["locks"]):
        assert (ticket.own_priority, ticket.needs_attention) == (2, True)
        assert [each.event for each in log_of(ticket)][-2:] == ["Edit.attention", "Edit.priority"]


def test_tickets_of_another_project_are_neither_edited_nor_shown(client, project, talks):
    foreign = make_recording(make_project("other"), "merged", title="Not yours")
    enter(client, "sue", "superuser")
    queries.user_by_name("sue").projects = [project]
    for version in (0, 99):  # as it is, and stale
        versions = [*chosen(talks["bread"], foreign)[:1], f"{foreign.id}:{foreign.version + version}"]
        for step in ({}, {"confirm": "1"}):
            answer = send(client, "/demo/tickets/edit", {"ticket": versions, "priority": "7", **step})
            assert answer.status_code == 404 and "Not yours" not in words(answer)
    db.session.expire_all()
    assert (foreign.own_priority, talks["bread"].own_priority) == (1, 1)


def test_the_page_of_a_conflict_shows_the_ticket_that_changed(client, project, talks):
    enter(client, "alice")
    versions = chosen(talks["bread"], talks["locks"])
    talks["locks"].version += 1
    db.session.flush()
    answer = send(client, "/demo/tickets/edit", {"ticket": versions, "priority": "3", "confirm": "1"})
    assert "Schlösser" in words(answer) and "Brot & Öfen" not in words(answer)


@pytest.mark.parametrize("text", ["day:9999-12-31", "day:2026-02-30"])
def test_a_day_that_is_none_is_explained(client, project, text):
    enter(client, "rita", "read only")
    answer = client.get(f"/demo/tickets?q={text}")
    assert answer.status_code == 400 and "is no day of any calendar" in words(answer)


def test_a_ticket_that_changed_meanwhile_stops_the_whole_edit(client, project, talks):
    enter(client, "alice")
    versions = chosen(talks["bread"], talks["locks"])
    talks["locks"].version += 1
    db.session.flush()
    answer = send(client, "/demo/tickets/edit", {"ticket": versions, "priority": "3", "confirm": "1"})
    db.session.expire_all()
    assert answer.status_code == 409 and talks["bread"].own_priority == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Nothing is to be changed"),
        ({"state": "encoded"}, "which has no state 'encoded'"),
        ({"failed": "yes"}, "Say in a sentence what is wrong"),
        ({"priority": "high"}, "'high' is no number"),
        ({"name": "not a name", "value": "1", "confirm": "1"}, "is not valid"),
    ],
)
def test_an_edit_that_makes_no_sense_says_so(client, project, talks, fields, said):
    enter(client, "alice")
    answer = send(client, "/demo/tickets/edit", {"ticket": chosen(talks["bread"]), **fields})
    assert answer.status_code == 400 and said in words(answer)


def test_properties_are_written_and_deleted_together(client, project, talks):
    enter(client, "alice")
    both = chosen(talks["bread"], talks["locks"])
    fields = {"ticket": both, "name": ["Record.Language", "Meta.Note"], "value": ["", "x"], "confirm": "1"}
    send(client, "/demo/tickets/edit", fields)
    for ticket in (talks["bread"], talks["locks"]):
        own = properties.own(ticket)
        assert own["Meta.Note"] == "x" and "Record.Language" not in own


# --- kept searches, jumps ------------------------------------------------------------------------------------------


def keep(client, name, q="state:merged", **more):
    return send(client, "/demo/tickets/saved", {"action": "save", "saved": name, "q": q, **more})


def kept(client):
    return [
        " ".join(each.split()) for each in page(client.get("/demo/tickets")).xpath("//*[@class='saved']//li/a/text()")
    ]


def test_a_search_is_kept_asked_again_and_deleted(client, project):
    enter(client, "bob")
    assert keep(client, "Zu schneiden").headers["Location"].endswith("/demo/tickets?q=state:merged")
    (link,) = page(client.get("/demo/tickets")).xpath("//*[@class='saved']//li/a/@href")
    assert link == "/demo/tickets?q=state:merged"
    keep(client, "Zu schneiden", "state:cutting")
    assert page(client.get("/demo/tickets")).xpath("//*[@class='saved']//li/a/@title") == ["state:cutting"]
    (number,) = page(client.get("/demo/tickets")).xpath("//input[@name='search']/@value")
    assert send(client, "/demo/tickets/saved", {"action": "delete", "search": number}).status_code == 303
    assert kept(client) == []


def test_only_superusers_share_a_search_and_others_only_ask_it(client, project, app):
    enter(client, "bob")
    assert keep(client, "Mine", shared="1").status_code == 403
    keep(client, "Mine")
    enter(other := app.test_client(), "sue", "superuser")
    keep(other, "Ours", shared="1")
    assert (kept(other), kept(client)) == (["Ours"], ["Mine", "Ours"])
    numbers = page(other.get("/demo/tickets")).xpath("//input[@name='search']/@value")
    assert send(client, "/demo/tickets/saved", {"action": "delete", "search": numbers[0]}).status_code == 403
    assert send(other, "/demo/tickets/saved", {"action": "delete", "search": "999999"}).status_code == 404


@pytest.mark.parametrize(
    ("name", "q"), [("", "merged"), ("x" * 61, "merged"), ("a\x07", "merged"), ("A", ""), ("A", "(")]
)
def test_a_search_that_cannot_be_kept_is_said(client, project, name, q):
    enter(client, "bob")
    assert keep(client, name, q).status_code == 400
    assert kept(client) == []


def test_a_number_goes_to_the_talk_or_ticket_that_has_it(client, project):
    enter(client)
    talk = make_recording(project)
    for q in (str(talk.fahrplan_id), f"#{talk.id}", str(encoding(talk).id)):
        answer = client.get("/demo/tickets", query_string={"q": q})
        assert (answer.status_code == 302 and f"/demo/ticket/{talk.id}" in answer.headers["Location"]) or "#" not in q
    assert client.get("/demo/tickets?q=%23999999").status_code == 200
    assert client.get("/demo/tickets?q=999999").status_code == 200


def test_all_that_can_be_edited_together_fits_on_one_page(client, project, monkeypatch):
    monkeypatch.setattr("tracker.gui.views.search.PAGE", 2)
    enter(client)
    make_recording(project)
    shown = page(client.get("/demo/tickets"))
    assert len(shown.xpath("//tbody/tr")) == 2
    (link,) = shown.xpath("//a[contains(text(), 'on one page')]/@href")
    assert len(page(client.get(link)).xpath("//tbody/tr")) == 3


@pytest.mark.parametrize("question", ["Project.Secret~h", "not (failed:yes or Project.Secret:hunter2)"])
@pytest.mark.parametrize("kind", ["", "csv", "json"])
def test_a_secret_is_not_spelled_out_by_searching(client, project, talks, question, kind):
    properties.write(project, {"Project.Secret": "hunter2"})
    for role, status in [("read only", 400), ("user", 400), ("superuser", 200)]:
        enter(client, f"some {role}", role)
        answer = client.get("/demo/tickets", query_string={"q": question, "format": kind})
        assert answer.status_code == status
        assert ("Project.Secret is a secret, which superusers alone may search" in answer.text) is (status == 400)
    enter(client, "rita", "read only")
    sent = {"action": "save", "saved": "mine", "q": question}
    assert send(client, "/demo/tickets/saved", sent).status_code == 400


def test_logins_in_addresses_are_searched_by_superusers_alone(client, project, talks):
    properties.write(project, {"Fahrplan.XML": "https://bob:hunter2@example.org/"})
    for role, places in [("user", 0), ("superuser", 2)]:
        enter(client, f"some {role}", role)
        for part, expected in [("hunter", places), ("bob", places), ("example.org", 2)]:
            question = {"q": f"type:recording Fahrplan.XML~{part}", "format": "json"}
            assert len(client.get("/demo/tickets", query_string=question).json) == expected


def test_a_search_without_result_says_so(client, project):
    enter(client)
    assert "No ticket matches this." in words(client.get("/demo/tickets?q=nowhere"))
