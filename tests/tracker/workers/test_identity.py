"""Workers: their login hash, their names, and the answers kept for repeated calls."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import committing, make_worker
from tracker import workers
from tracker.db import db, now, transaction
from tracker.errors import BadLogin
from tracker.models import Reply, Worker


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "name", ["vm-encoder1.example.org", "host-.dom", "vm-", "vm", "VM.Example", "10.0.0.1", "host_a.b", "a.", "x" * 253]
)
def test_the_first_valid_call_registers_the_worker(db_session, name):
    found = workers.identify(md5(name + "secret"), name, ["secret"])
    assert found.name == name
    assert workers.identify(md5(name + "secret").upper(), name, ["secret"]) is found
    assert db.session.scalar(select(func.count()).select_from(Worker)) == 1


def test_first_calls_at_the_same_moment_register_one_worker(committed_db):
    """Real commits."""
    begin, found = threading.Barrier(4, timeout=30), []

    def call() -> None:
        begin.wait()
        with app.app_context(), transaction():
            found.append(workers.identify(md5("vm-1secret"), "vm-1", ["secret"]).id)

    with committing(committed_db) as app:
        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 4 and len(set(found)) == 1


def test_two_secrets_are_good_during_a_rotation(db_session):
    for secret in ("new", "old"):
        assert workers.identify(md5("vm" + secret), "vm", ["new", "old"]).name == "vm"


@pytest.mark.parametrize(
    ("login_hash", "secrets"),
    [
        (md5("vmwrong"), ["secret"]),
        (md5("othersecret"), ["secret"]),
        (md5("vm"), ["secret"]),
        (md5("vm"), [""]),
        (md5("vm"), []),
        ("", ["secret"]),
        ("ü" * 32, ["secret"]),
        ("secret", ["secret"]),
    ],
)
def test_a_wrong_hash_is_refused_and_registers_nobody(db_session, login_hash, secrets):
    with pytest.raises(BadLogin, match="Wrong login hash for vm") as caught:
        workers.identify(login_hash, "vm", secrets)
    assert caught.value.fault_code == 403 and md5("vmsecret") not in str(caught.value)
    assert db.session.scalar(select(func.count()).select_from(Worker)) == 0


@pytest.mark.parametrize("name", ["", "-vm", ".vm", "a b", "a/b", "ü", "a\n", "a\x00", "x" * 300, "a'b", "<a>"])
def test_what_is_no_host_name_is_refused_also_with_a_right_hash(db_session, name):
    with pytest.raises(BadLogin, match="no host name"):
        workers.identify(md5(name + "secret"), name, ["secret"])


def test_a_call_shows_that_the_worker_lives_and_where(db_session):
    worker = make_worker("vm")
    worker.last_seen = now() - timedelta(hours=1)
    db.session.flush()
    found = workers.identify(md5("vmsecret"), "vm", ["secret"], "192.0.2.7")
    assert found.last_seen > now() - timedelta(minutes=5) and found.address == "192.0.2.7"


def test_that_it_lives_is_not_written_with_every_call(db_session):
    before = make_worker("vm").last_seen
    db.session.commit()
    assert workers.identify(md5("vmsecret"), "vm", ["secret"]).last_seen == before


def test_an_answer_is_remembered_for_its_worker_and_request(db_session):
    worker, other = make_worker("a"), make_worker("b")
    assert workers.remembered(worker, "request-1") is None
    workers.remember(worker, "request-1", b"answer")
    assert workers.remembered(worker, "request-1") == b"answer"
    assert workers.remembered(worker, "request-2") is None
    assert workers.remembered(other, "request-1") is None


def test_an_answer_given_meanwhile_is_not_given_another_way(db_session):
    worker = make_worker("a")
    workers.remember(worker, "request-1", b"answer")
    with pytest.raises(workers.AnsweredBefore):
        workers.remember(worker, "request-1", b"another")


def test_old_answers_go_about_once_an_hour(db_session):
    worker = make_worker("a")
    for name, hours in (("oldest-one", 8), ("older-one", 6.5), ("good-one", 5)):
        moment = now() - timedelta(hours=hours)
        db.session.add(Reply(worker_id=worker.id, request_id=name, body=b"x", created=moment))
    db.session.flush()
    for name in ("new-one-1", "new-one-2"):
        workers.remember(worker, name, b"x")
    assert set(db.session.scalars(select(Reply.request_id))) == {"good-one", "new-one-1", "new-one-2"}
    old = now() - timedelta(hours=6.5)
    db.session.add(Reply(worker_id=worker.id, request_id="waits-for-more", body=b"x", created=old))
    workers.remember(worker, "new-one-3", b"x")
    assert workers.remembered(worker, "waits-for-more") == b"x"


@pytest.mark.parametrize("text", ["", "short", "a b c d e f", "x" * 81, "12345678\n"])
def test_not_every_text_is_a_request_id(text):
    assert not workers.REQUEST_ID.match(text)
    assert workers.REQUEST_ID.match("0f0e0d0c-0b0a-4908-8706-050403020100")
