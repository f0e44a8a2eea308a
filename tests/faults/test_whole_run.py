"""In one run through the pipeline every script, the server and the database are killed once."""

from __future__ import annotations

from contextlib import ExitStack

from tests.faults.strike import ASSIGNED, NAMED, Moment, Strike, half, kill, watched
from tests.faults.talk import SOUND, VIDEO, Talk
from tests.faults.verdict import released_as_undisturbed
from tests.faults.works import Works

MOMENTS = {
    "record": Moment(call="setTicketNextState"),
    "merge": ASSIGNED,
    "copy": half("copy"),
    "encode": half("encode"),
    "postprocess": NAMED,
    "release": NAMED,
}


class Trouble:
    """Kills the server while the talk is cut and the postmaster while it is encoded; starts again what was killed."""

    def __init__(self, works: Works, strikes: dict[str, Strike]) -> None:
        self.works, self.strikes = works, strikes
        self.over: set[str] = set()

    def make(self, talk: Talk) -> None:
        """Look at everything once."""
        for kind, strike in self.strikes.items():
            if strike.look() and strike.process.poll() is not None:
                self._once(kind, lambda kind=kind: self.works.start(kind))
        if talk.state() == "copying":
            self._once("server", self._restart_server)
        if "encoding" in (talk.state(VIDEO), talk.state(SOUND)):
            self._once("postmaster", self.works.kill_postmaster)

    def _once(self, what: str, deed) -> None:
        if what not in self.over:
            self.over.add(what)
            deed()

    def _restart_server(self) -> None:
        self.works.kill_server()
        self.works.stage.start_server()


def test_a_run_in_which_everything_is_killed_once_releases_the_same_files(works: Works) -> None:
    with ExitStack() as stack:
        strikes = {kind: stack.enter_context(watched(works, kind, moment, kill)) for kind, moment in MOMENTS.items()}
        trouble, talk = Trouble(works, strikes), works.talk("scheduled")

        def released() -> bool:
            trouble.make(talk)
            return works.people_act(talk)

        works.until(released)
    assert trouble.over == {*MOMENTS, "server", "postmaster"}
    assert len(talk.entries("Lease.lost")) >= 5
    released_as_undisturbed(talk)
    assert talk.files() == left(talk)


def left(talk: Talk):
    """List what may lie on the mount in the end: no part, no hidden copy."""
    recording = talk.results("merge") | talk.results("copy")
    return recording.union(
        *(talk.results(kind, which) for kind in ("encode", "release") for which in (VIDEO, SOUND)),
    )
