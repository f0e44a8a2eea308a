"""Keys of programs: only their digests are kept, they end, and guessing is limited but never those who know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tracker import tokens, users
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound
from tracker.models import ApiToken, LoginFailure
from tracker.queries import keys

ADDRESS = "192.0.2.1"


@pytest.fixture
def user(db_session):
    return factories.make_user("bob")


def get_in(text, address=ADDRESS, limit=5):
    return tokens.authenticate(text, address, limit)


def test_a_token_stands_for_its_user(user):
    made, text = tokens.create(user, "statistics")
    assert get_in(text) is user and (made.name, made.expires) == ("statistics", None)
    assert text.startswith("fahrwerk_") and len(text) > 50


def test_its_text_is_nowhere_in_the_database(user):
    _made, text = tokens.create(user, "statistics")
    row = db.session.query(ApiToken).one()
    assert text not in str({column.key: getattr(row, column.key) for column in ApiToken.__table__.columns})
    assert row.hash == tokens.digest(text)


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "x", lambda t: t.upper(), lambda t: "", lambda t: "ü"]
)
def test_another_text_does_not_get_in(user, change):
    _made, text = tokens.create(user, "statistics")
    assert get_in(change(text)) is None


def test_it_ends_by_time_by_revocation_and_with_its_user(user):
    made, text = tokens.create(user, "short", days=1)
    assert made.expires > now() + timedelta(hours=23) and get_in(text) is user
    made.expires = now() - timedelta(seconds=1)
    assert get_in(text) is None
    other, text = tokens.create(user, "other")
    users.set_active(user, False)
    assert get_in(text) is None
    users.set_active(user, True)
    assert get_in(text) is user
    tokens.revoke(other.id)
    assert get_in(text) is None


def test_its_last_use_is_noted_once_a_minute(user):
    made, text = tokens.create(user, "statistics")
    assert made.last_used is None
    get_in(text)
    first = made.last_used
    get_in(text)
    assert made.last_used == first and now() - first < timedelta(minutes=1)
    made.last_used = before = now() - timedelta(minutes=2)
    db.session.flush()
    get_in(text)
    assert made.last_used > before


def test_guessing_is_limited_but_who_knows_gets_in(user):
    _made, text = tokens.create(user, "statistics")
    assert [get_in("fahrwerk_wrong", limit=3) for _ in range(3)] == [None] * 3
    with pytest.raises(users.TooManyFailures, match="your address"):
        get_in("fahrwerk_wrong", limit=3)
    assert get_in(text, limit=3) is user
    assert get_in("fahrwerk_wrong", "192.0.2.2", limit=3) is None
    assert db.session.query(LoginFailure).count() == 4


def test_tokens_of_a_user_are_listed(user):
    other = factories.make_user("alice")
    mine = [tokens.create(user, name)[0] for name in ("a", "b")]
    tokens.create(other, "c")
    assert list(keys.tokens(user.id)) == mine and len(keys.tokens()) == 3


@pytest.mark.parametrize(("name", "days"), [("", None), ("x" * 61, None), ("a\nb", None), ("a", 0), ("a", 9999)])
def test_what_cannot_be_is_refused(user, name, days):
    with pytest.raises(InvalidInput):
        tokens.create(user, name, days)


def test_a_token_that_there_is_not_cannot_be_revoked(user):
    with pytest.raises(NotFound, match="no token 4711"):
        tokens.revoke(4711)
