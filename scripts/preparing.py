"""What the encoder settles before the tracker renders the job: tracks of sound and their gains, slides.

It is stored on the ticket (Encoding.*), from where the profile's template takes it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from scripts.media.loudness import gain_db
from scripts.media.probe import probe
from scripts.media.slides import Chosen, Shape, chosen, filled, make_film, shape_of, template
from scripts.media.tracks import Track, tracks_of, written
from scripts.media.verify.joints import Part
from scripts.worker.folders import talk_folder
from scripts.worker.job import Work
from scripts.worker.outcomes import JobFailed

_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?")
_RATIO = re.compile(r"[1-9]\d{0,4}[:/][1-9]\d{0,4}")


@dataclass(frozen=True)
class Slide:
    """A film of a slide: its kind (intro, apology, outro), file and frames."""

    kind: str
    film: Path
    frames: int


@dataclass(frozen=True)
class Prepared:
    """Tracks of sound (none: the cut master was not looked at), slides before and after the talk, frames per second."""

    tracks: tuple[Track, ...] = ()
    slides: tuple[Slide, ...] = ()
    rate: Fraction = Fraction(25)
    step: int = 1

    @property
    def lead(self) -> int:
        """Return how many frames stand before the talk."""
        return sum(slide.frames for slide in self.slides if slide.kind != "outro")

    @property
    def trail(self) -> int:
        """Return how many frames stand after the talk."""
        return sum(slide.frames for slide in self.slides if slide.kind == "outro")

    def parts(self, master: Path, frames: int) -> list[Part]:
        """Return where in the file the slides and the *frames* of the talk are; [] without slides."""
        if not self.slides:
            return []
        order = [(slide.film, slide.frames) for slide in self.slides]
        talk = sum(slide.kind != "outro" for slide in self.slides)
        order.insert(talk, (master, frames))
        parts, begin = [], 0
        for film, length in order:
            parts.append(Part(film, begin, begin + length, float(self.rate), self.step))
            begin += length
        return parts


def number(properties: Mapping[str, str], name: str, default: str) -> float:
    """Read a number. Raise JobFailed, naming the property, when it is none."""
    text = properties.get(name, "").strip() or default
    if not _NUMBER.fullmatch(text):
        raise JobFailed(f"{name} is {text[:40]!r}, which is no number: correct it.")
    return float(text)


def master_of(work: Work) -> Path | None:
    """Return where the cut master is, if the project tells where and it is there."""
    if not work.properties.get("Processing.Path.Tmp"):
        return None
    path = talk_folder(work.properties, work.roots) / "cut.mkv"
    return path if path.is_file() else None


def prepare(work: Work, rate: Fraction, stack: ExitStack, *, has_video: bool) -> Prepared:
    """Choose and measure the tracks, make the slides; store what the template needs. The films go with *stack*.

    Raise JobFailed, BadTracks, SlideError, FfmpegFailed, MediaUnreadable, VerifyFailed, Stopped.
    """
    properties = work.properties
    target = properties.get("Format.Audio.Loudness", "")
    slides = list(chosen(properties)) if has_video else []
    master = master_of(work)
    if master is None and (target or slides):
        what = "its loudness cannot be measured" if target else "slides cannot be made to fit it"
        raise JobFailed(f"The cut master is not there, so {what}: copy the recording anew.")
    tracks = tuple(_tracks(work, master, target)) if master is not None else ()
    step = _step(rate, number(properties, "Format.Video.MaxFPS", "0"))
    films = tuple(_films(work, master, slides, rate, step, stack)) if master is not None and slides else ()
    prepared = Prepared(tracks, films, rate, step)
    _save(work, _told(prepared, target))
    return prepared


def _tracks(work: Work, master: Path, target: str) -> Iterator[Track]:
    """List the tracks, each with the gain that brings it to the *target*; a file of sound alone has the first one."""
    wanted = number(work.properties, "Format.Audio.Loudness", "0")
    channels = work.properties.get("Format.Audio.Channels", "")
    for track in tracks_of(work.properties, len(probe(master).audio)):
        if target:
            source, stop = track.channels, work.halt.is_set
            gain = gain_db(master, wanted, source=source, channels=channels, stream=track.stream, stop=stop)
            yield track.with_gain(gain)
        else:
            yield track


def _step(rate: Fraction, most: float) -> int:
    """Return by which whole number the templates divide the rate to stay below Format.Video.MaxFPS."""
    return math.ceil(float(rate) / most) if 0 < most < rate else 1


def _films(
    work: Work, master: Path, slides: Sequence[Chosen], rate: Fraction, step: int, stack: ExitStack
) -> Iterator[Slide]:
    for leftover in master.parent.glob(f"slide-{work.ticket.id}-*"):
        leftover.unlink(missing_ok=True)  # of an attempt that was killed
    shape = shape_of(master, rate)
    for each in slides:
        film = master.with_name(f"slide-{work.ticket.id}-{work.ticket.attempt}-{each.kind}.mkv")
        frames = max(1, round(each.seconds * rate / step)) * step
        stack.callback(film.unlink, missing_ok=True)
        yield _film(Slide(each.kind, film, frames), each.template, shape, work)


def _film(slide: Slide, where: str, shape: Shape, work: Work) -> Slide:
    """Fill the template with the talk's data and write the film."""
    drawing = filled(template(slide.kind, where, work.roots), work.properties)
    make_film(drawing, shape, slide.frames, slide.film, aspect=_aspect(work.properties), stop=work.halt.is_set)
    return slide


def _aspect(properties: Mapping[str, str]) -> Fraction | None:
    text = properties.get("Processing.Video.AspectRatio", "").strip()
    if not text:
        return None
    if not _RATIO.fullmatch(text):
        raise JobFailed(f"Processing.Video.AspectRatio is {text[:40]!r}, which is no ratio like 16:9: correct it.")
    return Fraction(text.replace(":", "/"))


def _told(prepared: Prepared, target: str) -> dict[str, str]:
    """Return what the templates take from the ticket; '' for what an earlier attempt left."""
    films = dict.fromkeys(("Encoding.Lead.1", "Encoding.Lead.2", "Encoding.Trail.1"), "")
    before = [slide for slide in prepared.slides if slide.kind != "outro"]
    for place, slide in enumerate(prepared.slides, 1):
        films[f"Encoding.Lead.{place}" if slide in before else "Encoding.Trail.1"] = str(slide.film)
    gain = prepared.tracks[0].gain_db if prepared.tracks and target else None
    return films | {
        "Encoding.LeadSeconds": _seconds(prepared.lead, prepared.rate),
        "Encoding.TrailSeconds": _seconds(prepared.trail, prepared.rate),
        "Encoding.Tracks": written(prepared.tracks),
        "Encoding.Gain": "" if gain is None else f"{gain:.1f}",
    }


def _seconds(frames: int, rate: Fraction) -> str:
    return f"{float(frames / rate):.6f}" if frames else ""


def _save(work: Work, values: Mapping[str, str]) -> None:
    changed = {name: value for name, value in values.items() if value != work.properties.get(name, "")}
    if changed:
        work.save(changed)
