"""Recordings of every kind a crew may bring along, and the way of each through merging, cutting and encoding.

Every kind is made from one recording whose frames bear numbers and whose whole seconds click.
"""

from __future__ import annotations

import os
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import numpy as np

from demo.footage import read_code
from demo.footage.picture import RoomPicture
from demo.footage.sound import SAMPLE_RATE, RoomSound
from demo.measure import click_times
from scripts.encoder import EncodeJob
from scripts.media import ffmpeg
from scripts.media.sources import luma
from scripts.media.timeline import Timeline
from scripts.script_b_merge import MergeJob
from scripts.script_c_copy import CopyJob
from scripts.worker import loop
from scripts.worker.job import Job
from scripts.worker.loop import Shift
from tests.scripts.fields import moving, steps_off
from tests.scripts.scripted_tracker import ScriptedTracker
from tracker.profiles.jobs import SAMPLE, render
from tracker.profiles.shipped import SHIPPED, template

START = datetime(2021, 5, 1, 10, 0, 0, tzinfo=ZoneInfo("Europe/Berlin"))
SECONDS, IN_S, OUT_S = 6, Fraction(11, 10), Fraction(51, 10)
PAL, NTSC, FAST = Fraction(25), Fraction(30000, 1001), Fraction(50)
LONG = "a" * 177
_STEPS_OFF = 0.5  # what the bar moves from field to field is 1
_AAC = ("-c:a", "aac", "-b:a", "160k")


def _x264(rate: Fraction, more: str = "", crf: int = 18) -> tuple[str, ...]:
    keys = f"keyint={round(rate)}:min-keyint={round(rate)}:scenecut=0:bframes=3:{more or 'open-gop=0'}"
    return "-c:v", "libx264", "-preset", "fast", "-crf", str(crf), "-x264-params", keys


def _x265(rate: Fraction, is_open: int) -> tuple[str, ...]:
    keys = f"keyint={round(rate)}:min-keyint={round(rate)}:scenecut=0:bframes=3:open-gop={is_open}"
    return "-c:v", "libx265", "-preset", "superfast", "-crf", "18", "-x265-params", f"{keys}:log-level=none:pools=1"


@dataclass(frozen=True)
class Kind:
    """A kind of recording: how ffmpeg makes it, and what must come of it.

    `spoil` damages the file; `refused` is part of the sentence that refuses it, `method` the beginning of how it must
    be cut; where several ways are right, it is empty. `first` is the code of the first picture; `short` allows that
    pictures are missing, `steadied` that others stand for them. `second` and `second_sound` are how the second half is
    made if not so; `cut` is how the project wants it cut. `fields` is the first field (tff, bff) where the two of a
    picture show different moments.
    """

    name: str
    rate: Fraction = PAL
    made: tuple[str, ...] = _x264(PAL)
    sound: tuple[str, ...] = _AAC
    suffix: str = ".ts"
    before: tuple[str, ...] = ()
    maps: tuple[str, ...] = ("-map", "0:v", "-map", "0:a")
    room: str = "saal1"
    folder: str = "raw"
    method: str = ""
    refused: str = ""
    first: int = 0
    silent: bool = False
    steadied: bool = False
    short: bool = False
    second: tuple[str, ...] = ()
    second_sound: tuple[str, ...] = ()
    cut: str = ""
    fields: str = ""
    spoil: Callable[[Path], object] | None = None


def _halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 3 // 4)


_DV = ("-vf", "scale=720:576,setsar=16/15", "-c:v", "dvvideo", "-pix_fmt", "yuv420p")
_TFF = ("-vf", "setfield=tff", "-flags", "+ilme+ildct", *_x264(PAL, "open-gop=0:tff=1"))
_VARIABLE = ("-vf", "select='mod(n+1,3)'", "-fps_mode", "vfr", *_x264(PAL))
_LATE = ("-vf", "trim=start_frame=10", "-fps_mode", "passthrough", *_x264(PAL))
_MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-g", "12", "-bf", "2")
_VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-g", "25")
_OTHER = _x264(PAL, "open-gop=0:cabac=0:8x8dct=0")
_SMALLER = ("-vf", "scale=160:90", *_x264(PAL))
_10_BITS = ("-vf", "format=yuv420p10le", *_x264(PAL))
_COLOURED = ("-vf", "setparams=color_primaries=bt709:colorspace=bt709:color_trc=bt709", *_x264(PAL))
_MP2 = ("-c:a", "mp2", "-b:a", "192k")
_S302M = ("-c:a", "s302m", "-strict", "-2", "-ac", "2")
_PCM = ("-c:a", "pcm_s16le")


def _fields(name: str, order: str, made: tuple[str, ...], shape: str = "", **more: Any) -> Kind:
    """Return a kind of recording whose two fields show different moments, cut in full."""
    filtered = (*moving(order, shape), "-flags", "+ilme+ildct", *made)
    return Kind(name, made=filtered, maps=("-map", "[v]", "-map", "0:a"), fields=order, method="full: ", **more)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("h264 25", method="smart"),
        Kind("h264 29.97", NTSC, _x264(NTSC), method="smart"),
        Kind("h264 50", FAST, _x264(FAST), method="smart"),
        Kind("h264 open", made=_x264(PAL, "open-gop=1"), method="smart"),
        Kind("h264 mkv", suffix=".mkv", method="smart"),
        Kind("h264 mp4", suffix=".mp4", method="smart"),
        Kind("hevc", made=_x265(PAL, 0), method="smart"),
        Kind("hevc open 29.97", NTSC, _x265(NTSC, 1), method="smart"),
        Kind("interlaced", made=_TFF, method="full: the picture is interlaced"),
        _fields("h264 tff", "tff", _x264(PAL, "open-gop=0:tff=1")),
        _fields("h264 bff", "bff", _x264(PAL, "open-gop=0:bff=1")),
        _fields("mpeg2 tff", "tff", _MPEG2, sound=_MP2),
        _fields("mpeg2 bff", "bff", _MPEG2, sound=_MP2),
        _fields("dv bff", "bff", _DV[2:], ",scale=720:576,setsar=16/15", sound=(*_PCM, "-ac", "2"), suffix=".dv"),
        Kind("vfr", made=_VARIABLE, suffix=".mkv", steadied=True, method="full: "),
        Kind("portrait", suffix=".mp4", before=("-display_rotation", "90")),
        Kind("4:3", made=("-vf", "scale=720:576,setsar=16/15", *_x264(PAL)), method="smart"),
        Kind("small", made=("-vf", "scale=160:90", *_x264(PAL, crf=12)), method="smart"),
        Kind("no sound", sound=("-an",), maps=("-map", "0:v"), silent=True, method="smart"),
        Kind("sound first", made=_LATE, maps=("-map", "0:a", "-map", "0:v"), first=10, method="smart"),
        Kind("mono", sound=(*_AAC, "-ac", "1"), method="smart"),
        Kind("5.1", sound=("-c:a", "ac3", "-b:a", "384k", "-ac", "6"), method="smart"),
        Kind("mpeg2", made=_MPEG2, sound=_MP2, method="full: mpeg2video"),
        Kind("dv", made=_DV, sound=(*_PCM, "-ac", "2"), suffix=".dv", method="full: dvvideo"),
        Kind("vp9", made=_VP9, sound=("-c:a", "libopus"), suffix=".webm", method="full: vp9"),
        Kind("parameters", second=_OTHER, sound=_S302M, method="full: "),
        Kind("size changes", second=_SMALLER, sound=_S302M, short=True, method="smart"),
        Kind(
            "size changes, full", second=_SMALLER, sound=_S302M, short=True, cut="full", method="full: as the project"
        ),
        Kind("10 bits later", second=_10_BITS, sound=_S302M, method="full: "),
        Kind("colours change", second=_COLOURED, sound=_S302M, method="full: "),
        Kind("mono later", second=_x264(PAL), sound=_MP2, second_sound=(*_MP2, "-ac", "1"), method="full: "),
        Kind("truncated", spoil=_halve, short=True),
        Kind("truncated mkv", suffix=".mkv", spoil=_halve, short=True),
        Kind("truncated mp4", suffix=".mp4", spoil=_halve, refused="saal1-2021-05-01_10-00-00.mp4 is no mp4 file"),
        Kind("long name", room=LONG, method="smart"),
        Kind("odd name", folder="$(touch x); Ö 'raw\" & -i", method="smart"),
    )
}
"""By name. The numbers of pictures that must come out are the same for all, but for the rate and what is truncated."""


def base(folder: Path, rate: Fraction) -> Path:
    """Record the room once at a rate, almost without loss; picture and sound begin and end together."""
    size, frames, target = (320, 180), round(SECONDS * rate), folder / f"base-{float(rate):.2f}.mkv"
    talks = [(0.0, float(SECONDS), "A lamp")]
    picture = RoomPicture("saal1", size, rate, START, talks)
    with wave.open(str(target.with_suffix(".wav")), "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        out.writeframes(RoomSound(rate, 0, talks).samples(0, round(frames * SAMPLE_RATE / rate)).tobytes())
    with target.with_suffix(".yuv").open("wb") as raw:
        for number in range(frames):
            raw.write(picture.frame(number, number))
    read = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{size[0]}x{size[1]}", "-r", str(rate)]
    sources = [*read, "-i", str(target.with_suffix(".yuv")), "-i", str(target.with_suffix(".wav"))]
    ffmpeg.run(["ffmpeg", *sources, "-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-c:a", "copy", str(target)])
    for passing in (".wav", ".yuv"):
        target.with_suffix(passing).unlink()
    return target


def film(kind: Kind, source: Path, mount: Path) -> Path:
    """Make a recording of a kind from the base one of its rate, as a recorder would have named it."""
    raw = mount / kind.folder
    raw.mkdir(parents=True, exist_ok=True)
    target = raw / f"{kind.room}-{START:%Y-%m-%d_%H-%M-%S}{kind.suffix}"
    made = target.with_name(f"made{kind.suffix}")
    read = ["ffmpeg", "-i", str(source), *kind.maps]
    if kind.second:
        half = SECONDS // 2
        ffmpeg.run([*read, "-t", str(half), "-output_ts_offset", "1", *kind.made, *kind.sound, "-y", str(made)])
        later = made.with_name(f"later{kind.suffix}")
        shifted = ["-ss", str(half), "-output_ts_offset", str(half + 1)]
        ffmpeg.run([*read, *shifted, *kind.second, *(kind.second_sound or kind.sound), "-y", str(later)])
        made.write_bytes(made.read_bytes() + later.read_bytes())
        later.unlink()
    elif kind.before:
        plain = made.with_name(f"plain{kind.suffix}")
        ffmpeg.run([*read, *kind.made, *kind.sound, "-y", str(plain)])
        ffmpeg.run(["ffmpeg", *kind.before, "-i", str(plain), "-map", "0", "-c", "copy", str(made)])
        plain.unlink()
    else:
        ffmpeg.run([*read, *kind.made, *kind.sound, "-y", str(made)])
    if kind.spoil:
        kind.spoil(made)
    os.utime(made, (START.timestamp(), START.timestamp()))
    made.rename(target)
    return target


@dataclass
class Result:
    """What came of a recording: how each script ended, the cut's method, and what its files show."""

    said: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    failed: str = ""

    @property
    def method(self) -> str:
        """Return how the cut was made."""
        return self.properties.get("Record.CutMethod", "")


@dataclass
class Line:
    """A tracker's ticket on its way: merge, cut, then encode into any of the shipped formats."""

    tracker: ScriptedTracker
    shift: Shift
    mount: Path
    kind: Kind
    title: str = "$(touch x) `touch x`; Öfen & Züge"
    result: Result = field(default_factory=Result)

    @property
    def master(self) -> Path:
        """Return where the cut master is."""
        return self.mount / "tmp" / "demo" / "7" / "cut.mkv"

    def marks(self) -> tuple[int, int]:
        """Return in and out, in frames."""
        return round(IN_S * self.kind.rate), round(OUT_S * self.kind.rate)

    def cut(self) -> Result:
        """Merge and cut."""
        cut_in, cut_out = self.marks()
        given = {
            "Project.Slug": "demo", "Project.TimeZone": "Europe/Berlin", "Room.Key": self.kind.room,
            "Fahrplan.ID": "7", "Fahrplan.Title": self.title, "Fahrplan.Room": "Saal 1",
            "Fahrplan.DateTime": "2021-05-01T10:00:01+02:00", "Fahrplan.Duration": "00:00:04",
            "Record.StartPadding": "1", "Record.EndPadding": "1",
            "Processing.Path.Raw": str(self.mount / self.kind.folder),
            "Processing.Path.Tmp": str(self.mount / "tmp"), "Processing.Path.Output": str(self.mount / "output"),
            "Processing.Cut": self.kind.cut or "auto",
        }  # fmt: skip
        self._step(MergeJob(), 3, "merging", given)
        if not self.result.failed:
            marks = {"Record.Cutin": str(cut_in), "Record.Cutout": str(cut_out), "Record.Language": "deu"}
            self._step(CopyJob(), 3, "copying", self.result.properties | marks)
        return self.result

    def encode(self, slug: str) -> Path:
        """Encode the cut into a shipped format; `result.failed` says why there is no file."""
        _, extension, file, stored = SHIPPED[slug]
        (self.mount / "output").mkdir(exist_ok=True)
        basename = f"demo-7-deu-talk-{slug}"
        profile = {
            "EncodingProfile.Slug": slug, "EncodingProfile.Extension": extension,
            "EncodingProfile.Basename": basename, "Encoding.Basename": "demo-7-deu-talk", **stored,
        }  # fmt: skip
        self.tracker.jobfiles = _Rendered(file, self.tracker)
        self._step(EncodeJob(), 9, "encoding", self.result.properties | profile)
        return self.mount / "output" / f"{basename}.{extension}"

    def _step(self, job: Job, ticket: int, service: str, properties: dict[str, str]) -> None:
        self.tracker.ended.clear()
        self.tracker.add(ticket, service=service, **properties)
        loop.step(job, self.shift)
        how, _, *words = self.tracker.ended[-1] if self.tracker.ended else ("", 0, "nothing")
        self.result.said.append(f"{service}: {how}: {words[0] if words else ''}")
        self.result.failed = "" if how == "done" else str(words[0])
        if ticket == 3:
            self.result.properties = dict(self.tracker.properties[3])

    def wanted(self) -> list[int]:
        """Return the codes the cut must show: all that were recorded between the marks."""
        timeline = Timeline.from_json((self.master.parent / "timeline.json").read_text(encoding="utf-8"))
        cut_in, cut_out = self.marks()
        there = [number for number in range(cut_in, cut_out) if timeline.segment_at(number)]
        assert self.kind.short or self.kind.steadied or len(there) == cut_out - cut_in
        if self.kind.steadied:
            there = [max(one for one in there if one <= number) for number in range(cut_in, cut_out)]
        return [number + self.kind.first for number in there]

    def prove_cut(self) -> str:
        """Compare the cut master with what was recorded; return a word on it. Raise AssertionError."""
        assert not self.result.failed and self.result.method.startswith(self.kind.method), self.result.said
        assert codes(self.master) == self.wanted()
        if self.kind.fields:
            assert max(steps_off(self.master, self.wanted(), self.kind.fields)) <= _STEPS_OFF
        return self._prove_sound(self.master, 1.0)

    def prove_file(self, path: Path) -> str:
        """Compare an encoded file with what was recorded: all frames, or every second where its rate is halved."""
        assert not self.result.failed, self.result.said
        frame_ms, wanted = float(1000 / self.kind.rate), self.wanted()
        if path.suffix not in (".mp3", ".opus"):
            shown = codes(path)
            assert shown in (wanted, wanted[::2]), (shown, wanted)
            frame_ms *= len(wanted) / len(shown)
            if self.kind.fields:
                assert shown == wanted
                assert max(steps_off(path, wanted)) <= _STEPS_OFF
        return self._prove_sound(path, frame_ms)

    def _prove_sound(self, path: Path, most_ms: float) -> str:
        if self.kind.silent:
            return "silent"
        cut_in, cut_out = (mark + self.kind.first for mark in self.marks())
        off = apart_ms(path, self.kind, cut_in, cut_out)
        assert off <= most_ms, f"{path.name}: {off} ms"
        return f"{off:.1f}"


class _Rendered(dict[int, str]):
    """Renders a job when it is asked for, from what the ticket's properties are then."""

    def __init__(self, file: str, tracker: ScriptedTracker) -> None:
        super().__init__()
        self._file, self._tracker = file, tracker

    def __getitem__(self, ticket: int) -> str:
        meta = {name: value for name, value in SAMPLE.items() if name.startswith("Meta.")}
        return render(template(self._file), meta | self._tracker.properties[ticket]).decode()


def codes(path: Path) -> list[int | None]:
    """Read the frame codes of a file, whichever way up its pictures are stored."""
    with av.open(str(path)) as container:
        pictures = [luma(frame) for frame in container.decode(video=0)]
    return [next((code for turn in range(4) if (code := read_code(np.rot90(each, turn))) is not None), None)
            for each in pictures]  # fmt: skip


def apart_ms(path: Path, kind: Kind, cut_in: int, cut_out: int) -> float:
    """Return by how much the click furthest from its place is off (ms). Raise AssertionError without any."""
    step = round(kind.rate)
    marks = [float((code - cut_in) / kind.rate) for code in range(cut_out) if code % step == 0]
    clicks = click_times(path)
    assert clicks
    return 1000 * max(min((abs(click - mark) for mark in marks), default=9.0) for click in clicks)
