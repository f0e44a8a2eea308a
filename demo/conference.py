"""An invented small conference, dated yesterday: its Fahrplan, its talks, and what its room recorders wrote."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from lxml import etree

from demo.footage import Recorded, record_room

SLUG, TITLE, ZONE = "zwickelcon", "ZwickelCon 26", ZoneInfo("Europe/Berlin")
PADDING_S = 5
NTSC = Fraction(30000, 1001)
HALL, WORKSHOP = "Großer Saal", "Werkstatt 2"
SIZE = (854, 480)


@dataclass(frozen=True)
class Talk:
    """A talk of the invented Fahrplan; *at* in seconds after the day's first minute, *seconds* its scheduled length.

    The speaker really begins *late_s* after the scheduled start and stops *early_s* before the scheduled end: that is
    what the cutter has to find.
    """

    fahrplan_id: int
    title: str
    room: str
    at: float
    seconds: int
    language: str = "deu"
    persons: tuple[str, ...] = ("Wanda Weber",)
    av_delay_ms: int = 0
    optout: bool = False
    late_s: float = 1.4
    early_s: float = 1.0


_NIGHT = 2 * 3600 + 10 * 60
TALKS = (
    Talk(101, 'Übergrößen & <Ärger>: Fünf "Bäume" im Wald', HALL, 0, 30, persons=("Jürgen Öztürk", "Łucja Żak")),
    Talk(102, "../../etc/passwd; rm -rf $HOME | `true` %s", HALL, 40, 24, "eng", persons=("Bobby Tables",)),
    Talk(103, "Ein Loch im Netz: what went missing", WORKSHOP, 0, 36, "eng"),
    Talk(104, "Bitte nicht aufnehmen", WORKSHOP, 46, 20, optout=True),
    Talk(105, "Der Ton kommt später 🐢", HALL, 3600, 25, av_delay_ms=200),
    Talk(106, "Mitternacht & danach 日本語", HALL, _NIGHT, 22),
)
"""The day begins at 22:00, so the last talk runs after midnight and still belongs to the same conference day."""


@dataclass(frozen=True)
class Run:
    """A stretch of time during which a room's recorder ran."""

    room: str
    key: str
    talks: tuple[int, ...]
    rate: Fraction
    first_code: int
    hole: tuple[float, float] | None = None
    """Seconds of the talk (after its scheduled start) around which a segment got lost."""


RUNS = (
    Run(HALL, "grossersaal", (101, 102), Fraction(25), 1000),
    Run(WORKSHOP, "werkstatt2", (103, 104), NTSC, 50_000, hole=(14.0, 16.0)),
    Run(HALL, "grossersaal", (105,), Fraction(25), 100_000),
    Run(HALL, "grossersaal", (106,), Fraction(25), 150_000),
)
MARGIN_S = 8
SEGMENT_S = 5.0


@dataclass(frozen=True)
class Footage:
    """What was recorded of a talk: the frame codes that exist between the speaker's first and last word."""

    talk: Talk
    rate: Fraction
    first_code: int
    end_code: int
    codes: tuple[int, ...]

    @property
    def has_hole(self) -> bool:
        """Tell whether pictures of the talk are missing."""
        return len(self.codes) < self.end_code - self.first_code


def conference_day(moment: datetime) -> datetime:
    """Return 22:00 of the conference day: yesterday, or before while the talk after midnight may still run."""
    return (moment.astimezone(ZONE) - timedelta(hours=24, minutes=20)).replace(
        hour=22, minute=0, second=0, microsecond=0
    )


def start_of(talk: Talk, day: datetime) -> datetime:
    """Return the scheduled start of a talk."""
    return day + timedelta(seconds=talk.at)


def fahrplan(day: datetime, talks: Sequence[Talk] = TALKS) -> bytes:
    """Write the Fahrplan as XML as its producers do: a talk after midnight stands in the day before."""
    root = etree.Element("schedule")
    _add(root, "version", "1.0 Zwickmühle")
    conference = etree.SubElement(root, "conference")
    for name, value in (("title", TITLE), ("acronym", SLUG), ("time_zone_name", ZONE.key), ("day_change", "06:00")):
        _add(conference, name, value)
    day_element = etree.SubElement(root, "day", index="1", date=f"{day:%Y-%m-%d}")
    for name in dict.fromkeys(talk.room for talk in talks):
        room = etree.SubElement(day_element, "room", name=name)
        for talk in talks:
            if talk.room == name:
                _event(room, talk, start_of(talk, day))
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _event(room: etree._Element, talk: Talk, start: datetime) -> None:
    event = etree.SubElement(
        room, "event", id=str(talk.fahrplan_id), guid=f"7c0ffee0-0000-4000-8000-{talk.fahrplan_id:012}"
    )
    minutes, seconds = divmod(talk.seconds, 60)
    fields = {
        "date": start.isoformat(),
        "start": f"{start:%H:%M}",
        "duration": f"00:{minutes:02}:{seconds:02}",
        "room": talk.room,
        "title": talk.title,
        "language": {"deu": "de", "eng": "en"}[talk.language],
        "track": "Allerlei",
        "type": "lecture",
        "abstract": f"Nothing of this was ever said, least of all by {talk.persons[0]}.",
    }
    for name, value in fields.items():
        _add(event, name, value)
    persons = etree.SubElement(event, "persons")
    for name in talk.persons:
        _add(persons, "person", name)
    recording = etree.SubElement(event, "recording")
    _add(recording, "license", "CC-BY 4.0")
    _add(recording, "optout", str(talk.optout).lower())


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text


def record(folder: Path, day: datetime, runs: Sequence[Run] = RUNS, size: tuple[int, int] = SIZE) -> dict[int, Footage]:
    """Let the room recorders write their segments into *folder*; return what exists of each talk."""
    with ProcessPoolExecutor(max_workers=2) as pool:
        recordings = list(pool.map(_record, runs, [folder] * len(runs), [day] * len(runs), [size] * len(runs)))
    return {
        number: _footage(_talk(number), run, day, files)
        for run, files in zip(runs, recordings, strict=True)
        for number in run.talks
    }


def _talk(number: int) -> Talk:
    return next(talk for talk in TALKS if talk.fahrplan_id == number)


def _begin(run: Run) -> float:
    return min(_talk(number).at for number in run.talks) - MARGIN_S


def _record(run: Run, folder: Path, day: datetime, size: tuple[int, int]) -> list[Recorded]:
    """Record one run (in a process of its own)."""
    begin = _begin(run)
    talks = [_talk(number) for number in run.talks]
    end = max(talk.at + talk.seconds for talk in talks) + MARGIN_S
    return record_room(
        folder,
        run.key,
        day + timedelta(seconds=begin),
        end - begin,
        rate=run.rate,
        size=size,
        segment_s=SEGMENT_S,
        first_code=run.first_code,
        av_delay_ms=max(talk.av_delay_ms for talk in talks),
        holes=[(run.hole[0] - begin + talks[0].at, run.hole[1] - begin + talks[0].at)] if run.hole else [],
        talks=[(t.at + t.late_s - begin, t.at + t.seconds - t.early_s - begin, t.title) for t in talks],
        room=run.room,
    )


def _footage(talk: Talk, run: Run, day: datetime, files: list[Recorded]) -> Footage:
    offset = talk.at - _begin(run)
    first = run.first_code + round(Fraction(offset + talk.late_s) * run.rate)
    end = run.first_code + round(Fraction(offset + talk.seconds - talk.early_s) * run.rate)
    existing = (code for file in files for code in range(file.first_code, file.first_code + file.frames))
    return Footage(talk, run.rate, first, end, tuple(code for code in existing if first <= code < end))
