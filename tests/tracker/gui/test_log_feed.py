"""The log of a project as a feed, for people and for programs."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.factories import make_project, make_recording, make_user, put
from tests.tracker.gui.test_lists import HOSTILE
from tests.tracker.gui.visitor import enter
from tracker import tickets, tokens

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def talk(project):
    talk = make_recording(project, "merged", title=HOSTILE)
    tickets.comment(talk.id, make_user("bob"), "a \x01 & <b>")
    return talk


def entries(answer):
    return etree.fromstring(answer.data).findall(f"{ATOM}entry")


def test_the_feed_tells_what_happened_newest_first(client, talk):
    enter(client)
    answer = client.get("/demo/log.atom")
    newest, before = entries(answer)[:2]
    assert answer.mimetype == "application/atom+xml"
    assert newest.findtext(f"{ATOM}title") == f"{HOSTILE}: Comment.Add"
    assert newest.findtext(f"{ATOM}content") == "a  & <b>" and newest.findtext(f"{ATOM}author/{ATOM}name") == "bob"
    assert before.findtext(f"{ATOM}title") == f"{HOSTILE}: Test scheduled \N{RIGHTWARDS ARROW} merged"
    assert client.get("/demo/log.atom", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    put(talk, "cutting")
    assert client.get("/demo/log.atom", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_the_link_of_an_entry_is_on_the_page_of_its_ticket(client, talk):
    enter(client)
    link = entries(client.get("/demo/log.atom"))[0].find(f"{ATOM}link").get("href")
    path, _, anchor = link.removeprefix("http://localhost").partition("#")
    assert f'id="{anchor}"' in client.get(path).get_data(as_text=True)


def test_json_is_the_same_and_goes_on_from_where_one_was(client, talk):
    enter(client)
    everything = client.get("/demo/log.json?limit=500").get_json()["entries"]
    assert [each["event"] for each in everything][:2] == ["Comment.Add", "Test"]
    assert everything[1]["from"] == "scheduled" and everything[1]["ticket"] == talk.id
    first = client.get("/demo/log.json?limit=2").get_json()["entries"]
    rest = client.get(f"/demo/log.json?before={first[-1]['id']}&limit=500").get_json()["entries"]
    assert first + rest == everything
    put(talk, "cutting")
    (new,) = client.get(f"/demo/log.json?after={everything[0]['id']}").get_json()["entries"]
    assert (new["to"], new["title"]) == ("cutting", HOSTILE)


@pytest.mark.parametrize("field", ["limit=x", "after=-1", "before=9999999999999"])
def test_a_number_that_is_none_is_said(client, project, field):
    enter(client)
    assert client.get(f"/demo/log.json?{field}").status_code == 400


@pytest.mark.parametrize("path", ["log.atom", "log.json"])
def test_it_is_read_with_a_token_and_never_without(client, talk, path):
    make_project("other", formats=())
    _, text = tokens.create(make_user("charlie", only=[talk.project]), "reader")
    assert client.get(f"/demo/{path}").status_code == 401
    assert client.get(f"/demo/{path}", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    assert client.get(f"/other/{path}", headers={"Authorization": f"Bearer {text}"}).status_code == 404
    assert client.get(f"/demo/{path}", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_secrets_stand_in_no_log(client, talk):
    values = {"Publishing.Token": "geheim", "Publishing.Url": "https://bob:geheim@host/"}
    tickets.edit_properties(talk.id, make_user("sue", "superuser"), values)
    tickets.moves.log(talk, tickets.TRACKER, "Edit.properties", "A.Secret=geheim\nof two lines: geheim")  # of old
    enter(client, "rita", "read only")
    for path in ("/demo/log.atom", "/demo/log.json", f"/demo/ticket/{talk.id}"):
        answer = client.get(path).get_data(as_text=True)
        assert "Publishing.Token=(secret)" in answer and "A.Secret=(secret)" in answer and "geheim" not in answer
