"""The play: the invented conference goes through the whole pipeline, with people where people are needed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from demo import conference
from demo.conference import SLUG, ZONE, Footage, Run, Talk
from demo.human import Human
from demo.stage import PATHS, WORKERS, Stage, StageFailed
from tracker import fahrplan, profiles, projects, queries, tickets, users
from tracker.db import db, transaction
from tracker.models import Ticket

PROFILES = ("hd", "sd", "mp3", "opus")
CUTTER, CHECKER = "anna", "bernd"
LEFT_TO_CUT, LEFT_TO_CHECK = 101, 102
"""The talks that wait for the visitor, unless the whole play is wanted."""

Tell = Callable[[str], None]


@dataclass
class Play:
    """What goes on: the stage, the people, the footage, and what was already done by whom."""

    stage: Stage
    tell: Tell
    whole: bool
    passwords: dict[str, str] = field(
        default_factory=lambda: {name: secrets.token_urlsafe(9) for name in (CUTTER, CHECKER)}
    )
    footage: Mapping[int, Footage] = field(default_factory=dict)
    marks: dict[int, tuple[int, int]] = field(default_factory=dict)
    people: dict[str, Human] = field(default_factory=dict)
    told: dict[int, str] = field(default_factory=dict)
    talks: Sequence[Talk] = conference.TALKS
    runs: Sequence[Run] = conference.RUNS
    formats: Sequence[str] = PROFILES

    def open(self, moment: datetime | None = None) -> None:
        """Record the conference, start the server, import the Fahrplan, start the workers, let people log in."""
        day = conference.conference_day(moment or datetime.now(UTC))
        self.stage.prepare()
        self.tell(f"recording {len(self.runs)} stretches of {conference.TITLE}, {day:%Y-%m-%d}")
        self.footage = conference.record(self.stage.path("Raw"), day, self.runs)
        schedule = self.stage.folder / "fahrplan.xml"
        schedule.write_bytes(conference.fahrplan(day, self.talks))
        self.tell("starting the server and its database")
        self.stage.start_server()
        with self.stage.domain(), transaction():
            self._found_project(str(schedule), str(day.year))
        for kind in WORKERS:
            self.stage.start_worker(kind)
        self.people = {name: Human(self.stage.url, name, password) for name, password in self.passwords.items()}

    def _found_project(self, schedule: str, year: str) -> None:
        values = {f"Processing.Path.{name}": str(self.stage.path(name)) for name in PATHS}
        values |= {"Record.StartPadding": str(conference.PADDING_S), "Record.EndPadding": str(conference.PADDING_S)}
        values |= {"Meta.Album": conference.TITLE, "Meta.License": "CC-BY 4.0", "Meta.Year": year}
        project = projects.create(
            SLUG,
            conference.TITLE,
            time_zone=ZONE.key,
            languages=("deu", "eng"),
            values=values | {"Fahrplan.XML": schedule},
        )
        for slug in self.formats:
            profiles.use(project, slug)
        users.create(CUTTER, self.passwords[CUTTER], "user")
        users.create(CHECKER, self.passwords[CHECKER], "superuser")
        xml = Path(schedule).read_bytes()
        report = fahrplan.import_fahrplan(project, xml, tickets.Actor("importer"), source=schedule)
        self.tell(f"imported the Fahrplan: {report.counts}")

    # --- the acts

    def run(self, patience_s: float) -> None:
        """Play until everything is where it should be. Raises StageFailed when a ticket fails or nothing moves."""
        deadline = time.monotonic() + patience_s
        with self.stage.domain():
            while not self.turn():
                if time.monotonic() > deadline:
                    raise StageFailed(f"After {patience_s:.0f} s not all is done:\n{self._standing()}")
                if gone := self.stage.dead():
                    raise StageFailed(f"{gone[0]} ended by itself:\n{self.stage.log_tail(gone[0])}")
                time.sleep(0.5)

    def turn(self) -> bool:
        """Let people do what waits for them; return whether the play is over."""
        db.session.rollback()
        talks = queries.talks(projects.get(SLUG).id)
        for ticket in (each for talk in talks for each in (talk, *talk.children)):
            self._report(ticket)
        acted = [self._act(talk) for talk in talks]
        return not any(acted) and all(self._over(talk) for talk in talks)

    def _report(self, ticket: Ticket) -> None:
        if ticket.failed:
            entry = next(iter(queries.history([ticket.id])), None)
            raise StageFailed(
                f"Ticket {ticket.id} ({ticket.state}) failed: {entry.comment if entry else ticket.waiting}"
            )
        if self.told.get(ticket.id) != ticket.state:
            self.told[ticket.id] = ticket.state
            what = ticket.profile_version.profile.name if ticket.profile_version else "recording"
            number = (ticket.parent or ticket).fahrplan_id
            self.tell(f"{self._percent():3.0f} %  talk {number} {what}: {ticket.state}")

    def _percent(self) -> float:
        return projects.progress(projects.get(SLUG))

    def _act(self, talk: Ticket) -> bool:
        """Do for one talk what a person has to do next; return whether something was done."""
        number = talk.fahrplan_id or 0
        if talk.state == "merged" and (self.whole or number != LEFT_TO_CUT):
            self.marks[number] = self.people[CUTTER].cut(talk.id, self.footage[number])
            return True
        waiting = [child for child in self._to_check(talk) if child.state == "encoded"]
        for child in waiting:
            self.people[CHECKER].check(child.id)
        states = {child.state for child in made(talk)}
        if states and states <= {"postprocessed", "released"} and "postprocessed" in states:
            self.people[CHECKER].release(talk.id)
            return True
        return bool(waiting)

    def _to_check(self, talk: Ticket) -> Sequence[Ticket]:
        if self.whole or talk.fahrplan_id != LEFT_TO_CHECK:
            return made(talk)
        return [child for child in made(talk) if _slug(child) != "sd"]

    def _over(self, talk: Ticket) -> bool:
        if talk.state == "locked":
            return True
        if not self.whole and talk.fahrplan_id == LEFT_TO_CUT:
            return talk.state == "merged"
        if not self.whole and talk.fahrplan_id == LEFT_TO_CHECK:
            return {child.state for child in made(talk)} == {"encoded", "postprocessed"}
        return talk.state == "copied" and all(child.state == "released" for child in made(talk))

    def _standing(self) -> str:
        db.session.rollback()
        lines = []
        for talk in queries.talks(projects.get(SLUG).id):
            for ticket in (talk, *talk.children):
                lines.append(f"  {ticket.id} {ticket.type} {ticket.state}: {tickets.why_waiting(ticket)}")
        return "\n".join(lines)


def made(talk: Ticket) -> list[Ticket]:
    """Return the encoding tickets of a talk but for formats that are off: the footage is too small for 720p."""
    return [child for child in talk.children if not child.off]


def _slug(ticket: Ticket) -> str:
    return ticket.profile_version.profile.slug if ticket.profile_version else ""
