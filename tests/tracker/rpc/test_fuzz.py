"""A few thousand requests that nobody would send; `make proof` sends more."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.tracker.rpc.fuzz import Fuzzer, Scene, Tally
from tests.tracker.rpc.v4.conftest import make_group
from tracker import projects, tokens
from tracker.db import db
from tracker.rpc import METHODS

COUNT, SEED = 1200, 20260501


def make_scene() -> Scene:
    """Make projects with tickets in many states, a group, and a user with a token."""
    project, other, old = (factories.make_project(slug) for slug in ("demo", "other", "old"))
    tickets = [
        factories.make_encoding(project, state) for state in ("ready to encode", "encoded", "checked", "released")
    ]
    tickets += [factories.make_recording(project, state) for state in ("scheduled", "recorded", "merged", "cut")]
    tickets += [factories.make_recording(project, "copied", language=""), factories.make_misc(project)]
    tickets += [factories.make_encoding(each) for each in (other, old)]
    projects.configure(old, read_only=True)
    group, secret = make_group("main", projects=(project,))
    reader = factories.make_user("bob")
    _made, token = tokens.create(reader, "fuzz")
    db.session.commit()
    return Scene(tickets, [project, other, old], group, secret, reader, token)


def report(tally: Tally, seed: int) -> str:
    return f"{tally.sent} requests, seed {seed}: {sum(tally.values.values())} values, faults {dict(tally.faults)}"


def test_no_request_breaks_a_door(client: FlaskClient) -> None:
    tally = Fuzzer(client, make_scene(), SEED).run(COUNT)
    print(report(tally, SEED))
    assert tally.wrong == []
    # The requests have to get deep enough to break something: most methods answered, many kinds of refusal met.
    answered = {found.name for found in METHODS.values()} & tally.values.keys()
    assert len(answered) > 15
    assert len(tally.faults) > 15 and sum(tally.values.values()) > COUNT / 5


def test_the_fuzzer_sees_a_crash(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.rpc.methods.read_text", None)
    assert any("TypeError" in told for told in Fuzzer(client, make_scene(), SEED).run(60).wrong)


def test_the_fuzzer_sees_a_fault_without_a_document(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.errors.NotFound.fault_code", 999)
    assert any("not documented" in told for told in Fuzzer(client, make_scene(), SEED).run(150).wrong)
