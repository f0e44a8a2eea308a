"""Script C: cut -> copying -> copied. Makes the cut master between the marks of the cut page and proves it.

Record.Cutin and Record.Cutout are never changed here; what they mean in time, and how long the cut is, is added.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from scripts.languages import unknown_language
from scripts.media.cut import Cut, CutError, Method, Range, cut_master, plan
from scripts.media.files import partial
from scripts.media.probe import MediaUnreadable, probe
from scripts.media.timeline import Timeline, TimelineError
from scripts.media.verify import VerifyFailed
from scripts.schedule import NoPlan, time_zone
from scripts.worker.folders import source_folder, talk_folder
from scripts.worker.job import Job, Work
from scripts.worker.main import main
from scripts.worker.outcomes import JobFailed
from scripts.worker.room import cut_size, need_room

MASTER = "cut.mkv"
_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_MOST_RANGES = 100
_ASPECT = re.compile(r"[1-9][0-9]{0,4}[:/][1-9][0-9]{0,4}")


def frame_of(name: str, text: str) -> int:
    """Read a cut mark. Raise JobFailed when it is no number of frames."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise JobFailed(f"{name} is {text[:40]!r}, which is no number of frames: set it on the cut page.")
    return int(text)


def ranges_of(properties: Mapping[str, str], cut_in: int, cut_out: int) -> list[Range]:
    """Return what to cut: Record.Ranges ("in-out,in-out", out exclusive), else the one range from in to out.

    Raise JobFailed when it is no list of ranges, or one that does not begin and end at the marks.
    """
    text = properties.get("Record.Ranges", "").replace(" ", "")
    if not text:
        return [(cut_in, cut_out)]
    found = [_RANGE.fullmatch(part) for part in text.split(",")[: _MOST_RANGES + 1]]
    ranges = [(int(each[1]), int(each[2])) for each in found if each]
    if len(ranges) < len(found) or len(found) > _MOST_RANGES:
        raise JobFailed(
            f"Record.Ranges is {text[:40]!r}, which is no list like 100-2000,2500-9000 of up to {_MOST_RANGES} ranges: "
            "correct or delete it."
        )
    if (ranges[0][0], ranges[-1][1]) != (cut_in, cut_out):
        raise JobFailed(
            f"Record.Ranges goes from frame {ranges[0][0]} to {ranges[-1][1]}, the marks are {cut_in} and {cut_out}: "
            "correct or delete Record.Ranges, or cut anew."
        )
    return ranges


def method_of(properties: Mapping[str, str]) -> Method:
    """Return how the project has its recordings cut (Processing.Cut). Raise JobFailed for an unknown word."""
    text = properties.get("Processing.Cut", "").strip() or Method.AUTO.value
    try:
        return Method(text)
    except ValueError:
        known = ", ".join(each.value for each in Method)
        raise JobFailed(f"Processing.Cut is {text[:40]!r}; set it to one of {known} on the project's page.") from None


def decimal(seconds: Fraction) -> str:
    """Return seconds with three to six decimals: enough to tell frames of any rate apart, no more than needed."""
    text = f"{float(seconds):.6f}"
    return text[:-3] + text[-3:].rstrip("0")


def cut_properties(timeline: Timeline, cut_in: int, cut_out: int, frames: int, zone: ZoneInfo) -> dict[str, str]:
    """Return what script C writes: the marks as local time and seconds, and the cut's own length without holes."""
    begins, ends = (timeline.time_of(frame).astimezone(zone) for frame in (cut_in, cut_out))
    return {
        "Record.Cutintime": begins.strftime("%Y.%m.%d-%H_%M_%S"),
        "Record.Cutouttime": ends.strftime("%Y.%m.%d-%H_%M_%S"),
        "Record.Cutinseconds": decimal(cut_in / timeline.rate),
        "Record.Cutoutseconds": decimal(cut_out / timeline.rate),
        "Record.Cutdiffseconds": decimal(frames / timeline.rate),
        "Record.Cutdiffframes": str(frames),
    }


def how_properties(done: Cut, timeline: Timeline, properties: Mapping[str, str]) -> dict[str, str]:
    """Return how the cut was made, and that it has to be deinterlaced if files say so and nobody else decided."""
    declared = timeline.interlaced and not properties.get("Record.Interlaced")
    return {"Record.CutMethod": done.method} | ({"Record.Interlaced": "1"} if declared else {})


class CopyJob(Job):
    """Make the cut masters."""

    kind = "copy"
    state = "copying"
    failures: ClassVar = (CutError, MediaUnreadable, NoPlan, TimelineError, VerifyFailed)

    def run(self, work: Work) -> str:
        """Cut, prove, tell what is missing, write the properties."""
        cut_in, cut_out = (frame_of(name, work.need(name)) for name in ("Record.Cutin", "Record.Cutout"))
        language = work.properties.get("Record.Language", "")
        if language and (sentence := unknown_language(language)):
            raise JobFailed(sentence)
        zone = time_zone(work.properties)
        shape = aspect(work.properties.get("Processing.Video.AspectRatio", ""))
        folder = talk_folder(work.properties, work.roots)
        timeline = read_timeline(folder)
        raw = source_folder(timeline.folder, work.properties, work.roots)
        done = self._cut(timeline, raw, ranges_of(work.properties, cut_in, cut_out), folder / MASTER, work)
        if done.notes:
            work.note("\n".join(done.notes))
        work.save(
            cut_properties(timeline, cut_in, cut_out, done.frames, zone)
            | size_properties(folder / MASTER, shape)
            | how_properties(done, timeline, work.properties)
        )
        return f"{done.frames} frames in {len(done.pieces)} pieces, {done.method}"

    def _cut(self, timeline: Timeline, raw: Path, ranges: list[Range], target: Path, work: Work) -> Cut:
        """Cut into a part of our own, so that the last question to the tracker comes before the final name."""
        for leftover in target.parent.glob(f"..{target.stem}.*.part{target.suffix}"):
            leftover.unlink()  # the part of a part: an earlier attempt was killed within the cut
        how, expected = method_of(work.properties), estimate(timeline, raw, ranges, work)
        with partial(target, work.ticket.attempt, work.confirm) as part:
            need_room(work, target.parent, expected, "the cut master")
            return cut_master(
                timeline,
                raw,
                ranges,
                part,
                work.ticket.attempt,
                method=how,
                progress=work.percent,
                room=lambda scratch, size: need_room(work, scratch, size, "the sound of the recording, decoded,"),
                stop=work.halt,
            )


def estimate(timeline: Timeline, raw: Path, ranges: Sequence[Range], work: Work) -> float:
    """Return about how many bytes the cut master will have: what was recorded of it, and its sound."""
    parts = [part for piece in plan(timeline, ranges) for part in piece.parts]
    source = sum(
        recorded_bytes(raw / part.segment.file) * (part.stop_frame - part.first_frame) / part.segment.frames
        for part in parts
    )
    seconds = float(sum(part.stop_frame - part.first_frame for part in parts) / timeline.rate)
    anew = method_of(work.properties) is Method.FULL
    return cut_size(source, seconds, len(timeline.tracks), anew=anew)


def recorded_bytes(file: Path) -> int:
    """Return the size of a file; 0 for one that is not there, which the cut itself will tell."""
    return file.stat().st_size if file.is_file() else 0


def size_properties(master: Path, shape: Fraction | None) -> dict[str, str]:
    """Return the size at which the cut master is shown, in square pixels: the tracker chooses formats by it.

    *shape* is the width divided by the height if the project says which it is.
    """
    video = probe(master, video_needed=True).video
    assert video is not None
    width, height = video.shown(shape)
    return {"Record.Width": str(width), "Record.Height": str(height)}


def aspect(text: str) -> Fraction | None:
    """Read a shape like 16:9 that the project gives the picture; None for none. Raise JobFailed for anything else."""
    if not text.strip():
        return None
    if not _ASPECT.fullmatch(text):
        raise JobFailed(f"Processing.Video.AspectRatio is {text[:40]!r}, which is no ratio like 16:9: correct it.")
    return Fraction(text.replace(":", "/"))


def read_timeline(folder: Path) -> Timeline:
    """Read the timeline script B wrote. Raise JobFailed when there is none, TimelineError when it is broken."""
    try:
        return Timeline.from_json((folder / "timeline.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, UnicodeDecodeError):
        raise JobFailed(
            f"There is no readable timeline.json in {folder}: move the recording ticket back to 'recorded', so that "
            "script B describes the recording anew."
        ) from None


if __name__ == "__main__":
    sys.exit(main(CopyJob()))
