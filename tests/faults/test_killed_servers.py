"""The server and its database are killed while a script works: the script goes on and loses nothing."""

from __future__ import annotations

from tests.faults.strike import half, watched
from tests.faults.talk import SCRIPTS
from tests.faults.verdict import same_as_undisturbed
from tests.faults.works import Works


def test_work_goes_on_when_the_server_was_killed(works: Works) -> None:
    script = SCRIPTS["copy"]
    talk = works.talk(script.before)
    before = talk.files()
    with watched(works, "copy", half("copy"), lambda _pid: works.kill_server(), settings={"LEASE_S": "20"}) as strike:
        strike.wait()
        works.stage.start_server()
        works.until(lambda: talk.state_of(script) == script.after)
    assert talk.look(talk.of(script), lambda ticket: ticket.attempt) == 1
    assert talk.files() == before | talk.results("copy")
    same_as_undisturbed(talk, script)


def test_a_ticket_is_not_lost_although_its_lease_ran_out_while_the_server_was_away(works: Works) -> None:
    talk = works.talk("ready to encode")
    with watched(works, "encode", half("encode"), lambda _pid: works.kill_server()) as strike:
        strike.wait()
        works.stage.start_server()
        works.until(lambda: talk.state("hd") == "encoded")
    assert not talk.entries("Lease.lost")
    same_as_undisturbed(talk, SCRIPTS["encode"])


def test_work_goes_on_when_the_postmaster_was_killed(works: Works) -> None:
    script = SCRIPTS["encode"]
    talk = works.talk(script.before)
    before = talk.files()
    with watched(works, "encode", half("encode"), lambda _pid: works.kill_postmaster()) as strike:
        strike.wait()
        works.until(lambda: talk.state("hd") == "encoded")
    assert talk.look(talk.of(script), lambda ticket: ticket.attempt) == 1
    assert talk.files() == before | talk.results("encode")
    same_as_undisturbed(talk, script)
    assert "is gone; starting it again" in works.stage.log_tail("server", 10_000_000)
