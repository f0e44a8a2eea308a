"""Single workers: held, commanded, ended, forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tracker import queries, tickets, wire, workers
from tracker.db import db, now
from tracker.errors import InvalidInput, NotFound
from tracker.workers import fleet, groups


@pytest.fixture
def worker(db_session):
    return factories.make_worker("vm-1.example.org")


def test_a_worker_is_found_by_its_name_and_by_its_group(worker):
    group, _ = groups.create("encoders", secret_key="k" * 64)
    assert fleet.get("vm-1.example.org") is worker
    namesake = workers.register(group, "vm-1.example.org")
    with pytest.raises(NotFound, match=r"say which: encoders/vm-1\.example\.org, scripts/vm-1\.example\.org"):
        fleet.get("vm-1.example.org")
    assert (fleet.get("encoders/vm-1.example.org"), fleet.get(f"scripts/{worker.name}")) == (namesake, worker)
    with pytest.raises(NotFound, match="There is no worker 'nobody'"):
        fleet.get("nobody")


def test_a_held_worker_gets_no_work_until_it_is_released(worker):
    ticket = factories.make_encoding(factories.make_project())
    fleet.hold(worker)
    assert tickets.claim_next(ticket.project, "encoding", worker) is None
    fleet.release(worker)
    assert tickets.claim_next(ticket.project, "encoding", worker) is ticket


def test_a_command_is_brought_by_the_next_ping_once(worker):
    fleet.command(worker, " reload ")
    db.session.flush()
    assert [tickets.heartbeat(worker) for _ in range(2)] == ["reload", wire.OK]


@pytest.mark.parametrize(("at_once", "told"), [(False, "terminate"), (True, "terminate now")])
def test_a_worker_is_told_to_end(worker, at_once, told):
    fleet.terminate(worker, at_once=at_once)
    db.session.flush()
    assert tickets.heartbeat(worker) == told


@pytest.mark.parametrize("text", ["OK", "Ticket lost", "a\nb", "x" * 201])
def test_not_every_text_is_a_command(worker, text):
    with pytest.raises(InvalidInput, match="is no command"):
        fleet.command(worker, text)


def test_a_silent_worker_is_forgotten_but_not_its_name_in_the_log(worker):
    ticket = factories.assign(factories.make_encoding(factories.make_project()), worker, "encoding")
    with pytest.raises(InvalidInput, match="was heard of in the last 10 minutes"):
        fleet.forget(worker)
    worker.last_seen = now() - timedelta(minutes=11)
    db.session.flush()
    assert fleet.forget(worker) == 1
    db.session.refresh(ticket)
    assert (ticket.state, ticket.worker_id) == ("ready to encode", None)
    assert worker.name in {entry.actor for entry in factories.log_of(ticket)}
    assert queries.workers_named("vm-1.example.org") == []
