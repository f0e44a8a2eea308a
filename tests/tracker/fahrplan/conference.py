"""A model of a conference: what its exporter prints, and what a tracker has to make of it.

The model knows each talk by a number that the exporter does not print. It says in its own words what becomes of a
change: a value follows the Fahrplan when the Fahrplan changes it, unless a person chose otherwise or has to be asked.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2024, 12, 27, 10, tzinfo=BERLIN)
FIELDS = ("title", "start", "duration", "room", "persons", "abstract", "optout")
KIND = {
    "title": "retitled",
    "start": "moved in time",
    "duration": "moved in time",
    "room": "moved to a room",
    "persons": "speakers",
    "abstract": "text only",
}
CAREFUL = {
    "new": ("apply", "apply"),
    "moved in time": ("apply", "ask"),
    "moved to a room": ("apply", "ask"),
    "retitled": ("apply", "ask"),
    "text only": ("apply", "ask"),
    "speakers": ("apply", "ask"),
    "opt-out set": ("apply", "apply"),
    "opt-out withdrawn": ("ask", "ask"),
    "gone": ("apply", "ask"),
    "back": ("apply", "ask"),
}
"""The defaults, written down once more."""


@dataclass
class Talk:
    """What the Fahrplan says of a talk; *start* in minutes after the conference began, *optout* as it is stored."""

    number: int
    title: str
    start: int
    room: str = "Saal 1"
    duration: int = 30
    persons: str = ""
    abstract: str = ""
    optout: str = ""
    guid: str = ""
    source_id: str = ""
    present: bool = True

    @property
    def values(self) -> dict[str, Any]:
        """Return what can change of it."""
        return {name: getattr(self, name) for name in FIELDS}


@dataclass
class Row:
    """What the tracker has to have of a talk."""

    stored: dict[str, Any]
    said: dict[str, Any]
    word: dict[str, Any]
    """What the last version said that was dealt with."""
    title: str = ""
    state: str = "scheduled"
    lock: str = ""
    from_state: str = "scheduled"
    ours: bool = False
    """An import locked it, not a person."""
    recorded: bool = False
    gone: bool = False
    missed: bool = False
    waits: set[str] = field(default_factory=set)

    @property
    def begun(self) -> bool:
        """Tell whether it is recording or further, or was before it was locked."""
        return self.state == "recorded" or (self.state == "locked" and self.recorded)

    def relock(self, reason: str) -> None:
        """Lock or unlock it because an import's reason changed."""
        before, self.lock = self.lock, reason
        if reason and self.state != "locked" and before != reason:
            self.from_state, self.state, self.ours = self.state, "locked", True
        elif before and not reason and self.state == "locked" and self.ours:
            self.state = self.from_state


class Expected:
    """The project as it has to be: the schedule, and what people decided."""

    def __init__(self) -> None:
        """Begin with nothing and careful policies."""
        self.rows: dict[int, Row] = {}
        self.policy: dict[str, tuple[str, str]] = dict(CAREFUL)
        self.asked_new: dict[int, dict[str, Any]] = {}
        self.unwanted: set[int] = set()

    def publish(self, talks: Mapping[int, Talk]) -> bool:
        """Take in a version; tell whether it looks like an outage, which changes nothing."""
        alive = [number for number, row in self.rows.items() if not row.gone and not row.missed]
        lost = [number for number in alive if number not in talks]
        if lost and (not talks or (len(lost) >= 3 and len(lost) >= 0.1 * len(alive))):
            return True
        for number, row in self.rows.items():
            row.waits = set()
            if number in talks:
                row.missed = False
                self._follow(row, talks[number].values)
            elif not row.gone:
                self._miss(row)
        for number, talk in talks.items():
            if number not in self.rows:
                self._new(number, talk.values)
        self.asked_new = {number: word for number, word in self.asked_new.items() if number in talks}
        self.unwanted &= talks.keys()
        return False

    def _new(self, number: int, word: dict[str, Any]) -> None:
        action = self.policy["new"][0]
        if number in self.unwanted:
            return
        if action == "apply":
            self.create(number, word)
        elif action == "ask":
            self.asked_new[number] = word
        if action != "ask":
            self.asked_new.pop(number, None)

    def create(self, number: int, word: dict[str, Any]) -> None:
        """Make a talk."""
        row = Row(dict(word), dict(word), dict(word), word["title"])
        if word["optout"] == "1":
            row.relock("opted out")
        self.rows[number] = row
        self.asked_new.pop(number, None)
        self.unwanted.discard(number)

    def _miss(self, row: Row) -> None:
        action = self.policy["gone"][row.begun]
        row.missed = action == "ask"
        if action == "apply":
            row.gone = True
            row.relock("gone")
        elif action == "ask":
            row.waits.add("gone")

    def _follow(self, row: Row, word: dict[str, Any]) -> None:
        row.word = dict(word)
        actions = {name: self._action(row, name, word) for name in FIELDS if self._is_news(row, name, word)}
        if "ask" in (actions.get("start"), actions.get("duration")):
            for name in ("start", "duration"):
                actions[name] = "ask" if name in actions else ""
        back = self.policy["back"][row.begun] if row.gone else ""
        for name in FIELDS:
            if actions.get(name) == "apply":
                self._store(row, name, word)
            if actions.get(name, "") not in ("ask", "ignore"):
                row.said[name] = word[name]
        row.waits |= {name for name, action in actions.items() if action == "ask"}
        if back == "ask":
            row.waits.add("back")
        if back == "apply":
            row.gone = False
        if back == "apply" or (actions.get("optout") == "apply" and row.lock != "gone"):
            row.relock("opted out" if row.stored["optout"] == "1" else "")

    def _is_news(self, row: Row, name: str, word: dict[str, Any]) -> bool:
        return bool(word[name] != row.said[name] and word[name] != row.stored[name])

    def _store(self, row: Row, name: str, word: dict[str, Any]) -> None:
        row.stored[name] = word[name]
        if name == "title":
            row.title = word[name]

    def _action(self, row: Row, name: str, word: dict[str, Any]) -> str:
        if name == "optout":
            pair = (row.stored[name], word[name])
            kind = "text only" if "1" not in pair else "opt-out set" if pair[1] == "1" else "opt-out withdrawn"
        else:
            kind = KIND[name]
        action = self.policy[kind][row.begun]
        by_hand = row.stored[name] != row.said[name]
        return "ask" if by_hand and action == "apply" and kind != "opt-out set" else action

    # --- people

    def take(self, number: int, names: set[str]) -> None:
        """Take over what waits."""
        row = self.rows[number]
        for name in names & set(FIELDS):
            self._store(row, name, row.word)
            row.said[name] = row.word[name]
        if "gone" in names:
            row.gone, row.missed = True, False
            row.relock("gone")
        if "back" in names:
            row.gone = False
        if "back" in names or ("optout" in names and row.lock != "gone"):
            row.relock("opted out" if row.stored["optout"] == "1" else "")
        row.waits -= names

    def leave(self, number: int, names: set[str]) -> None:
        """Leave things as they are."""
        row = self.rows[number]
        for name in names & set(FIELDS):
            row.said[name] = row.word[name]
        if "gone" in names:
            row.gone, row.missed = True, False
        if "back" in names:
            row.gone, row.lock = False, ""
        row.waits -= names


class Printer:
    """Prints the same schedule in many ways: zones, clocks, lies about offsets, orders, versions."""

    def __init__(self, chance: random.Random) -> None:
        """Use *chance* for what does not matter."""
        self.chance = chance

    def print(self, talks: Mapping[int, Talk]) -> bytes:
        """Print a version."""
        rooms: dict[str, list[str]] = {}
        style = self.chance.choice(("local", "utc", "lie", "naive", "dateless"))
        for talk in self.chance.sample(list(talks.values()), len(talks)):
            rooms.setdefault(talk.room, []).append(self._event(talk, style))
        inner = "".join(f"<room name={quoteattr(name)}>{''.join(events)}</room>" for name, events in rooms.items())
        zone = "<time_zone_name>Europe/Berlin</time_zone_name>"
        version = f"<version>v{self.chance.randrange(10**6)}</version>"
        day = f"<day index='1' date='2024-12-27'>{inner}</day>"
        return f"<schedule>{version}<conference><title>C</title>{zone}</conference>{day}</schedule>".encode()

    def _event(self, talk: Talk, style: str) -> str:
        start = BEGIN + timedelta(minutes=talk.start)
        fields = {
            "start": f"{start:%H:%M}",
            "duration": f"{talk.duration // 60:02d}:{talk.duration % 60:02d}",
            "room": talk.room,
            "title": talk.title,
            "abstract": talk.abstract,
        }
        if style != "dateless":
            fields["date"] = _date(start, style)
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
        persons = "".join(f"<person>{escape(name)}</person>" for name in talk.persons.split(", ") if name)
        said = {"1": "true", "0": "false"}.get(talk.optout)
        optout = f"<recording><optout>{said}</optout></recording>" if said else ""
        keys = f"guid={quoteattr(talk.guid)} id={quoteattr(talk.source_id)}"
        return f"<event {keys}>{inner}<persons>{persons}</persons>{optout}</event>"


def _date(start: datetime, style: str) -> str:
    if style == "utc":
        return start.astimezone(UTC).isoformat()
    return (
        start.isoformat() if style == "local" else start.replace(tzinfo=None).isoformat() + "+00:00" * (style == "lie")
    )
