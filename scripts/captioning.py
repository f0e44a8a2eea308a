"""What the encoder adds to a file besides picture and sound: subtitles and chapters, brought to the time of the cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from scripts.languages import KNOWN
from scripts.media.captions import MOST_BYTES, BadSubtitles, Cue, moved, parse, written
from scripts.media.chapters import Chapter, chapters_of, merged
from scripts.media.files import PathRefused, inside, partial
from scripts.media.pieces import plan
from scripts.preparing import Prepared
from scripts.script_c_copy import frame_of, ranges_of, read_timeline
from scripts.worker.folders import talk_folder
from scripts.worker.job import Work
from scripts.worker.outcomes import JobFailed

PREFIX = "Record.Subtitles."
"""Followed by a language: the WebVTT file of the talk in it."""
CLOCKS = ("recording", "cut")
"""What the times of the files count from: the padded start of the recording, or the beginning of the cut."""


@dataclass(frozen=True)
class Extras:
    """Subtitles by language and chapters, by the time of the released file."""

    subtitles: tuple[tuple[str, Sequence[Cue]], ...] = ()
    chapters: tuple[Chapter, ...] = ()


def extras(work: Work, prepared: Prepared, seconds: float) -> Extras:
    """Read what the talk has; the cut lasts *seconds*. Raise JobFailed, BadSubtitles, CutError, TimelineError."""
    files = dict(_files(work))
    chapters, clock = work.properties.get("Record.Chapters", ""), _clock(work)
    if not files and not chapters.strip():
        return Extras()
    begin = float(prepared.lead / prepared.rate)
    kept, rate = _kept(work) if chapters.strip() or clock == "recording" else ([], Fraction(1))
    shown = [(float(first / rate), float(stop / rate)) for first, stop in kept]
    spans = shown if clock == "recording" else [(0.0, seconds)]
    title = work.properties.get("Fahrplan.Title", "") or work.ticket.title
    return Extras(
        tuple((language, moved(cues, spans, begin)) for language, cues in files.items()),
        tuple(chapters_of(chapters, kept, rate, begin, title)),
    )


def _clock(work: Work) -> str:
    clock = work.properties.get("Record.SubtitlesFrom", "").strip() or CLOCKS[0]
    if clock not in CLOCKS:
        raise JobFailed(f"Record.SubtitlesFrom is {clock[:40]!r}; write {' or '.join(CLOCKS)}.")
    return clock


def _files(work: Work) -> Iterator[tuple[str, list[Cue]]]:
    """Read the files that the properties name, by language; relative names count from the talk's work folder."""
    for name, where in sorted(work.properties.items()):
        language = name.removeprefix(PREFIX)
        if not name.startswith(PREFIX) or not where.strip():
            continue
        if language not in KNOWN:
            raise JobFailed(f"{name} ends in no known language code: name it like {PREFIX}deu.")
        try:
            path = inside(work.roots, str(talk_folder(work.properties, work.roots) / where.strip()))
            with path.open("rb") as file:
                yield language, parse(file.read(MOST_BYTES + 1), path.name)
        except (PathRefused, OSError) as error:
            raise JobFailed(f"{name} names {where[:200]!r}, which cannot be read: {error}") from error
        except BadSubtitles as error:
            raise JobFailed(f"{name}: {error}") from error


def _kept(work: Work) -> tuple[list[tuple[int, int]], Fraction]:
    """Return the frames of the recording that the cut consists of, in order, and their rate."""
    cut_in, cut_out = (frame_of(name, work.need(name)) for name in ("Record.Cutin", "Record.Cutout"))
    timeline = read_timeline(talk_folder(work.properties, work.roots))
    pieces = plan(timeline, ranges_of(work.properties, cut_in, cut_out))
    return merged([(part.first_frame, part.stop_frame) for piece in pieces for part in piece.parts]), timeline.rate


def write_sidecars(target: Path, found: Extras, work: Work, stack: ExitStack) -> list[str]:
    """Write a WebVTT file for each language beside *target*; each gets its name with *stack*. Return the names."""
    names = []
    for language, cues in found.subtitles:
        beside = target.with_name(f"{target.stem}.{language}.vtt")
        part = stack.enter_context(partial(beside, work.ticket.attempt, work.confirm))
        part.write_text(written(cues), encoding="utf-8")
        names.append(beside.name)
    return names
