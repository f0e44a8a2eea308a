"""One stage for all tests about faults that a process of pytest runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults import works as stage
from tests.faults.works import Works, fingerprint
from tests.places import scratch


@pytest.fixture(scope="session")
def stage_of_faults() -> Iterator[Works]:
    """Return a running tracker whose model talk is released."""
    with scratch() as folder, stage.running(folder) as works:
        yield works


@pytest.fixture
def works(stage_of_faults: Works) -> Iterator[Works]:
    """Return the stage for one test; whatever the test does, no source may change."""
    raw = stage_of_faults.stage.path("Raw")
    before = fingerprint(raw)
    yield stage_of_faults
    stage_of_faults.clear()
    assert fingerprint(raw) == before
