"""The project always equals the schedule plus what people decided."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.orm import Session, scoped_session

from tests.tracker.fahrplan.machine import using

QUICK = settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


def test_a_conference_that_lives_is_always_the_schedule_plus_what_people_decided(
    db_session: scoped_session[Session],
) -> None:
    machine: Any = using(db_session)
    run_state_machine_as_test(machine, settings=QUICK)
