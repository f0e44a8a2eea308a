"""Where a call goes to and comes from: addresses with too little in them, the switch of the door, DNS, proxies."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from tests.tracker.rpc.conftest import HOST, path
from tests.tracker.rpc.test_door import VERSION, fault_of, post
from tracker import wire
from tracker.db import db
from tracker.hosts import Hosts
from tracker.models import Worker
from tracker.proxies import Proxies

HERE, NOWHERE = "localhost-encoder1", "nowhere-encoder1.invalid"


@pytest.fixture
def configure(app, monkeypatch):
    """Return a function that changes settings for one test."""

    def change(**values):
        monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], **values))
        monkeypatch.setitem(app.extensions, "hosts", Hosts(wait_s=30))

    return change


def version(client, where, **headers):
    return wire.read_answer(post(client, VERSION, where, **headers).data)


def names() -> list[str]:
    return [name for (name,) in db.session.query(Worker.name).order_by(Worker.name)]


# --- what is missing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "code"), [(f"/rpc/{'0' * 32}", 402), (f"/rpc/{HOST}", 401), ("/rpc/x", 401)])
def test_an_address_without_a_name_or_a_hash_says_so(client, project, where, code):
    found, sentence = fault_of(post(client, VERSION, where))
    assert found == code and "/rpc/<login hash>/<FQDN>" in sentence


@pytest.mark.parametrize("more", ["/a/b", "/a/b/c/d", "/demo/"])
def test_an_address_with_too_much_says_so(client, project, more):
    code, sentence = fault_of(post(client, VERSION, path(slug="") + more))
    assert code == 403 and "/rpc/<login hash>/<FQDN>" in sentence


def test_a_tracker_without_a_secret_says_so(app, client, project, monkeypatch):
    monkeypatch.setitem(app.config, "RPC_SECRETS", ())
    code, sentence = fault_of(post(client, VERSION))
    assert code == 500 and "FAHRWERK_SECRET" in sentence


# --- the switch ----------------------------------------------------------------------------------------------


def test_the_door_can_be_closed(client, project, configure):
    configure(rpc_v3=False)
    for where in (path(), path(slug=""), path(secret="wrong")):
        code, sentence = fault_of(post(client, VERSION, where))
        assert code == 403 and "switched off" in sentence
    assert names() == []


# --- names and addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["off", "log", "enforce"])
@pytest.mark.parametrize("name", ["localhost", HERE, "localhost-", "127-cut-post.0.0.1"])
def test_a_name_with_the_address_of_the_caller_is_let_in(client, project, configure, mode, name):
    configure(worker_dns=mode)
    assert version(client, path(name)) == "3.0" and names() == [name]


def test_a_name_without_it_is_refused_and_leaves_no_trace(client, project, configure):
    configure(worker_dns="enforce")
    code, sentence = fault_of(post(client, VERSION, path("192-encoder1.0.2.1")))
    assert code == 403 and "may not call from 127.0.0.1" in sentence and "192.0.2.1 has 192.0.2.1" in sentence
    assert names() == []


def test_who_does_not_know_the_secret_causes_no_look_up(app, client, project, configure):
    configure(worker_dns="enforce")
    assert "Wrong login hash" in fault_of(post(client, VERSION, path(HERE, secret="wrong")))[1]
    assert app.extensions["hosts"]._known == {}


def test_when_told_to_log_it_lets_in_and_logs(app, client, project, configure, caplog):
    configure(worker_dns="log")
    assert app.extensions["hosts"].objection("192.0.2.1", "127.0.0.1")  # now it is known, without a wait
    assert [version(client, path("192.0.2.1")) for _ in range(3)] == ["3.0"] * 3
    assert caplog.text.count("192.0.2.1 may not call from 127.0.0.1") == 1


def test_by_default_nobody_looks(app, client, project, configure):
    configure()
    assert version(client, path(NOWHERE)) == "3.0"
    assert app.extensions["hosts"]._known == {}


# --- proxies -------------------------------------------------------------------------------------------------


def test_the_address_of_a_worker_is_remembered_as_a_proxy_of_ours_tells_it(app, client, project, monkeypatch):
    monkeypatch.setattr(app, "wsgi_app", Proxies(app.wsgi_app, [ip_network("127.0.0.1")]))
    version(client, path(), **{"X-Forwarded-For": "6.6.6.6, 192.0.2.7"})
    assert db.session.query(Worker.address).scalar() == "192.0.2.7"


def test_nobody_else_can_make_up_an_address(client, project):
    version(client, path(), **{"X-Forwarded-For": "192.0.2.7"})
    assert db.session.query(Worker.address).scalar() == "127.0.0.1"


# --- size ----------------------------------------------------------------------------------------------------


def test_a_call_that_is_too_long_is_a_fault(client, project):
    body = wire.call("C3TT.addLog", [1, "x"]).replace(b">x<", b">" + b"x" * wire.MAX_BYTES + b"<")
    code, sentence = fault_of(post(client, body))
    assert code == -32700 and "33554432 bytes" in sentence


def test_a_call_of_megabytes_is_taken(client, tracker, ticket):
    """As old scripts report what ffmpeg said."""
    assert tracker.addLog(ticket.id, "x" * 5_000_000) is True
