"""Accounts: passwords by scrypt, sessions that end, roles, and the limit on guessing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import PASSWORD, make_project, make_user
from tracker import users
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound, NotPermitted
from tracker.models import LoginFailure

HERE, THERE = "192.0.2.1", "192.0.2.2"


def log_in(name: str = "bob", password: str = PASSWORD, address: str = HERE):
    return users.authenticate(name, password, address, 3)


# --- accounts ------------------------------------------------------------------------------------------------


def test_a_password_is_kept_as_scrypt_only(db_session):
    made = users.create("dora", PASSWORD, "superuser")
    assert made.password_hash.startswith("scrypt:") and PASSWORD not in made.password_hash
    assert users.get("dora") is made and log_in("dora") is made


@pytest.mark.parametrize(
    ("name", "password", "role", "field"),
    [
        ("", PASSWORD, "user", "name"),
        ("a b", PASSWORD, "user", "name"),
        ("a\n", PASSWORD, "user", "name"),
        ("a\x00", PASSWORD, "user", "name"),
        ("a" * 61, PASSWORD, "user", "name"),
        ("bob", PASSWORD, "user", "name"),
        ("dora", "too short", "user", "password"),
        ("dora", PASSWORD, "root", "role"),
    ],
)
def test_an_account_that_cannot_be_is_refused(db_session, name, password, role, field):
    make_user("bob")
    with pytest.raises(InvalidInput) as caught:
        users.create(name, password, role)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["nobody", "", "\x00"])
def test_an_unknown_user_is_named(db_session, name):
    with pytest.raises(NotFound, match="There is no user"):
        users.get(name)


# --- sessions ------------------------------------------------------------------------------------------------


def test_a_session_ends_with_a_new_password(db_session):
    bob = make_user("bob")
    session = bob.get_id()
    assert users.by_session(session) is bob
    users.set_password(bob, "another long password")
    assert users.by_session(session) is None
    assert users.by_session(bob.get_id()) is bob


def test_a_session_ends_when_the_account_is_switched_off(db_session):
    bob = make_user("bob")
    session = bob.get_id()
    users.set_active(bob, False)
    assert users.by_session(bob.get_id()) is None and log_in() is None
    users.set_active(bob, True)
    assert users.by_session(session) is None and log_in() is bob


@pytest.mark.parametrize("identity", ["", ":", "1", "x:y", "-1:x", "999999:x", "1:"])
def test_a_made_up_session_is_none(db_session, identity):
    make_user("bob")
    assert users.by_session(identity) is None


# --- the limit -----------------------------------------------------------------------------------------------


def test_after_too_many_failures_even_the_right_password_is_refused(db_session):
    make_user("bob")
    assert [log_in(password="wrong") for _ in range(3)] == [None, None, None]
    with pytest.raises(users.TooManyFailures) as caught:
        log_in()
    assert caught.value.http_status == 429


def test_the_limit_is_per_address_and_name(db_session):
    bob, alice = make_user("bob"), make_user("alice")
    for _ in range(3):
        log_in(password="wrong")
    assert log_in(address=THERE) is bob
    assert log_in("alice") is alice


def test_failures_count_for_a_while_only(db_session):
    bob = make_user("bob")
    for _ in range(3):
        log_in(password="wrong")
    for failure in db.session.query(LoginFailure):
        failure.created = now() - timedelta(minutes=16)
    assert log_in() is bob


@pytest.mark.parametrize("name", ["nobody", "bob\x00", "x" * 100_000, "' OR 1=1 --"])
def test_an_unknown_name_fails_and_counts_like_a_wrong_password(db_session, name):
    for _ in range(3):
        assert log_in(name) is None
    with pytest.raises(users.TooManyFailures):
        log_in(name)


def test_old_failures_do_not_pile_up(db_session):
    db.session.add(LoginFailure(address=THERE, name="x", created=now() - timedelta(days=1)))
    log_in("nobody")
    assert [failure.name for failure in db.session.query(LoginFailure)] == ["nobody"]


# --- roles and projects --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "rank"), [(name, rank) for rank, name in enumerate(users.ROLES)])
def test_a_role_includes_those_before_it(db_session, role, rank):
    user = make_user("dora", role)
    assert [users.may(user, other) for other in users.ROLES] == [n <= rank for n in range(4)]
    for other in users.ROLES[rank + 1 :]:
        with pytest.raises(NotPermitted, match=f"needs the role '{other}'; dora has '{role}'"):
            users.require(user, other)


def test_charlie_sees_the_projects_he_is_restricted_to(db_session):
    mine, other = make_project("mine"), make_project("other")
    charlie, bob = make_user("charlie", only=[mine]), make_user("bob")
    users.require_project(charlie, mine)
    users.require_project(bob, other)
    assert (users.visible_projects(charlie), users.visible_projects(bob)) == ([mine.id], None)
    with pytest.raises(NotFound, match="no project 'other'"):
        users.require_project(charlie, other)
