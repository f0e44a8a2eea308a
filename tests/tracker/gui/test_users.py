"""Accounts by page: invitations, roles, the own password."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import PASSWORD, make_user
from tests.tracker.gui.visitor import enter, forget, log_in, page, send, words
from tracker import queries, users
from tracker.db import db


@pytest.fixture
def admin(client, project):
    enter(client, "alice")


def act(client, action, **fields):
    answer = send(client, "/users", {"action": action, **fields})
    db.session.expire_all()
    return answer


def link(answer):
    return page(answer).xpath("//code[@id='link']")[0].text.removeprefix("http://localhost")


NEW = {"password": "several long words", "again": "several long words"}


def test_an_invited_user_chooses_a_password_once(client, admin):
    address = link(act(client, "add", name="dora", role="superuser", projects="demo"))
    user = queries.user_by_name("dora")
    assert (user.role, [each.slug for each in user.projects]) == ("superuser", ["demo"])
    forget(client)
    assert "Welcome, dora" in words(client.get(address))
    assert send(client, address, NEW).headers["Location"] == "/"
    assert "Project demo" in words(client.get("/"))
    assert client.get(address).status_code == 410


def test_an_old_invitation_is_over(client, admin, monkeypatch):
    monkeypatch.setattr(users, "INVITATION", timedelta(seconds=-1))
    address = link(act(client, "add", name="dora", role="user"))
    assert client.get(address).status_code == 410 and client.get("/invitation/nonsense").status_code == 410


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (NEW | {"again": "other words"}, "The two passwords differ"),
        ({"password": "short", "again": "short"}, "10 characters"),
    ],
)
def test_a_bad_choice_is_explained(client, admin, fields, said):
    address = link(act(client, "add", name="dora", role="user"))
    answer = send(client, address, fields)
    assert answer.status_code == 400 and said in words(answer)


def test_everybody_can_log_themselves_out_elsewhere(client, db_session):
    enter(client, "bob")
    before = queries.user_by_name("bob").get_id()
    assert send(client, "/account", {"action": "log out"}).status_code == 303
    assert users.by_session(before) is None
    assert "logged out everywhere else" in words(client.get("/account"))


def test_the_last_admin_stays_one(client, admin):
    for action, fields in (("edit", {"role": "user"}), ("switch", {})):
        answer = act(client, action, user="alice", **fields)
        assert answer.status_code == 400 and "last admin" in words(answer)
    make_user("otto", "admin")
    assert act(client, "edit", user="alice", role="user").status_code == 303
    assert queries.user_by_name("alice").role == "user"


def test_a_user_is_switched_off_and_logged_out(client, admin):
    user = make_user("bob")
    before = user.get_id()
    act(client, "log out", user="bob")
    assert users.by_session(before) is None
    for _ in range(2):  # two admins who saw the same page both want it off
        act(client, "switch", user="bob", wanted="0")
        assert not user.active
    act(client, "switch", user="bob", wanted="1")
    assert user.active


def test_one_changes_the_own_password_and_stays_logged_in(client, project):
    enter(client, "bob")
    wrong = send(client, "/account", {"old": "not that", **NEW})
    assert wrong.status_code == 400 and "not your present password" in words(wrong)
    assert send(client, "/account", {"old": PASSWORD, **NEW}).status_code == 303
    assert client.get("/account").status_code == 200
    forget(client)
    assert log_in(client, "bob", NEW["password"]).status_code == 303
