"""A large event is drained by many workers over real HTTP while the server is killed in the middle."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from demo.stage import Stage
from scripts.worker.client import TicketLost, TrackerClient
from scripts.worker.transport import Patience
from tracker import profiles, projects, queries, tickets
from tracker.db import db, transaction

TALKS, WORKERS = 500, 8
pytestmark = pytest.mark.proof


@pytest.fixture
def stage(place) -> Iterator[Stage]:
    stage = Stage(place / "stage")
    stage.prepare()
    stage.start_server()
    yield stage
    stage.stop()


def _fill(stage: Stage) -> None:
    with stage.domain(), transaction():
        project = projects.create("drain", "Drain")
        for slug in ("hd", "sd", "mp3", "opus"):
            profiles.use(project, slug)
        for number in range(TALKS):
            talk = tickets.create_recording(project, tickets.TRACKER, title=f"Talk {number}")
            tickets.move(talk, "copied", tickets.TRACKER, "Test")


def _drain(stage: Stage, number: int, done: Counter[int], refused: list[int]) -> None:
    fqdn = f"demo-drain{number}.localhost"
    door = TrackerClient(stage.url, fqdn, stage.secret, patience=Patience(120), lease_s=60)
    client = door.in_project("drain")
    while ticket := client.assign_next_unassigned_for_state("encoding"):
        try:
            client.set_ticket_done(ticket.id, "drained")
            done[ticket.id] += 1
        except TicketLost:
            refused.append(ticket.id)
    door.close()


def test_every_ticket_is_done_once_though_the_server_is_killed(stage):
    _fill(stage)
    done: Counter[int] = Counter()
    refused: list[int] = []
    workers = [threading.Thread(target=_drain, args=(stage, n, done, refused)) for n in range(WORKERS)]
    for worker in workers:
        worker.start()
    while len(done) < TALKS and any(worker.is_alive() for worker in workers):
        workers[0].join(0.5)
    stage.kill("server")
    stage.start_server()
    for worker in workers:
        worker.join()
    with stage.domain():
        counts = {
            (state, failed): count for kind, state, failed, count in queries.state_counts(1) if kind == "encoding"
        }
        db.session.rollback()
    assert (len(done), max(done.values()), refused) == (4 * TALKS, 1, [])
    assert counts == {("encoded", False): 4 * TALKS}
