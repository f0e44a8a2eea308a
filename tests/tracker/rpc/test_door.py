"""The door: who calls, what is malformed, and that no answer tells about our insides."""

from __future__ import annotations

import logging
import xmlrpc.client

import pytest

from tests.conftest import SECRET
from tests.factories import committing, make_encoding, make_project
from tests.tracker.rpc.conftest import HOST, fresh, path
from tracker import projects, wire
from tracker.db import db
from tracker.models import Worker
from tracker.rpc import methods, table
from tracker.statemachine import CLASSIC


def post(client, body, where=None, **headers):
    body = body.encode() if isinstance(body, str) else body
    return client.post(where or path(), data=body, headers=headers, content_type="text/xml")


def fault_of(response):
    assert response.status_code == 200
    with pytest.raises(wire.Fault) as caught:
        wire.read_answer(response.data)
    return caught.value.code, caught.value.message


def refused(call, *params):
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(*params)
    return caught.value.faultCode, caught.value.faultString


VERSION = wire.call("C3TT.getVersion", [])
SET = "C3TT.setTicketProperty"


# --- who calls -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vm-encoder1.example.org", "host-.dom", "vm-", "vm", "VM.Example"])
def test_a_name_and_its_hash_open_the_door(connect, project, name):
    for slug in ("", "demo"):
        assert connect(name, slug).C3TT.getVersion() == "3.0"
    assert db.session.query(Worker.name).all() == [(name,)]


def test_a_wrong_hash_is_refused_whatever_is_asked(client, project):
    for where in (path(secret="wrong"), path("other.example").replace("other.example", HOST)):
        code, sentence = fault_of(post(client, VERSION, where))
        assert code == 403 and sentence.startswith(f"Wrong login hash for {HOST}: it has to be MD5(FQDN . secret)")
    assert db.session.query(Worker).count() == 0


def test_who_may_not_enter_learns_nothing_about_the_call(client, project):
    for body in (b"<garbage", wire.call("C3TT.noSuchMethod", [])):
        assert fault_of(post(client, body, path(secret="wrong")))[0] == 403


def test_the_secret_before_is_good_too(app, client, project, monkeypatch):
    monkeypatch.setitem(app.config, "RPC_SECRETS", ("new secret", SECRET))
    for secret in ("new secret", SECRET):
        assert wire.read_answer(post(client, VERSION, path(secret=secret)).data) == "3.0"


@pytest.mark.parametrize("name", ["%00", "a%20b", "a%0Ab", "%C3%BC", "-vm"])
def test_what_is_no_host_name_is_refused(client, project, name):
    assert fault_of(post(client, VERSION, f"/rpc/{'0' * 32}/{name}/demo"))[0] == 403


@pytest.mark.parametrize("slug", ["nothing", "DEMO", "%00", "a%20b"])
def test_an_unknown_project_is_named(client, project, slug):
    code, sentence = fault_of(post(client, VERSION, path(slug="") + f"/{slug}"))
    assert code == 410 and sentence.startswith("There is no project")


def test_a_method_of_a_project_needs_one(connect, project):
    assert refused(connect(slug="").C3TT.getTicketProperties, 1) == (
        410,
        "The method needs a project slug at the end of the URL.",
    )


def test_an_archived_project_is_only_read(project, ticket, tracker):
    projects.configure(project, read_only=True)
    db.session.commit()
    assert refused(tracker.assignNextUnassignedForState, "encoding")[0] == 411
    assert refused(tracker.setTicketProperty, ticket.id, "A.b", "1")[0] == 411
    assert tracker.getTicketProperty(ticket.id, "Project.Slug") == "demo"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post_is_answered(client, project, method):
    assert client.open(path(), method=method).status_code == 405


# --- what is malformed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "not well-formed"),
        ("<methodCall>", "not well-formed"),
        ("no xml at all", "not well-formed"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><methodCall/>', "DOCTYPE"),
        ("<methodCall><params/></methodCall>", "methodName"),
        ("<array><data>" * 1000, "nest deeper"),
    ],
)
def test_a_malformed_call_is_a_fault_that_says_so(client, project, body, told):
    code, sentence = fault_of(post(client, body))
    assert code == -32700 and told in sentence


def test_control_characters_and_a_wrong_declaration_are_survived(client, project, ticket):
    """As old clients send them: ffmpeg's output as it is, UTF-8 declared as us-ascii."""
    body = wire.call(SET, [ticket.id, "A.b", "Säle @ log"]).replace(b"UTF-8", b"us-ascii").replace(b"@", b"\x1b[0m\x08")
    assert wire.read_answer(post(client, body).data) is True
    answer = post(client, wire.call("C3TT.getTicketProperty", [ticket.id, "A.b"])).data
    assert wire.read_answer(answer) == "Säle \ufffd[0m\ufffd log"


@pytest.mark.parametrize(
    ("name", "params", "code"),
    [
        ("C3TT.noSuchMethod", [], -32601),
        ("getVersion", [], -32601),
        ("C3TT.__class__", [], -32601),
        ("C3TT.system.listMethods", [], -32601),
        ("system.", [], -32601),
        ("C3TT.getVersion", [1], -32602),
        ("C3TT.setTicketProperty", [1, "A.b"], -32602),
        ("C3TT.getTicketProperties", ["one"], -32602),
        ("C3TT.getTicketProperties", [-1], -32602),
        ("C3TT.getTicketProperties", [["1"]], -32602),
        ("C3TT.getTicketProperties", [2**33], 414),
        ("C3TT.getTicketProperties", [99_999_999], 414),
        ("C3TT.setTicketDone", [99_999_999], 414),
        ("C3TT.addLog", [99_999_999, "x"], 414),
        ("C3TT.getJobfile", [99_999_999], 414),
        ("C3TT.ping", ["", "", "nan"], -32602),
        ("C3TT.ping", ["", "", "much"], -32602),
        ("C3TT.giveBackTicket", [1, "x", "inf"], -32602),
        ("C3TT.giveBackTicket", [1, "x", "1e400"], -32602),
        ("C3TT.assignNextUnassignedForState", ["nonsense"], 413),
        ("C3TT.assignNextUnassignedForState", [99], 413),
        ("C3TT.assignNextUnassignedForState", ["merged"], 413),
        ("C3TT.assignNextUnassignedForState", [{}], -32602),
        ("C3TT.assignUnassignedSiblings", [99_999_999], 414),
        ("C3TT.assignUnassignedSiblings", ["one"], -32602),
        ("C3TT.assignUnassignedSiblings", [1, "many"], -32602),
        ("C3TT.assignUnassignedSiblings", [1, 17], 419),
        ("C3TT.assignUnassignedSiblings", [1, "1e300"], 419),
    ],
)
def test_a_call_that_cannot_be_is_a_fault(client, project, name, params, code):
    assert fault_of(post(client, wire.call(name, params)))[0] == code


def test_the_name_of_a_method_may_be_in_any_case(client, project):
    assert wire.read_answer(post(client, wire.call("c3tt.GETVERSION", [])).data) == "3.0"


def test_a_ticket_of_another_project_is_not_found(connect, project, ticket):
    make_encoding(make_project("other"))
    db.session.commit()
    other = connect(slug="other").C3TT
    for call in (
        lambda: other.getTicketProperties(ticket.id),
        lambda: other.getTicketProperty(ticket.id, "A.b"),
        lambda: other.setTicketProperty(ticket.id, "A.b", "1"),
        lambda: other.setTicketProperties(ticket.id, {"A.b": "1"}),
        lambda: other.assignUnassignedSiblings(ticket.id),
        lambda: other.setTicketDone(ticket.id),
        lambda: other.setTicketFailed(ticket.id),
        lambda: other.setTicketNextState(ticket.id, ticket.state),
        lambda: other.giveBackTicket(ticket.id, "x"),
        lambda: other.setWithdrawn(ticket.id),
        lambda: other.getJobfile(ticket.id),
        lambda: other.addLog(ticket.id, "x"),
    ):
        assert refused(call) == (414, f"There is no ticket {ticket.id} in project other.")


# --- what is told to whom ------------------------------------------------------------------------------------


def test_a_bug_is_a_neutral_answer_and_a_traceback_in_the_log(connect, project, monkeypatch, caplog):
    def broken(*_arguments: object) -> str:
        raise RuntimeError("password=hunter2 at /srv/tracker")

    entry = table.METHODS["c3tt.getversion"]
    monkeypatch.setitem(
        table.METHODS,
        "c3tt.getversion",
        table.Method(entry.name, lambda call: broken(), entry.needs_project, entry.writes),
    )
    assert refused(connect().C3TT.getVersion) == (-32500, "The tracker failed to answer this call; its log says why.")
    assert "RuntimeError: password=hunter2" in caplog.text


def test_what_a_failing_call_wrote_is_undone(connect, project, ticket, monkeypatch):
    entry = table.METHODS["c3tt.addlog"]

    def half(call, ticket_id, message):
        methods.set_ticket_property(call, ticket_id, "A.b", "written")
        raise RuntimeError("a bug")

    monkeypatch.setitem(table.METHODS, "c3tt.addlog", table.Method(entry.name, half, True, True))
    assert refused(connect().C3TT.addLog, ticket.id, "x")[0] == -32500
    assert connect().C3TT.getTicketProperty(ticket.id, "A.b") == ""


def test_neither_secret_nor_hash_reaches_a_log(client, project, ticket, caplog):
    caplog.set_level(logging.DEBUG)
    for where in (path(), path(slug="nothing"), path(secret="wrong")):
        for body in (VERSION, b"<garbage", wire.call("C3TT.noSuchMethod", []), wire.call("C3TT.addLog", [0, "x"])):
            post(client, body, where)
    assert "refused" in caplog.text
    for hidden in (SECRET, wire.login_hash(HOST, SECRET), wire.login_hash(HOST, "wrong")):
        assert hidden not in caplog.text


def test_a_name_cannot_forge_a_line_of_the_log(client, project, caplog):
    caplog.set_level(logging.INFO)
    post(client, VERSION, f"/rpc/{'0' * 32}/vm%0AINFO%20root:%20all%20good")
    assert "\nINFO root" not in caplog.text.replace("\\n", "") and "refused" in caplog.text


def test_no_answer_is_ever_nil_or_compressed(client, project, ticket):
    for name, params in (
        ("C3TT.getProjects", []),
        ("C3TT.getEncodingProfiles", []),
        ("C3TT.getUnassignedTicketsInState", ["ready to encode"]),
        ("C3TT.assignNextUnassignedForState", ["encoding"]),
        ("C3TT.assignNextUnassignedForState", ["encoding"]),
    ):
        answer = post(client, wire.call(name, params), **{"Accept-Encoding": "gzip"})
        assert b"nil" not in answer.data and answer.data.startswith(b"<?xml ")
    assert answer.data.count(b"<boolean>0</boolean>") == 1


def test_every_service_of_the_workflow_can_be_asked_for(tracker):
    assert tracker.getServices() == list(CLASSIC.services)
    assert [tracker.assignNextUnassignedForState(name) for name in CLASSIC.services] == [False] * 6


def test_a_ticket_left_alone_by_a_refused_call_is_as_before(tracker, ticket):
    before = fresh(ticket).version
    assert refused(tracker.setTicketProperties, ticket.id, {"A.good": "1", "bad name": "2"})[0] == 419
    assert tracker.getTicketProperties(ticket.id, "A.*") == {}
    assert fresh(ticket).version == before


def test_while_the_database_is_away_the_door_says_come_back(caplog):
    """The one answer that is not 200: every client repeats a call after a 503."""
    with committing("postgresql+psycopg2://nobody@127.0.0.1:1/nothing") as app:
        answer = post(app.test_client(), VERSION)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.text == "The database does not answer just now; try again in a moment."
    assert wire.login_hash(HOST, SECRET) not in caplog.text
