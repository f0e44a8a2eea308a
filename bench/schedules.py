"""Large invented schedules, written event by event; the same numbers give the same bytes."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import BinaryIO
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
FIRST = date(2031, 7, 4)
ROOMS = 40
SLOT = timedelta(minutes=30)
WORDS = (
    *("kernel", "audit", "Fahrplan", "Größe", "Straße", "日本語", "émigré", "radio", "🚀"),
    *("mesh", "privacy", "encoder", "cut", "master", "release", "codec", "ticket", "stream"),
    *("matrix", "badge", "soldering", "law", "copyright", "satellite", "compiler", "network", "congress"),
    *("camp", "assembly", "angel", "open", "source"),
)
NAMES = (
    *("Ada", "Linus", "Grace", "Jürgen", "Zoë", "Søren", "Łukasz", "Nguyễn", "小林"),
    *("O'Brien", "Müller-Lüdenscheidt"),
)


@dataclass(frozen=True, slots=True)
class Talk:
    """One event; talk n is always the same."""

    number: int
    title: str
    start: datetime
    room: str
    abstract: str
    persons: tuple[str, ...]
    optout: bool

    @property
    def xml(self) -> str:
        """Print it as pretalx does."""
        persons = "".join(f'<person id="{n}">{escape(name)}</person>' for n, name in enumerate(self.persons))
        return (
            f'<event guid="{uuid.UUID(int=self.number)}" id="{self.number}"><date>{self.start.isoformat()}</date>'
            f"<start>{self.start:%H:%M}</start><duration>00:25</duration><room>{self.room}</room>"
            f"<slug>bench-{self.number}</slug><url>https://talks.example/{self.number}</url>"
            f"<recording><license>CC BY 4.0</license><optout>{str(self.optout).lower()}</optout></recording>"
            f"<title>{escape(self.title)}</title><subtitle/><track>track {self.number % 7}</track><type>lecture</type>"
            f"<language>en</language><abstract>{escape(self.abstract)}</abstract><description/>"
            f"<persons>{persons}</persons><links/></event>\n"
        )


def talk(number: int) -> Talk:
    """Make talk *number*, from 1; 40 rooms hold 28 talks each a day."""
    chance = random.Random(number)
    day, place = divmod(number - 1, ROOMS * 28)
    room, slot = divmod(place, 28)
    return Talk(
        number,
        f"{' '.join(chance.choices(WORDS, k=4))} {number}",
        datetime.combine(FIRST + timedelta(days=day), time(9), ZONE) + slot * SLOT,
        f"Saal {room + 1}",
        " ".join(chance.choices(WORDS, k=chance.randrange(20, 100))),
        tuple(f"{chance.choice(NAMES)} {chance.choice(NAMES)}" for _ in range(chance.randrange(3))),
        chance.random() < 0.03,
    )


def changed(given: Talk) -> Talk:
    """Return the talk as a later version has it: retitled, moved in time, moved to a room, or with another speaker."""
    match given.number % 4:
        case 0:
            return replace(given, title=f"{given.title} (updated)")
        case 1:
            return replace(given, start=given.start + timedelta(minutes=5))
        case 2:
            return replace(given, room=f"Saal {given.number % ROOMS + 1}")
    return replace(given, persons=(*given.persons, "New Speaker"))


def talks(events: int, every: int = 0) -> Iterator[Talk]:
    """Yield talks; each so many is changed."""
    for number in range(1, events + 1):
        given = talk(number)
        yield changed(given) if every and number % every == 0 else given


def write(stream: BinaryIO, events: int, every: int = 0) -> None:
    """Write a schedule of so many events."""
    stream.write(
        b"<?xml version='1.0' encoding='utf-8'?>\n<schedule><version>1</version><conference><title>Bench</title>"
        b"<time_zone_name>Europe/Berlin</time_zone_name></conference>"
    )
    around: tuple[date, str] | None = None
    for each in talks(events, every):
        here = (FIRST + timedelta(days=(each.number - 1) // (ROOMS * 28)), each.room)
        if here != around:
            stream.write(b"</room></day>" if around else b"")
            stream.write(f'<day date="{here[0]}" index="1"><room name="{each.room}">\n'.encode())
            around = here
        stream.write(each.xml.encode())
    stream.write(b"</room></day></schedule>" if around else b"</schedule>")
