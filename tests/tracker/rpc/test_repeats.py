"""Repeated calls: the same request id gets the same answer and nothing is done twice (design D5)."""

from __future__ import annotations

import threading

import pytest

from tests import factories
from tests.tracker.rpc.conftest import path
from tracker import projects, queries, wire
from tracker.db import db, transaction

ASSIGN = wire.call("C3TT.assignNextUnassignedForState", ["encoding"])
FIRST, SECOND = "0f0e0d0c-0b0a-4908-8706-050403020100", "1f0e0d0c-0b0a-4908-8706-050403020100"


def ask(client, body=ASSIGN, request_id=FIRST, name="vm-a.example", header="X-Request-ID"):
    return client.post(path(name), data=body, headers={header: request_id} if request_id else {}).data


@pytest.fixture
def tickets(client):
    project = factories.make_project()
    made = [factories.make_encoding(project) for _ in range(3)]
    db.session.commit()
    return made


def taken() -> int:
    return len(queries.tickets_in_state(projects.get("demo").id, "encoding", ["encoding"]))


@pytest.mark.parametrize("header", ["X-Request-ID", "x-request-id"])
def test_a_repeated_call_gets_the_same_bytes_and_takes_nothing_more(client, tickets, header):
    first = ask(client, header=header)
    assert [ask(client, header=header) for _ in range(3)] == [first] * 3
    assert wire.read_answer(first)["id"] == tickets[0].id and taken() == 1


def test_another_id_or_none_is_another_call(client, tickets):
    found = [wire.read_answer(ask(client, request_id=number))["id"] for number in (FIRST, SECOND, "")]
    assert found == [ticket.id for ticket in tickets] and taken() == 3


def test_the_same_id_of_another_worker_is_another_call(client, tickets):
    assert ask(client) != ask(client, name="vm-b.example")
    assert taken() == 2


@pytest.mark.parametrize("number", ["short", "x" * 81, "with blanks in it", "ümlaut-ümlaut"])
def test_what_is_no_request_id_is_ignored(client, tickets, number):
    assert ask(client, request_id=number.encode().decode("latin-1")) != ask(
        client, request_id=number.encode().decode("latin-1")
    )


def test_a_log_line_is_written_once(client, tickets):
    body = wire.call("C3TT.addLog", [tickets[0].id, "hello"])
    for _ in range(3):
        ask(client, body)
    assert [e.comment for e in factories.log_of(tickets[0])].count("hello") == 1


def test_a_refusal_is_not_remembered(client, tickets):
    body = wire.call("C3TT.setTicketDone", [tickets[0].id])
    with pytest.raises(wire.Fault, match="never assigned"):
        wire.read_answer(ask(client, body, SECOND))
    ask(client)
    assert wire.read_answer(ask(client, body, SECOND)) is True


def test_a_negative_answer_is_remembered(client, tickets):
    """A worker that was told "nothing" asks anew with a new id."""
    body = wire.call("C3TT.assignNextUnassignedForState", ["merging"])
    assert wire.read_answer(ask(client, body)) is False
    factories.make_recording(projects.get("demo"), "recorded")
    db.session.commit()
    assert wire.read_answer(ask(client, body)) is False
    assert wire.read_answer(ask(client, body, SECOND))["ticket_state"] == "merging"


def test_duplicates_under_way_at_once_wait_for_the_first_and_get_its_answer(committed_db):
    """Real commits: eight copies of one call on eight connections."""
    with factories.committing(committed_db) as app:
        with app.app_context(), transaction():
            project = factories.make_project()
            for _ in range(8):
                factories.make_encoding(project)
        begin, answers = threading.Barrier(8, timeout=30), []

        def work() -> None:
            begin.wait()
            answers.append(ask(app.test_client()))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 8 and len(set(answers)) == 1
        with app.app_context():
            assert taken() == 1
