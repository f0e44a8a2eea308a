"""Who gets in at the door of API 4.0, under which name, and what is said to those who do not."""

from __future__ import annotations

import xmlrpc.client

import pytest

from tests import factories
from tests.tracker.rpc.v4.clients import Perl, Php, Python
from tests.tracker.rpc.v4.conftest import KEY, Caller, make_group, read, worker_of
from tracker import queries, workers
from tracker.db import db
from tracker.rpc import v4


def fault(caller: Caller, body: bytes, **query: str) -> tuple[int, str]:
    with pytest.raises(xmlrpc.client.Fault) as caught:
        read(caller.send(body, **query))
    return caught.value.faultCode, caught.value.faultString


UNSIGNED = xmlrpc.client.dumps((), "C3TT.getVersion").encode()
SIGNED_ANYHOW = xmlrpc.client.dumps(("0" * 64,), "C3TT.getVersion").encode()


@pytest.mark.parametrize(
    ("body", "query", "code", "text"),
    [
        (b"", {}, -32700, "empty request"),
        (b" \r\n", {}, -32700, "empty request"),
        (b"hello", {}, -32700, "cannot parse request"),
        (b"<!DOCTYPE a><methodCall><methodName>C3TT.x</methodName></methodCall>", {}, -32700, "DOCTYPE"),
        (UNSIGNED.replace(b"C3TT.", b""), {}, -32601, "request method not found, invalid prefix"),
        (UNSIGNED.replace(b"getVersion", b"__class__"), {}, -32601, "request method not found"),
        (UNSIGNED.replace(b"getVersion", b"form"), {}, -32601, "request method not found"),
        (UNSIGNED, {"group": ""}, -32500, "incomplete arguments"),
        (UNSIGNED, {"hostname": ""}, -32500, "incomplete arguments"),
        (UNSIGNED, {"group": "none"}, -32500, "worker group not found"),
        (UNSIGNED, {"group": "a\0b"}, -32500, "worker group not found"),
        (UNSIGNED, {}, -32500, "signature missing"),
        (SIGNED_ANYHOW, {}, -32500, "invalid or missing signature"),
    ],
)
def test_what_is_wrong_is_told_with_the_codes_of_the_original(tracker, body, query, code, text):
    told = fault(tracker, body, **query)
    assert told[0] == code and text in told[1]


def test_no_refused_caller_is_registered(tracker):
    fault(tracker, SIGNED_ANYHOW)
    assert queries.workers_named("vm") == []


@pytest.mark.parametrize("kind", [Python, Perl, Php])
def test_a_signed_call_of_every_client_gets_in(enter, kind):
    caller = enter(kind=kind)
    assert caller.getVersion() == "4.0" and caller.ping("") == "OK"


@pytest.mark.parametrize(
    "url", ["https://tracker.example.org/rpc", "http://tracker.example.org/rpc/", "https://tracker.example.org/rpc/"]
)
def test_the_address_may_have_been_written_otherwise(tracker, url):
    client = Perl(url=url, token=tracker.client.token, secret=tracker.client.secret, hostname="vm.example.org")
    for path in ("/rpc", "/rpc/"):
        answer = tracker.browser.post(
            path,
            query_string={"group": client.token, "hostname": client.hostname},
            data=client.call("C3TT.getVersion"),
            base_url="http://tracker.example.org",
        )
        assert read(answer.data) == "4.0"


def test_host_names_are_compared_as_the_client_spells_them(tracker):
    client = Perl(
        url="http://TRACKER:8020/rpc", token=tracker.client.token, secret=tracker.client.secret, hostname="vm"
    )
    answer = tracker.browser.post(
        "/rpc",
        query_string={"group": client.token, "hostname": "vm"},
        data=client.call("C3TT.getVersion"),
        headers={"Host": "TRACKER:8020"},
    )
    assert read(answer.data) == "4.0"


@pytest.mark.parametrize("name", ["getversion", "GETVERSION", "GetVersion"])
def test_names_of_methods_are_found_in_any_case(tracker, name):
    assert tracker.call(name) == "4.0"


def test_extra_arguments_are_ignored_and_missing_ones_named(tracker):
    assert tracker.getVersion("more", {"and": "more"}) == "4.0"
    assert tracker.refusal("getTicketProperties") == (-32500, "getTicketProperties: ticket_id missing")
    assert tracker.refusal("getMetaTicketInfo", 1) == (-32500, "getMetaTicketInfo: fahrplan_id missing")


def test_both_secrets_are_good_while_a_group_changes_over(tracker):
    group = workers.groups.by_token(tracker.client.token)
    new = workers.groups.rotate(group, secret_key=KEY)
    db.session.commit()
    later = Caller(tracker.browser, Php(token=tracker.client.token, secret=new))
    assert (tracker.getVersion(), later.getVersion()) == ("4.0", "4.0")
    workers.groups.end_rotation(group)
    db.session.commit()
    assert tracker.refusal("getVersion") == (-32500, "invalid or missing signature")
    assert later.getVersion() == "4.0"


def test_the_group_of_the_v3_door_has_no_door_here(tracker):
    token = queries.v3_group().token
    db.session.commit()
    assert fault(tracker, SIGNED_ANYHOW, group=token) == (-32500, "worker group not found")


# --- who a worker is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("vm", "vm"),
        ("encoder3.lan.example.org", "encoder3"),
        ("encoder3-.lan", "encoder3-"),
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8::5", "2001:db8::5"),
        ("::ffff:10.1.2.3", "::ffff:a01:203"),
    ],
)
def test_a_worker_is_called_by_the_first_label_of_its_host_or_by_its_address(enter, host, name):
    assert enter(host=host).ping("") == "OK"
    assert [worker.name for worker in queries.workers_named(name)] == [name]


@pytest.mark.parametrize("host", ["a b", "<b>", "ä.example.org", "x" * 300, "-", "1.2.3.4.5/8"])
def test_what_is_no_host_name_is_refused(enter, host):
    code, text = enter(host=host).refusal("getVersion")
    assert code == -32500 and text.startswith("can neither create nor find worker entry: ")


def test_a_host_may_work_in_several_groups_and_is_another_worker_in_each(enter):
    one, other = enter("one"), enter("other")
    one.ping(), one.ping(), other.ping()
    assert worker_of(one).id != worker_of(other).id
    assert len(queries.workers_named("vm")) == 2


# --- once inside -----------------------------------------------------------------------------------------------


def test_texts_arrive_without_what_no_text_may_hold(enter, project):
    ticket = factories.make_encoding(project)
    db.session.commit()
    perl = enter(kind=Perl)
    log = "frame=1\rframe=2\r\nS\u00e4le \x1b[31m".encode() + b"\xe4"
    assert perl.addLog(ticket.id, log) is True
    assert factories.log_of(ticket)[-1].comment == "frame=1\rframe=2\r\nS\u00e4le \ufffd[31m\u00e4"


def test_a_refused_call_changes_nothing(tracker, project):
    ticket = factories.make_encoding(project)
    db.session.commit()
    code, text = tracker.refusal("setTicketProperties", ticket.id, {"A.Good": "1", "bad name": "2"})
    assert code == 304 and "'bad name'" in text
    assert "A.Good" not in tracker.getTicketProperties(ticket.id)


def test_a_repeated_request_gets_the_answer_of_the_first(tracker, project):
    for _ in range(2):
        factories.make_encoding(project)
    db.session.commit()
    body = tracker.client.call("C3TT.assignNextUnassignedForState", "encoding", "encoding", {})
    query = {"group": tracker.client.token, "hostname": tracker.client.hostname}
    headers = {"X-Request-ID": "0123456789"}
    first, again = (
        tracker.browser.post(
            "/rpc", query_string=query, data=body, headers=headers, base_url="http://tracker.example.org"
        )
        for _ in range(2)
    )
    assert first.data == again.data and read(first.data)["id"]


def test_a_broken_secret_in_the_database_is_said(tracker):
    group = workers.groups.by_token(tracker.client.token)
    group.secret = workers.cipher.seal("x", "another key")
    db.session.commit()
    assert "FAHRWERK_SECRET_KEY" in tracker.refusal("getVersion")[1]


def test_every_method_of_the_original_is_there():
    names = {method.name.removeprefix("C3TT.") for method in v4.METHODS.values()}
    assert names >= {
        *("getVersion", "getServiceableProjects", "getEncodingProfiles", "getTicketInfo", "getMetaTicketInfo"),
        *("createMetaTicket", "createEncodingTicket", "setCommenceTicketState", "resetTicket"),
        *("assignNextUnassignedForState", "getAssignedForState", "getTicketsForState", "getTicketProperties"),
        *("setTicketProperties", "setTicketDone", "setTicketFailed", "ping", "getJobfile", "addLog"),
    }


def test_a_second_group_needs_its_own_secret(tracker):
    _, secret = make_group("second")
    db.session.commit()
    stranger = Caller(tracker.browser, Php(token=tracker.client.token, secret=secret))
    assert stranger.refusal("getVersion") == (-32500, "invalid or missing signature")


@pytest.mark.parametrize("name", ["render", "__construct", "dispatch", "getVersion.__call__", "method", "_settle"])
def test_nothing_but_the_methods_of_the_table_can_be_called(tracker, name):
    assert tracker.refusal(name)[0] == -32601
