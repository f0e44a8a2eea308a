"""The model of a conference, for as long as one has patience."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.orm import Session, scoped_session

from tests.tracker.fahrplan.machine import using

LONG = settings(
    max_examples=300, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@pytest.mark.proof
def test_many_conferences_are_always_the_schedule_plus_what_people_decided(db_session: scoped_session[Session]) -> None:
    machine: Any = using(db_session)
    run_state_machine_as_test(machine, settings=LONG)
