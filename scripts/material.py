"""What a recording is made of: what the room's recorders wrote, a repaired or finished file, or a replay.

The properties that choose are in docs/properties.md, the rules in docs/timeline.md.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from scripts.media import recording, survey
from scripts.media.demux import FORMATS
from scripts.media.files import inside
from scripts.media.segments import STILL_S, Found, complete, single, stamp_of
from scripts.media.timeline import Timeline
from scripts.schedule import Plan
from scripts.worker.download import Limits, download
from scripts.worker.folders import talk_folder
from scripts.worker.job import Work
from scripts.worker.outcomes import JobFailed, Wait

CLOCK = "Recorder.ClockOffset."
_MOST_AHEAD_S = 10 * 24 * 3600
REPLACEMENT, SOURCE, URL = "Record.SourceReplacement", "Record.Source", "Fahrplan.VideoDownloadURL"
ROOM, START = "Record.Replay.Room", "Record.Replay.Start"


@dataclass(frozen=True)
class Material:
    """What was found: `plan` tells which times it is of, `said` where it is from when not from the room's recorders.

    `whole` is a file without real times: all of it is the recording, and frame 0 its first picture.
    """

    folder: Path
    surveyed: survey.Survey
    plan: Plan
    said: str = ""
    whole: bool = False

    def timeline(self, talk: recording.Talk, raw: Path | None) -> Timeline:
        """Build the virtual recording; *raw* is Processing.Path.Raw, if there is one."""
        built = recording.build(self.surveyed, replace(talk, begins=self.plan.begins, ends=self.plan.ends))
        return built if self.folder == raw else replace(built, folder=str(self.folder))


def material(work: Work, plan: Plan, now: datetime) -> Material:
    """Find what a talk is made of. Raise Wait while more may come, JobFailed when there is nothing to be had."""
    properties = work.properties
    if properties.get(REPLACEMENT, "").strip():
        return _replaced(work, plan, now)
    match properties.get(SOURCE, "").strip() or "recording":
        case "recording":
            return _recorded(work, work.folder("Processing.Path.Raw"), recorders(properties), plan, now)
        case "replay":
            names, moved = _replayed(properties, plan)
            found = _recorded(work, work.folder("Processing.Path.Raw"), names, moved, now)
            return replace(found, said=f"a replay of {names} at {moved.begins:%Y-%m-%d %H:%M:%S}")
        case "download":
            path = _downloaded(work)
            return _whole(path, plan, single(path, plan.begins), f"{URL}, fetched to {path.name}")
        case other:
            raise JobFailed(f"{SOURCE} is {other[:40]!r}: set it to recording, replay or download, or delete it.")


def recorders(properties: Mapping[str, str]) -> str:
    """Return what the names of a room's segments begin with, separated by blanks."""
    names = properties.get("Room.Recorders") or properties.get("Room.Key", "")
    if not names:
        raise JobFailed("The property Room.Key is missing: give the ticket a room.")
    return names


def clock_offsets(properties: Mapping[str, str]) -> dict[str, float]:
    """Return by how many seconds the clocks of recorders are ahead. Raise JobFailed for what is no number."""
    offsets = {}
    for name, text in properties.items():
        if name.startswith(CLOCK) and text.strip():
            try:
                offsets[name.removeprefix(CLOCK)] = seconds = float(text)
            except ValueError:
                seconds = math.nan
            if not abs(seconds) <= _MOST_AHEAD_S:
                raise JobFailed(f"{name} is {text[:40]!r}, which is no number of seconds like 2.5 or -61: correct it.")
    return offsets


def _recorded(work: Work, folder: Path, names: str, plan: Plan, now: datetime) -> Material:
    offsets = clock_offsets(work.properties)
    surveyed = survey.survey(folder, names, plan.start, plan.stop, plan.zone, ahead_s=offsets)
    _judge(surveyed, now)
    return Material(folder, surveyed, plan)


def _judge(surveyed: survey.Survey, now: datetime) -> None:
    match survey.outcome(surveyed, now):
        case survey.Waiting(sentence, retry_after_s):
            raise Wait(sentence, retry_after_s)
        case survey.Lost(sentence):
            raise JobFailed(sentence)


# --- a repaired file, or a folder of them -----------------------------------------------------------------------------


def _replaced(work: Work, plan: Plan, now: datetime) -> Material:
    path = replacement(work)
    said = f"{REPLACEMENT} ({work.properties[REPLACEMENT]})"
    if path.is_dir():
        return replace(_recorded(work, path, recorders(work.properties), plan, now), said=said)
    moment = stamp_of(path.name, plan.zone)
    if moment is None:
        found = _whole(path, plan, single(path, plan.begins), said)
        if not complete(found.surveyed.found[0], now):
            raise Wait(f"{path.name} is still growing.", retry_s=STILL_S)
        return _inside_raw(work, found)
    surveyed = survey.assess([single(path, moment)], path.parent, path.name, plan.start, plan.stop, plan.zone)
    _judge(surveyed, now)
    return _inside_raw(work, Material(path.parent, surveyed, plan, said))


def replacement(work: Work) -> Path:
    """Return the file or folder that Record.SourceReplacement names, under one of the worker's roots.

    A relative path counts from Processing.Path.Raw; a name without an ending stands for one with any that is known
    (seed 003). Raise JobFailed when there is none, PathRefused when it leads out.
    """
    text = work.properties[REPLACEMENT].strip()
    whole = text if text.startswith("/") else str(work.folder("Processing.Path.Raw") / text)
    for ending in ("", *FORMATS):
        path = inside(work.roots, whole + ending)
        if path.is_file() or path.is_dir():
            return path
    raise JobFailed(
        f"{REPLACEMENT} names {text[:200]!r}, and there is no such file: bring it there, or correct the property."
    )


def _inside_raw(work: Work, found: Material) -> Material:
    """Count the path of a single file from Processing.Path.Raw where it lies in there."""
    if not work.properties.get("Processing.Path.Raw", "").strip():
        return found
    raw = work.folder("Processing.Path.Raw")
    if not found.folder.is_relative_to(raw):
        return found
    inner = found.folder.relative_to(raw)
    return replace(found, folder=raw, surveyed=_renamed(found.surveyed, inner))


def _renamed(surveyed: survey.Survey, inner: Path) -> survey.Survey:
    used = [replace(use, placed=replace(use.placed, found=_below(use.placed.found, inner))) for use in surveyed.used]
    return replace(surveyed, used=tuple(used), found=tuple(_below(each, inner) for each in surveyed.found))


def _below(found: Found, inner: Path) -> Found:
    return replace(found, name=str(PurePosixPath(*inner.parts, found.name)))


def _whole(path: Path, plan: Plan, found: Found, said: str) -> Material:
    """Take all of a file: its first picture is frame 0 and the begin of the talk. Raise JobFailed when it has none."""
    media = found.media
    if media is None or media.rate is None:
        raise JobFailed(f"{' '.join(found.problems) or path.name} Convert the file, or take another source.")
    length_s = float((int(media.positions(media.rate)[-1]) + 1) / media.rate)
    stop = plan.begins.astimezone(UTC) + timedelta(microseconds=round(length_s * 1_000_000))
    times = Plan(plan.begins, stop.astimezone(plan.zone), timedelta(0), timedelta(0), plan.zone)
    surveyed = survey.assess([found], path.parent, path.name, times.start, times.stop, plan.zone)
    if not surveyed.used:
        raise JobFailed(survey.nothing(surveyed))
    return Material(path.parent, surveyed, times, said, whole=True)


# --- a finished file --------------------------------------------------------------------------------------------------


def _downloaded(work: Work) -> Path:
    """Fetch the finished video of a talk into its work folder, once. Raise JobFailed, DownloadFailed."""
    url = work.properties.get(URL, "").strip()
    if not url:
        raise JobFailed(
            f"{SOURCE} is download and {URL} is missing: import the Fahrplan again, or set it on the ticket."
        )
    ending = PurePosixPath(urlsplit(url).path).suffix.lower()
    if ending not in FORMATS:
        raise JobFailed(
            f"The path of {URL} ends in none of {', '.join(FORMATS)}: bring the file to the mount and name "
            f"it in {REPLACEMENT}."
        )
    name = hashlib.sha256(url.encode()).hexdigest()[:16] + ending
    target = talk_folder(work.properties, work.roots) / "source" / name
    if not target.is_file():
        download(url, target, work.ticket.attempt, Limits.from_env(), stopped=work.halt.is_set)
    return target


# --- a replay ---------------------------------------------------------------------------------------------------------


def _replayed(properties: Mapping[str, str], plan: Plan) -> tuple[str, Plan]:
    """Return whose recording of what time is taken instead: another room's, another time's, or both."""
    room, start = (properties.get(name, "").strip() for name in (ROOM, START))
    if not room and not start:
        raise JobFailed(f"{SOURCE} is replay: set {ROOM} to the recorders, or {START} to the begin, or both.")
    if not start:
        return room, plan
    try:
        begins = datetime.fromisoformat(start)
        begins = (begins if begins.tzinfo else begins.replace(tzinfo=plan.zone)).astimezone(plan.zone)
        ends = (begins.astimezone(UTC) + (plan.ends.astimezone(UTC) - plan.begins.astimezone(UTC))).astimezone(
            plan.zone
        )
    except (ValueError, OverflowError):
        raise JobFailed(f"{START} is {start[:40]!r}, which is no time like 2026-05-01T10:00:00: correct it.") from None
    return room or recorders(properties), replace(plan, begins=begins, ends=ends)
