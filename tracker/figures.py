"""The statistics of a project: hours of film, times from talk to release, who encoded, cut and checked how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tracker import queries
from tracker.models import Project
from tracker.queries import figures as rows
from tracker.reports import AFTER_TALK
from tracker.sparing import Sparing

ENDS = {"encoding": "encoded", "cutting": "cut", "checking": "checked"}
"""Work -> the state it ends in when it went well."""


@dataclass(frozen=True)
class Done:
    """What a worker or a person did: *times* well, *failed* not; seconds in the middle; film per second of work."""

    who: str
    profile: str
    times: int
    failed: int
    median_s: float
    speed: float


@dataclass(frozen=True)
class Figures:
    """The statistics of a project; *film_s* seconds by ``recorded``, ``cut``, ``released``; *done* by state."""

    film_s: dict[str, float]
    after_talk: dict[str, tuple[float, float, int]]
    done: dict[str, list[Done]]

    def plain(self, *, people: bool) -> dict[str, Any]:
        """Return the same for JSON; without *people*, only what machines did."""
        times = {
            state: {"p50_s": half, "p90_s": most, "count": count}
            for state, (half, most, count) in self.after_talk.items()
        }
        shown = {name: each for name, each in self.done.items() if people or name == "encoding"}
        return {
            "film_s": self.film_s,
            "after_talk": times,
            "done": {name: [vars(done) for done in each] for name, each in shown.items()},
        }


_KEPT: Sparing[int, Figures] = Sparing()


def figures(project: Project) -> Figures:
    """Count what was done in a project so far, with four questions; of a huge log not each time anew."""
    return _KEPT.get(project.id, lambda: _counted(project))


def _counted(project: Project) -> Figures:
    failed = rows.failures(project.id, list(ENDS))
    done: dict[str, list[Done]] = {state: [] for state in ENDS}
    for work in rows.work_done(project.id, list(ENDS.items())):
        number = failed.pop((work.state, work.actor, work.profile), 0)
        speed = work.film_s / work.total_s if work.total_s else 0.0
        done[work.state].append(Done(work.actor, work.profile, work.times, number, work.median_s, speed))
    for (state, who, profile), number in failed.items():
        done[state].append(Done(who, profile, 0, number, 0.0, 0.0))
    for each in done.values():
        each.sort(key=lambda one: (one.profile, -one.times, one.who))
    return Figures(rows.film_seconds(project.id), queries.times_after_talk(project.id, AFTER_TALK), done)
