"""Script B: recorded -> merging -> merged. Finds a talk's segments and describes the virtual recording, copying none.

It writes timeline.json, index.m3u8, waveforms and small pictures into the work folder, and the Record.* properties.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from scripts.live import Live
from scripts.material import Material, material
from scripts.media import editors, marks, peaks, proxy, recording, thumbs
from scripts.media.demux import Unreadable
from scripts.media.ear import Ear
from scripts.media.eye import picture_marks
from scripts.media.files import partial
from scripts.media.segments import NoFolder
from scripts.media.timeline import Mark, Timeline, TimelineError
from scripts.schedule import NoPlan, Plan, plan_of, stamp
from scripts.worker.client import Project, TrackerClient
from scripts.worker.download import DownloadFailed
from scripts.worker.folders import talk_folder
from scripts.worker.job import Job, Work
from scripts.worker.loop import Shift
from scripts.worker.main import main
from scripts.worker.outcomes import JobFailed

SURVEYED_PERCENT = 10
MEASURED_PERCENT = 90
_MARKS = ("Record.Cutin", "Record.Cutout", "Record.Ranges", "Record.Chapters")
_FRAME = re.compile(r"\d+")
_CHAPTER = re.compile(r"^\d+(?= )", re.MULTILINE)


def room_number(room: str, key: str) -> str:
    """Return Record.Room: the integer in Fahrplan.Room (seed 003), else the key of the room."""
    found = re.search(r"\d+", room)
    return str(int(found.group())) if found else key


def record_properties(timeline: Timeline, plan: Plan, properties: Mapping[str, str]) -> dict[str, str]:
    """Return what script B writes: padded start and stop as used, uncut lengths (holes included), rate, holes."""
    return {
        "Record.Starttime": stamp(plan.start, plan.zone),
        "Record.Stoptime": stamp(plan.stop, plan.zone),
        "Record.Room": room_number(properties.get("Fahrplan.Room", ""), properties["Room.Key"]),
        "Record.DurationFrames": str(timeline.frames),
        "Record.DurationSeconds": f"{timeline.duration_s:.3f}",
        "Record.Framerate": f"{timeline.rate.numerator}/{timeline.rate.denominator}",
        "Record.Holes": recording.holes_sentence(timeline),
        **moved_marks(timeline, plan, properties),
    }


def moved_marks(timeline: Timeline, plan: Plan, properties: Mapping[str, str]) -> dict[str, str]:
    """Keep earlier cut marks at their moment when the padded start moved; drop the ones that fall out of the range.

    Marks count frames from the padded start (design D8), so a longer padding would silently shift them.
    """
    before = properties.get("Record.Starttime", "")
    if before in ("", stamp(plan.start, plan.zone)):
        return {}
    present = {name: properties[name] for name in _MARKS if properties.get(name)}
    try:
        began = datetime.strptime(before, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=plan.zone)
        by = round((began - plan.start).total_seconds() * timeline.rate)
        return {name: _moved(name, text, by, timeline.frames) for name, text in present.items()}
    except ValueError:
        return dict.fromkeys(present, "")


def kept_marks(timeline: Timeline, properties: Mapping[str, str]) -> dict[str, str]:
    """Drop the marks that were set in another source, unless this one is as long: then it is that one, repaired."""
    if properties.get("Record.DurationFrames", "") in ("", str(timeline.frames)):
        return {}
    return {name: "" for name in _MARKS if properties.get(name)}


def _moved(name: str, text: str, by: int, frames: int) -> str:
    """Add *by* to the frames in a mark, in ranges or at the beginning of chapters; '' when one falls out."""
    pattern = _CHAPTER if name == "Record.Chapters" else _FRAME
    found = [int(number) + by for number in pattern.findall(text)]
    if not found:
        raise ValueError(text)
    inside = all(0 <= frame <= frames for frame in found)
    return pattern.sub(lambda each: str(int(each[0]) + by), text) if inside else ""


def proxies_when(properties: Mapping[str, str]) -> proxy.When:
    """Return when the project wants proxies (Processing.Proxy). Raise JobFailed for an unknown word."""
    text = properties.get("Processing.Proxy", "").strip() or proxy.When.AUTO.value
    try:
        return proxy.When(text)
    except ValueError:
        known = ", ".join(each.value for each in proxy.When)
        raise JobFailed(f"Processing.Proxy is {text[:40]!r}; set it to one of {known} on the project's page.") from None


class MergeJob(Job):
    """Make the virtual recordings."""

    kind = "merge"
    state = "merging"
    failures: ClassVar = (NoPlan, NoFolder, Unreadable, TimelineError, DownloadFailed)

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._live = Live()

    def turn(self, tracker: TrackerClient, project: Project, shift: Shift) -> bool:
        """Show what there is of the talks that are being recorded."""
        self._live.show_all(tracker, shift)
        return False

    def run(self, work: Work) -> str:
        """Find the material, wait or build, measure the sound, write. Raise Wait while segments are missing."""
        found = material(work, plan_of(work.properties), datetime.now(UTC))
        work.percent(SURVEYED_PERCENT)
        raw = work.folder("Processing.Path.Raw") if work.properties.get("Processing.Path.Raw", "").strip() else None
        timeline = found.timeline(_talk(found.plan, work), raw)
        noted, problems = _noted(timeline, found, work)
        timeline, said = self._proxies(timeline, found.folder, work)
        problems += said
        tracks = self._write(marks.with_marks(timeline, noted), found.folder, work)
        written = record_properties(timeline, found.plan, work.properties) | {"Record.Tracks": tracks}
        if found.whole:
            kept = kept_marks(timeline, work.properties)
            problems += ["The cut marks were dropped, for this source is of another length."] if kept else []
            written = {name: value for name, value in written.items() if name not in _MARKS} | kept
        self._tell(timeline, found.said, [*found.surveyed.problems, *problems], work)
        work.save(written)
        return f"{timeline.frames} frames in {len(timeline.segments)} files, {len(timeline.holes)} holes"

    def _write(self, timeline: Timeline, raw: Path, work: Work) -> str:
        """Measure the sound and write all files; return how many tracks of sound there are, '' for one or none."""
        share = (MEASURED_PERCENT - SURVEYED_PERCENT) / 1.0
        ear = Ear(timeline)
        measured = peaks.measure(
            timeline, raw, lambda part: work.percent(SURVEYED_PERCENT + share * part), work.halt.is_set, ear.hear
        )
        found = [*marks.sound_marks(timeline, measured), *ear.marks(), *picture_marks(timeline, raw, work.halt.is_set)]
        timeline = marks.with_marks(timeline, found)
        folder = talk_folder(work.properties, work.roots)
        self._picture(timeline, raw, folder, work)
        for name, text in editors.exports(timeline, raw).items():
            with partial(folder / name, work.ticket.attempt, work.confirm) as part:
                part.write_text(text, encoding="utf-8")
        recording.write_virtual_recording(timeline, measured, folder, work.ticket.attempt, work.confirm)
        return str(len(measured.tracks)) if measured.others else ""

    def _proxies(self, timeline: Timeline, folder: Path, work: Work) -> tuple[Timeline, list[str]]:
        """Make what browsers need to play the recording; most need nothing."""
        target, when = talk_folder(work.properties, work.roots), proxies_when(work.properties)
        return proxy.with_proxies(
            timeline, folder, target, work.ticket.attempt, when, progress=work.percent, stop=work.halt
        )

    def _picture(self, timeline: Timeline, raw: Path, folder: Path, work: Work) -> None:
        sheet, image = thumbs.make(timeline, raw, work.halt.is_set)
        for name, content in (("thumbs.jpg", image), ("thumbs.json", sheet.to_json().encode())):
            with partial(folder / name, work.ticket.attempt, work.confirm) as part:
                part.write_bytes(content)

    def _tell(self, timeline: Timeline, said: str, problems: Sequence[str], work: Work) -> None:
        """Write into the ticket's log what a person should know of the recording."""
        holes = recording.holes_sentence(timeline)
        overlaps = recording.overlaps_sentence(timeline)
        lines = [
            *([f"Made from {said}."] if said else []),
            *([f"The recording has holes: {holes}."] if holes else []),
            *([f"Files overlap: {overlaps}."] if overlaps else []),
            *problems,
        ]
        if lines:
            work.note("\n".join(lines))


def _noted(timeline: Timeline, found: Material, work: Work) -> tuple[list[Mark], list[str]]:
    """Read what operators noted; a file without real times has none."""
    if found.whole:
        return [], []
    return marks.operator_marks(timeline, found.folder, work.need("Room.Key"), found.plan.zone)


def _talk(plan: Plan, work: Work) -> recording.Talk:
    number = work.need("Fahrplan.ID")
    if not number.isascii() or not number.isdigit():
        raise JobFailed(f"Fahrplan.ID is {number[:40]!r}, which is no number: import the Fahrplan again.")
    title = work.properties.get("Fahrplan.Title", "") or work.ticket.title
    return recording.Talk(work.need("Project.Slug"), int(number), title, plan.begins, plan.ends)


if __name__ == "__main__":
    sys.exit(main(MergeJob()))
