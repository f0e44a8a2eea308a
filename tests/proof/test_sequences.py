"""Hundreds of long sequences of verbs, other ones at every run, keep what always holds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.tracker.tickets.sequences import Sequences

pytestmark = pytest.mark.proof


def test_hundreds_of_sequences_keep_the_invariants(db_session):
    chosen = settings(max_examples=150, stateful_step_count=40, deadline=None, database=None)
    run_state_machine_as_test(Sequences, settings=settings(chosen, suppress_health_check=list(HealthCheck)))
