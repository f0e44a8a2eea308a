"""Many at the same talks at once, with real commits: nobody waits for ever, and nothing is left wrong."""

from __future__ import annotations

import random
import threading

from tests import factories
from tests.tracker.tickets.sequences import check_encoding, check_holder, depend
from tracker import profiles, projects, queries, tickets, users
from tracker.db import transaction
from tracker.errors import DatabaseError, TrackerError
from tracker.statemachine import CLASSIC, ENCODING
from tracker.tickets import TRACKER

FORMATS = ("hd", "mp3", "opus")
THREADS, STEPS = 6, 12


def step(dice: random.Random, name: str) -> None:
    """Do one thing that takes several rows: a talk and its files, or those of all talks."""
    project, worker = projects.get("demo"), queries.register_worker(queries.v3_group().id, name)
    user = users.get("alice")
    chosen = dice.choice(queries.find_tickets(project.id))
    verbs = (
        lambda: tickets.claim_next(project, dice.choice(list(CLASSIC.services)), worker, 60),
        lambda: tickets.claim_beside(chosen.id, project, worker, 2, 60, spare=dice.random() < 0.5),
        lambda: tickets.finish(chosen.id, project, worker),
        lambda: tickets.fail(chosen.id, project, worker, "crashed"),
        lambda: tickets.set_state(chosen.id, user, dice.choice(list(chosen.table.by_name))),
        lambda: tickets.set_failed(chosen.id, user, dice.random() < 0.5, comment="x"),
        lambda: tickets.set_priority(chosen.id, user, dice.choice([0.5, 1, 2])),
        lambda: tickets.reset(chosen.id, user, force=True),
        lambda: (
            tickets.switch_off(tickets.lock(chosen.id), TRACKER, dice.choice(["", "small"]))
            if chosen.type == ENCODING
            else tickets.move(tickets.lock(chosen.id), "copied", TRACKER, "Test")
        ),
        lambda: profiles.use(project, dice.choice(FORMATS), dice.choice([0.5, 1.0])),
        lambda: projects.configure(project, dependee_state=dice.choice(["encoded", "released"])),
    )
    dice.choice(verbs)()


def test_whoever_takes_several_rows_takes_them_in_one_order(committed_db):
    wrong: list[BaseException] = []
    begin = threading.Barrier(THREADS, timeout=60)

    def work(number: int) -> None:
        dice = random.Random(number)
        begin.wait()
        for _ in range(STEPS):
            try:
                with app.app_context(), transaction():
                    step(dice, f"vm-{number}.example.org")
            except DatabaseError as error:
                wrong.append(error)
            except TrackerError:
                pass

    with factories.committing(committed_db) as app:
        with app.app_context(), transaction():
            project = factories.make_project(formats=FORMATS, languages=())
            depend(project)
            for _ in range(2):
                factories.make_recording(project, "copied")
            factories.make_user("alice")
        threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == [], "somebody waited for somebody who waited for him"
        with app.app_context():
            found = queries.find_tickets(projects.get("demo").id)
            for ticket in found:
                check_holder(ticket)
                if ticket.type == ENCODING:
                    check_encoding(ticket, [each for each in found if each.parent_id == ticket.parent_id])
