"""The server and its database are killed while a script works: the script goes on and loses nothing."""

from __future__ import annotations

import time

import pytest

from tests.faults.strike import LEASE_S, half, watched
from tests.faults.talk import SCRIPTS
from tests.faults.verdict import same_as_undisturbed
from tests.faults.works import Works


def test_work_goes_on_when_the_server_was_away_for_longer_than_the_lease(works: Works) -> None:
    script = SCRIPTS["copy"]
    talk = works.talk(script.before)
    before = talk.files()
    with watched(works, "copy", half("copy"), lambda _pid: works.kill_server()) as strike:
        strike.wait()
        time.sleep(float(LEASE_S))
        works.stage.start_server()
        works.until(lambda: talk.state_of(script) == script.after)
    assert not talk.entries("Lease.lost")
    assert talk.look(talk.of(script), lambda ticket: ticket.attempt) == 1
    assert talk.files() == before | talk.results("copy")
    same_as_undisturbed(talk, script)


def test_work_goes_on_when_the_postmaster_was_killed(works: Works, caplog: pytest.LogCaptureFixture) -> None:
    script = SCRIPTS["encode"]
    talk = works.talk(script.before)
    before = talk.files()
    with watched(works, "encode", half("encode"), lambda _pid: works.kill_postmaster()) as strike:
        strike.wait()
        works.until(lambda: talk.state("hd") == "encoded")
    assert talk.look(talk.of(script), lambda ticket: ticket.attempt) == 1
    assert talk.files() == before | talk.results("encode")
    same_as_undisturbed(talk, script)
    told = works.stage.log_tail("server", 10_000_000) + caplog.text  # who looks on keeps it after the server was killed
    assert "is gone; starting it again" in told
