"""Find the files that room recorders wrote: `<recorder>-YYYY-MM-DD_HH-MM-SS.ts`, local time of the project's zone.

Also what a recorder's HLS playlist lists with real times (scripts/media/programdates.py).

The rules for names, for the hour that comes twice and for "complete" are in docs/timeline.md.
"""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path

from scripts.media.demux import FORMATS, WRAP, Media, Unreadable, read_media
from scripts.media.programdates import program_dates
from scripts.media.timeline import PTS_CLOCK, TimelineError

STILL_S = 60
"""A file that has not grown for so many seconds is complete."""
_RECORDER = re.compile(r"[a-z0-9][a-z0-9_-]*")
_STAMP = "%Y-%m-%d_%H-%M-%S"
_STAMPED = re.compile(r"-(\d{4}(?:-\d\d){2}_\d\d(?:-\d\d){2})\.[a-z0-9]+\Z", re.ASCII)
_SAME_CLOCK = timedelta(seconds=10)
_PLAUSIBLE = timedelta(minutes=30)
_NEAR = timedelta(hours=2)


class NoFolder(Exception):
    """The folder of the raw recordings is not there or not readable."""


@dataclass(frozen=True)
class Found:
    """A segment file: `name` relative to the raw folder, `begins` as its name says (UTC), size in bytes.

    `followed` tells that a later file of the recorder exists; `media` is None when nothing in it can be used. Each of
    `problems` is a sentence that names the file. `exact` is a time that a playlist gives, to the millisecond;
    `recorder` what was asked for.
    """

    path: Path
    name: str
    begins: datetime
    size: int
    modified: datetime
    followed: bool
    media: Media | None
    problems: tuple[str, ...]
    exact: bool = False
    recorder: str = ""


def find(
    raw_folder: Path,
    recorders: str,
    start: datetime,
    stop: datetime,
    zone: tzinfo,
    ahead_s: Mapping[str, float] | None = None,
) -> list[Found]:
    """List the files of a room that may hold something of start..stop (aware), in the order in which they began.

    *recorders* is what the names begin with, several separated by blanks. Of each recorder that is the file in force at
    `start` (the last one that begins till then) and all that begin before `stop`. Names that no recorder gives, links
    that lead out of the folder and what is no plain file are passed over. *ahead_s* tells by how many seconds the
    clock of a recorder is ahead of the true time.
    Raises NoFolder; TimelineError for a recorder's name that is none.
    """
    found: list[tuple[_Entry, bool, str]] = []
    for recorder in recorders.split() or [""]:
        ahead = timedelta(seconds=(ahead_s or {}).get(recorder, 0))
        files = [_dated(entry, zone, ahead) for entry in _entries(raw_folder, recorder, zone)]
        files = _settled(files, start.astimezone(UTC), stop.astimezone(UTC))
        begins = [entry.instants[0] for entry in files]
        in_force = begins[max(bisect_right(begins, start.astimezone(UTC)) - 1, 0)] if begins else start
        chosen = [each for each in files if in_force <= each.instants[0] and each.instants[0] < stop.astimezone(UTC)]
        found += [(entry, entry is not files[-1], recorder) for entry in chosen]
    found.sort(key=lambda each: _order(each[0]))
    return [_found(entry, followed, recorder) for entry, followed, recorder in found]


def complete(found: Found, now: datetime, still_s: float = STILL_S) -> bool:
    """Tell whether a file is done with: its successor exists or it has not grown for `still_s` seconds."""
    return found.followed or quiet_s(found, now) >= still_s


def quiet_s(found: Found, now: datetime) -> float:
    """Return for how many seconds a file has not grown."""
    return (now - found.modified).total_seconds()


def single(path: Path, begins: datetime) -> Found:
    """Look at one file that began at *begins*, whatever its name says. Raises OSError."""
    return _found(_single(path, begins), followed=False)


def stamp_of(name: str, zone: tzinfo) -> datetime | None:
    """Return when a file began by its name, whoever the recorder was; None for a name that does not tell."""
    match = _STAMPED.search(name)
    try:
        return instants(datetime.strptime(match[1], _STAMP), zone)[0] if match else None
    except ValueError:
        return None


# --- names ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    path: Path
    name: str
    local: datetime
    size: int
    modified: datetime
    instants: tuple[datetime, ...] = ()
    exact: bool = False


def _entries(raw_folder: Path, recorder: str, zone: tzinfo) -> Iterator[_Entry]:
    if not _RECORDER.fullmatch(recorder):
        raise TimelineError(
            f"{recorder!r} is no name of a recorder; it consists of the letters a-z, digits, '_' and '-': change it "
            "with `fahrwerk room set`."
        )
    suffixes = "|".join(suffix[1:] for suffix in FORMATS)
    pattern = re.compile(rf"{re.escape(recorder)}-(\d{{4}}(?:-\d\d){{2}}_\d\d(?:-\d\d){{2}})\.(?:{suffixes})", re.ASCII)
    root = raw_folder.resolve()
    try:
        names = [entry.name for entry in os.scandir(root)]
    except OSError as error:
        raise NoFolder(
            f"The folder of the raw recordings {raw_folder} cannot be read ({error.strerror}); "
            "check that it is mounted and that Processing.Path.Raw is right."
        ) from error
    for folder, inside in (("", names), (recorder + "/", _names(root / recorder))):
        dates = program_dates(root, folder, recorder, inside, zone)
        for name in inside:
            match = pattern.fullmatch(name)
            if (match or name in dates) and (entry := _entry(root, folder + name, match and match[1], dates.get(name))):
                yield entry


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder)]
    except OSError:
        return []


def _entry(root: Path, name: str, stamp: str | None, date: datetime | None) -> _Entry | None:
    """Return a file whose name and place are right; None for a pipe, a dangling link, the 31st of February.

    The *date* that a playlist gives counts more than the *stamp* in the name.
    """
    path = root / name
    try:
        local = datetime.strptime(stamp, _STAMP) if date is None and stamp else datetime.min
        status = path.stat()
    except (ValueError, OSError):
        return None
    if not stat.S_ISREG(status.st_mode) or not path.resolve().is_relative_to(root):
        return None
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    instants = () if date is None else (date.astimezone(UTC),)
    return _Entry(path, name, local, status.st_size, modified, instants, date is not None)


def _single(path: Path, begins: datetime) -> _Entry:
    status = path.stat()
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return _Entry(path, path.name, datetime.min, status.st_size, modified, (begins.astimezone(UTC),))


def _found(entry: _Entry, followed: bool, recorder: str = "") -> Found:
    media, problems = _media(entry)
    sentences = tuple(f"{entry.name} {problem}." for problem in problems)
    known = (entry.path, entry.name, entry.instants[0], entry.size, entry.modified)
    return Found(*known, followed, media, sentences, entry.exact, recorder)


def _media(entry: _Entry) -> tuple[Media | None, tuple[str, ...]]:
    if not entry.size:
        return None, ("is empty",)
    try:
        media = _read(entry.path, entry.size, entry.modified)
    except Unreadable as error:
        return None, (str(error),)
    return media, media.problems


@lru_cache(maxsize=256)
def _read(path: Path, size: int, modified: datetime) -> Media:
    """Read a file, once as long as it does not change: neighbouring talks share files, and who waits looks again."""
    return read_media(path)


# --- time -------------------------------------------------------------------------------------------------------------


def instants(local: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Return the moments (UTC) a clock in `zone` shows `local`: two in the hour that comes twice, else one."""
    early, late = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
    if early.astimezone(UTC) < late.astimezone(UTC):
        return early.astimezone(UTC), late.astimezone(UTC)
    return (early.astimezone(UTC),)


def _dated(entry: _Entry, zone: tzinfo, ahead: timedelta) -> _Entry:
    """Give a file the moments it may have begun at, by a clock that is *ahead* of the true time by so much."""
    shown = entry.instants or instants(entry.local, zone)
    return replace(entry, instants=tuple(moment - ahead for moment in shown))


def _settled(files: Sequence[_Entry], start: datetime, stop: datetime) -> list[_Entry]:
    """Give each file one moment and order them; only names near start..stop that mean two moments are looked into."""
    certain = sorted((entry for entry in files if len(entry.instants) == 1), key=_order)
    doubtful = [entry for entry in files if len(entry.instants) > 1]
    near = [e for e in doubtful if e.instants[1] >= start - _NEAR and e.instants[0] < stop + _NEAR]
    rest = [replace(entry, instants=entry.instants[:1]) for entry in doubtful if entry not in near]
    return sorted(
        [*certain, *rest, *(replace(entry, instants=(_moment(entry, certain),)) for entry in near)], key=_order
    )


def _order(entry: _Entry) -> tuple[datetime, datetime, str]:
    return entry.instants[0], entry.modified, entry.name


def _moment(entry: _Entry, certain: Sequence[_Entry]) -> datetime:
    """Decide which of its two moments a name means: by time stamps, else by the time of writing, else the first."""
    media, _ = _media(entry)
    if media is None:
        guesses: list[tuple[datetime, timedelta]] = [(entry.modified, _PLAUSIBLE)]
    else:
        written = entry.modified - timedelta(seconds=media.playing_s)
        guesses = [*_predictions(entry, media, certain), (written, _PLAUSIBLE)]
    for guess, tolerance in guesses:
        nearest = min(entry.instants, key=lambda moment: abs(moment - guess))
        if abs(nearest - guess) <= tolerance:
            return nearest
    return entry.instants[0]


def _predictions(entry: _Entry, media: Media, certain: Sequence[_Entry]) -> Iterator[tuple[datetime, timedelta]]:
    """Yield when the file began if the recorder ran on since the last certain file before it, or till the next."""
    index = bisect_right(certain, entry.instants[0], key=lambda each: each.instants[0])
    for neighbour in certain[max(index - 1, 0) : index + 1]:
        known, _ = _media(neighbour)
        if known is not None:
            distance = signed(media.first_pts - known.first_pts) / PTS_CLOCK
            yield neighbour.instants[0] + timedelta(seconds=distance), _SAME_CLOCK


def signed(ticks: int) -> int:
    """Return the shortest way between two 33-bit time stamps, given their difference."""
    return (ticks + WRAP // 2) % WRAP - WRAP // 2
