"""The encoder: ready to encode -> encoding -> encoded. Runs the job the tracker rendered from the profile's template.

The result gets its final name only when it was measured against the cut master and the ticket still is ours.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import md5
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from scripts.captioning import extras, write_sidecars
from scripts.carrying import carry_out, forget, proving
from scripts.company import Company, Order, Seat
from scripts.media import quality
from scripts.media.dressing import dress
from scripts.media.files import inside, partial
from scripts.media.jobfile import JobfileError, Task, parse
from scripts.media.jobplaces import JobPlaces
from scripts.media.joined import NotJoined, share
from scripts.media.pieces import CutError
from scripts.media.probe import MediaUnreadable
from scripts.media.programs import MORE, ProgramRefused, program
from scripts.media.retag import carried
from scripts.media.scratch import scratch_folder
from scripts.media.slides import SlideError
from scripts.media.timeline import TimelineError
from scripts.media.tracks import BadTracks
from scripts.media.verify import EncodingMeasured, VerifyFailed, verify_encoding
from scripts.media.verify.joints import ends, verify_joints
from scripts.preparing import Prepared, master_of, prepare
from scripts.siblings import siblings
from scripts.worker.client import Ticket, TrackerClient
from scripts.worker.folders import output_name, plain_name, talk_folder
from scripts.worker.job import Job, Work
from scripts.worker.loop import Shift
from scripts.worker.main import main
from scripts.worker.outcomes import JobFailed, Wait
from scripts.worker.room import encoded_size, need_room

SOUND_ONLY = frozenset({"aac", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav"})
RUNNING_PERCENT, VERIFIED_PERCENT = 90, 93
AT_ONCE_S = 1
_RATE = re.compile(r"[1-9]\d{0,5}(/[1-9]\d{0,5})?")
_TRACK = re.compile(r"0:a:\d+")
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?")


@dataclass(frozen=True)
class Expected:
    """What the encoded file must be: frames of the cut master and their rate, seconds, kind, delay put right."""

    frames: int
    seconds: float
    rate: Fraction
    has_video: bool
    delay_s: float

    def around(self, prepared: Prepared) -> Expected:
        """Return what comes out with the slides around the talk."""
        more = prepared.lead + prepared.trail
        return replace(self, frames=self.frames + more, seconds=self.seconds + float(more / self.rate))


def expected(work: Work) -> Expected:
    """Read from the properties what comes out. Raise JobFailed for what is missing or garbled."""
    rate = work.need("Record.Framerate")
    if not _RATE.fullmatch(rate):
        raise JobFailed(f"Record.Framerate is {rate[:40]!r}, which is no rate like 25/1: merge the recording anew.")
    return Expected(
        frames=int(_number(work, "Record.Cutdiffframes")),
        seconds=_number(work, "Record.Cutdiffseconds"),
        rate=Fraction(rate),
        has_video=work.need("EncodingProfile.Extension").lower() not in SOUND_ONLY,
        delay_s=_number(work, "Record.AVDelay", "0") / 1000,
    )


def _number(work: Work, name: str, default: str = "") -> float:
    text = work.properties.get(name, "").strip() or default or work.need(name)
    if not _NUMBER.fullmatch(text):
        raise JobFailed(f"{name} is {text[:40]!r}, which is no number: set it anew, or cut the recording again.")
    return float(text)


class EncodeJob(Job):
    """Encode for one profile."""

    kind = "encoder"
    state = "encoding"
    failures: ClassVar = (
        *(BadTracks, CutError, JobfileError, MediaUnreadable, SlideError, TimelineError, VerifyFailed),
        quality.BadBound,
    )

    def __init__(self, seat: Seat | None = None) -> None:
        """Work alone, or from a *seat* in a company (scripts.company)."""
        self._seat = seat

    def further(self, ticket: Ticket, tracker: TrackerClient, shift: Shift) -> Sequence[Ticket]:
        """Take the other formats of the talk that are ready, where the project wants them made together."""
        return siblings(ticket, tracker, shift.settings.together - 1)

    def together(self, tickets: Sequence[Ticket]) -> tuple[Sequence[Job], Callable[[], None]]:
        """Give each ticket a job with a seat in one company."""
        company = Company([ticket.id for ticket in tickets])
        return [EncodeJob(seat) for seat in company.seats], company.conduct

    def left(self) -> None:
        """Leave the seat: nobody waits for a ticket whose thread ended before it came there."""
        if self._seat is not None:
            self._seat.leave()

    def run(self, work: Work) -> str:
        """Encode, when it is our turn."""
        with self._seat.working(work.halt.is_set) if self._seat else nullcontext():
            return self._encode(work)

    def _encode(self, work: Work) -> str:
        """Fetch the job, run its tasks in order, measure the result, name it."""
        wanted, bounds = expected(work), quality.bounds_of(work.properties)
        target = inside(
            work.roots, str(work.folder("Processing.Path.Output", make=True) / output_name(work.properties))
        )
        with ExitStack() as stack:
            prepared = prepare(work, wanted.rate, stack, has_video=wanted.has_video)
            more = extras(work, prepared, wanted.seconds)
            wanted = wanted.around(prepared)
            tasks = parse(work.tracker.get_jobfile(work.ticket.id))
            _check_programs(tasks, work)
            files = JobPlaces(work.roots, work.ticket.attempt, stack, work.confirm)
            commands = [files.commands(task) for task in tasks]
            result = files.part_of(target)
            _need_room(target, wanted, work, self._seat)
            _check_slides(tasks, prepared)
            if not self._made_together(commands, result, wanted, work):
                self._run(commands, wanted, work)
            dress(result, more.subtitles, more.chapters, wanted.seconds, work.halt.is_set)
            beside = write_sidecars(target, more, work, stack) if wanted.has_video else []
            with proving(work):
                measured = self._measure(result, commands, wanted, prepared, work)
            judged = self._judge(result, measured, bounds, wanted, prepared, work)
            judged |= carried(result)
            _write_timeline(judged["Encoding.Quality"], measured, work, stack)
        forget(work)
        work.save(_results(measured, beside, work.properties) | judged)
        frames = f"{measured.frames} frames, " if measured.rate else ""
        return f"{frames}{measured.seconds:.3f} s, {measured.size} bytes"

    def _made_together(self, commands: Sequence[list[list[str]]], result: Path, wanted: Expected, work: Work) -> bool:
        """Have *result* made with those of the company; tell whether that was done. Raise Wait, Stopped, TicketLost."""
        if self._seat is None:
            return False
        try:
            order = Order(
                share(commands, result),
                wanted.seconds,
                lambda: _telling(work, wanted.seconds, 0, RUNNING_PERCENT),
                work.halt.is_set,
                work.note,
            )
        except NotJoined as reason:
            if not self._seat.first:
                raise Wait(f"Not encoded together with other formats of the talk: {reason}.", AT_ONCE_S) from reason
            work.note(f"Encoded by itself: {reason}.")
            return False
        made = self._seat.made(order)
        work.confirm()
        return made

    def _run(self, tasks: Sequence[list[list[str]]], wanted: Expected, work: Work) -> None:
        """Run the tasks in a scratch folder, for what ffmpeg leaves beside; after each see that the ticket is ours."""
        part = RUNNING_PERCENT / len(tasks)
        with scratch_folder() as scratch:
            for number, commands in enumerate(tasks):
                progress = _telling(work, wanted.seconds, number * part, part)
                frames, seconds, rate = wanted.frames, wanted.seconds, wanted.rate
                carry_out(commands, work, frames=frames, seconds=seconds, rate=rate, progress=progress, cwd=scratch)
                work.confirm()

    def _measure(
        self, result: Path, commands: Sequence[list[list[str]]], wanted: Expected, prepared: Prepared, work: Work
    ) -> EncodingMeasured:
        """Prove the frames, the sound, and where slides and talk meet."""
        master = master_of(work)
        parts = prepared.parts(master, wanted.frames - prepared.lead - prepared.trail) if master else []
        measured = verify_encoding(
            result,
            frames=wanted.frames,
            seconds=wanted.seconds,
            rate=wanted.rate,
            has_video=wanted.has_video,
            has_sound="-an" not in commands[-1][-1],
            delay_s=wanted.delay_s,
            tracks=_tracks_made(commands),
            keep=ends(parts),
            stop=work.halt,
        )
        verify_joints(result, measured.kept, parts)
        return measured

    def _judge(
        self,
        result: Path,
        measured: EncodingMeasured,
        bounds: quality.Bounds,
        wanted: Expected,
        prepared: Prepared,
        work: Work,
    ) -> dict[str, str]:
        """Make the quality report; return its properties. Raise JobFailed for bad quality in a strict project."""
        work.percent(VERIFIED_PERCENT)
        looked = quality.measure(
            result,
            master_of(work),
            cut=quality.Cut(
                wanted.frames,
                wanted.seconds,
                measured.sound_seconds,
                float(prepared.lead / prepared.rate),
                float(prepared.trail / prepared.rate),
            ),
            seconds=measured.seconds,
            frames=measured.frames,
            stop=work.halt.is_set,
            progress=lambda percent: work.percent(VERIFIED_PERCENT + (100 - VERIFIED_PERCENT) * percent / 100),
        )
        found = quality.findings(looked, bounds)
        verdict = quality.verdict(found)
        told = {"Encoding.Quality": quality.report(looked, found), "Encoding.Verdict": verdict}
        if verdict.startswith("fail") and work.properties.get("Quality.Strict", "") == "1":
            work.save(told)
            raise JobFailed(
                f"The file is not good enough ({verdict[6:]}). See to the cause, or set Quality.Strict to 0."
            )
        return told


def _need_room(target: Path, wanted: Expected, work: Work, seat: Seat | None) -> None:
    """See that the mount of the result has room for it, and for those that are made at the same time. Raise Wait."""
    master = master_of(work)
    if master is not None:
        size = encoded_size(work.properties, wanted.seconds, master.stat().st_size)
        others = seat.reserve(size) if seat else 0
        need_room(work, target.parent, size + others, f"{target.name} with the others" if others else target.name)


def _write_timeline(report: str, measured: EncodingMeasured, work: Work, stack: ExitStack) -> None:
    """Write the places of the report into the talk's work folder; the file gets its name with *stack*."""
    if work.properties.get("Processing.Path.Tmp"):
        name = plain_name(work.need("EncodingProfile.Basename") + quality.SUFFIX, "EncodingProfile.Basename")
        path = talk_folder(work.properties, work.roots) / name
        part = stack.enter_context(partial(path, work.ticket.attempt, work.confirm))
        part.write_text(quality.file_timeline(report, measured.rate, cut_of(work.properties)), encoding="utf-8")


def _telling(work: Work, seconds: float, begun: float, part: float) -> Callable[[float], None]:
    """Return what takes the percent of a run that begins now: of the ticket it is *part* percent, *begun* are done."""
    at = time.monotonic()

    def progress(percent: float) -> None:
        work.percent(begun + part * percent / 100)
        work.heart.speed = seconds * percent / 100 / max(0.001, time.monotonic() - at)

    return progress


def _tracks_made(commands: Sequence[list[list[str]]]) -> int:
    """Count the tracks of sound the last command takes by their number; 1 when it leaves the choice to ffmpeg."""
    return max(
        1, sum(former == "-map" and _TRACK.fullmatch(each) is not None for former, each in pairwise(commands[-1][-1]))
    )


def _check_slides(tasks: Sequence[Task], prepared: Prepared) -> None:
    """Refuse a job that leaves the slides out: an apology that nobody sees is none."""
    read = {path for task in tasks for path in task.files("in")}
    for slide in prepared.slides:
        if slide.film not in read:
            raise JobFailed(
                f"The talk has a slide ({slide.kind}), and the profile's template does not show it: take the template "
                "of a shipped profile, or have the template read Encoding.Lead.* and Encoding.Trail.* (docs/slides.md)."
            )


def cut_of(properties: Mapping[str, str]) -> str:
    """Name the cut a file is made from: in, out, language, A/V delay (ms), ranges; as the tracker names the present.

    Of the sound's source, the apology and the chapters the beginning of the MD5 is taken.
    """
    names = ("Record.Cutin", "Record.Cutout", "Record.Language", "Record.AVDelay")
    told = (properties.get(name, "") for name in ("Record.Audio", "Record.Apology", "Record.Chapters"))
    marks = [md5(value.encode(), usedforsecurity=False).hexdigest()[:8] for value in told if value]
    return "-".join(
        filter(None, [*(properties.get(name) or "0" for name in names), properties.get("Record.Ranges", ""), *marks])
    )


def _results(measured: EncodingMeasured, beside: Sequence[str], properties: Mapping[str, str]) -> dict[str, str]:
    """Return what to store; *properties* were read before the job was rendered, so a later cut never passes as this."""
    results = {
        "Encoding.Seconds": f"{measured.seconds:.3f}",
        "Encoding.Bytes": str(measured.size),
        "Encoding.Cut": cut_of(properties),
    }
    if beside or properties.get("Encoding.Subtitles"):
        results["Encoding.Subtitles"] = " ".join(beside)
    if measured.rate:
        results["Encoding.Frames"] = str(measured.frames)
    elif properties.get("Encoding.Frames"):
        results["Encoding.Frames"] = ""  # of an earlier profile with a picture
    return results


def _check_programs(tasks: list[Task], work: Work) -> None:
    """Refuse a job that names a program not on the list, before anything is run."""
    for task in tasks:
        try:
            for name in task.programs:
                program(name)
        except ProgramRefused as refused:
            profile = work.properties.get("EncodingProfile.Slug", "") or "of this ticket"
            raise JobFailed(
                f"{refused} Correct the template of the encoding profile {profile}, or allow the program: {MORE}."
            ) from refused


if __name__ == "__main__":
    sys.exit(main(EncodeJob()))
