"""Many requests that nobody would send, another seed each time; the number and the seed are printed."""

from __future__ import annotations

import secrets

import pytest
from flask.testing import FlaskClient

from tests.tracker.rpc.fuzz import Fuzzer
from tests.tracker.rpc.test_fuzz import make_scene, report

ROUND, ROUNDS = 5_000, 8
"""The pool of calls and the tickets begin anew with each round."""
pytestmark = pytest.mark.proof


@pytest.mark.parametrize("number", range(ROUNDS))
def test_no_request_of_very_many_breaks_a_door(
    client: FlaskClient, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    seed = secrets.randbelow(2**32)
    tally = Fuzzer(client, make_scene(), seed).run(ROUND)
    with capsys.disabled():
        print(f"\n{report(tally, seed)}")
    assert tally.wrong == [], f"seed {seed}"
