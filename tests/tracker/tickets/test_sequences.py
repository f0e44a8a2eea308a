"""Any sequence of verbs keeps what always holds, and the log replays to the same tickets (design D3, D4)."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.tracker.tickets.sequences import Sequences


def test_any_sequence_of_verbs_keeps_the_invariants(db_session):
    """The same sequences at every run; `make proof` tries others."""
    chosen = settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True, database=None)
    run_state_machine_as_test(Sequences, settings=settings(chosen, suppress_health_check=list(HealthCheck)))
