"""Make the cut master: the frames from in to before out, as the recorder took them, in one file, proved to be them.

Where the recording allows it, whole groups of pictures are copied and only the edges encoded anew; what cannot be
proved to be right is cut in full, every frame encoded anew (docs/cut-master.md).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from threading import Event

from scripts.media import ffmpeg
from scripts.media.cutgraph import Opened, build_command, build_sound_command
from scripts.media.ffmpeg import FfmpegFailed, StopTest
from scripts.media.files import partial
from scripts.media.pieces import CutError, Input, Piece, Range, inputs, plan
from scripts.media.probe import Media, probe
from scripts.media.scan import VerifyFailed
from scripts.media.scratch import scratch_folder
from scripts.media.smart.codecs import Refused
from scripts.media.smart.groups import Reader
from scripts.media.smart.write import write_spliced
from scripts.media.sources import Sources
from scripts.media.steady import RoomTest, changes_sound, steadied
from scripts.media.timeline import Timeline
from scripts.media.verify import CutMeasured, verify_cut
from scripts.media.verify.spliced import verify_spliced

__all__ = ["Cut", "CutError", "Method", "Piece", "Range", "build_command", "cut_master", "inputs", "plan"]

_CUTTING_PERCENT = 85.0
"""What of the whole work is cutting; the rest is proving."""
_SOUND_PERCENT = 30.0
"""What of a smart cut is its sound."""
_SUFFIX = {"mpegts": "ts"}


class Method(Enum):
    """How to cut: smart when that can be proved to be right, smart or not at all, every frame encoded anew."""

    AUTO = "auto"
    SMART = "smart"
    FULL = "full"


@dataclass(frozen=True)
class Cut:
    """A finished cut master: frames, seconds, its pieces, what was measured, and sentences for the ticket.

    `method` says how it was cut, and why when it was cut in full; `encoded` counts the frames that were encoded anew.
    """

    frames: int
    seconds: float
    pieces: tuple[Piece, ...]
    measured: CutMeasured
    notes: tuple[str, ...]
    method: str
    encoded: int


@dataclass(frozen=True)
class _Task:
    """All that cutting needs: the inputs as links in the scratch folder, the layouts of the streams of sound."""

    timeline: Timeline
    pieces: tuple[Piece, ...]
    opened: tuple[Opened, ...]
    layouts: tuple[str, ...]
    sources: Sources
    scratch: Path
    progress: Callable[[float], None]
    stop: StopTest | None

    @property
    def frames(self) -> int:
        return sum(piece.frames for piece in self.pieces)

    @property
    def seconds(self) -> float:
        return float(self.frames / self.timeline.rate)

    def stopped(self) -> bool:
        return self.stop is not None and (self.stop.is_set() if isinstance(self.stop, Event) else self.stop())

    def share(self, first: float, last: float) -> Callable[[float], None]:
        """Return a report of percent that counts from `first` to `last` of the whole work."""
        return lambda percent: self.progress(first + (last - first) * percent / 100)


def cut_master(
    timeline: Timeline,
    raw: Path,
    ranges: Sequence[Range],
    target: Path,
    attempt: str | int,
    *,
    method: Method = Method.AUTO,
    progress: Callable[[float], None] | None = None,
    room: RoomTest | None = None,
    stop: StopTest | None = None,
) -> Cut:
    """Cut the ranges in..out (exclusive) of a timeline whose files lie in `raw` and write them to `target`.

    The codec of the recording (H.264 when cut in full) and FLAC in Matroska; the name appears when the content is
    proved. `progress` gets percent; `room` is asked for what has to be decoded first. Raise CutError, MediaUnreadable
    (a file is missing or damaged), PathRefused, FfmpegFailed, VerifyFailed, Stopped; CutError also where Method.SMART
    cannot be done.
    """
    pieces = plan(timeline, ranges)
    sources = Sources(raw, timeline.tick)
    with scratch_folder() as scratch, partial(target, attempt) as part:
        opened, layouts = _open(timeline, inputs(timeline, pieces), sources, scratch)
        task = _Task(timeline, tuple(pieces), opened, layouts, sources, scratch, _rising(progress), stop)
        try:
            measured, said, encoded = _cut(task, part, method)
        except FfmpegFailed as failure:
            if not changes_sound(failure):
                raise
            task = replace(task, opened=tuple(steadied(opened, layouts, scratch, room, stop)))
            measured, said, encoded = _cut(task, part, method)
    task.progress(100.0)
    notes = tuple(_notes(task, ranges, measured))
    return Cut(task.frames, task.seconds, task.pieces, measured, notes, said, encoded)


def _rising(progress: Callable[[float], None] | None) -> Callable[[float], None]:
    """Report only what is more than before: a second attempt begins anew."""
    highest = -1.0

    def report(percent: float) -> None:
        nonlocal highest
        if progress is not None and percent > highest:
            highest = percent
            progress(percent)

    return report


def _cut(task: _Task, part: Path, method: Method) -> tuple[CutMeasured, str, int]:
    """Cut by the method asked for; return what was measured, a word on how it was cut, the frames encoded anew."""
    reason = "as the project demands"
    if method is not Method.FULL:
        try:
            return _cut_smart(task, part)
        except (Refused, VerifyFailed, FfmpegFailed) as failure:
            if changes_sound(failure):
                raise
            reason = str(failure).rstrip(".")
        if method is Method.SMART:
            raise CutError(f"A smart cut is not possible: {reason}. Set Processing.Cut of the project to auto or full.")
    command = build_command(task.opened, task.timeline.rate, task.layouts, part.resolve())
    ffmpeg.run(
        command,
        duration_s=task.seconds,
        progress=task.share(0, _CUTTING_PERCENT),
        stop=task.stop,
        cwd=task.scratch,
    )
    measured = verify_cut(part, task.pieces, task.timeline.rate, task.sources, task.stopped)
    return measured, f"full: {reason}", task.frames


def _cut_smart(task: _Task, part: Path) -> tuple[CutMeasured, str, int]:
    """Copy what can be copied. Raise Refused, VerifyFailed."""
    rate = task.timeline.rate
    readers = [Reader(source, piece, rate, task.scratch) for source in task.opened for piece in source.input.pieces]
    with _passing(part) as sound:
        command = build_sound_command(task.opened, rate, task.layouts, sound.resolve())
        share = task.share(0, _SOUND_PERCENT)
        ffmpeg.run(command, duration_s=task.seconds, progress=share, stop=task.stop, cwd=task.scratch)
        share = task.share(_SOUND_PERCENT, _CUTTING_PERCENT)
        spliced = write_spliced(readers, sound, part, lambda written: share(100 * written / task.frames), task.stopped)
    if spliced.encoded == task.frames:
        raise Refused("no whole group of pictures lies between in and out")
    measured = verify_spliced(part, task.pieces, spliced, rate, task.sources, task.stopped)
    return measured, f"smart ({spliced.encoded} of {task.frames} frames re-encoded)", spliced.encoded


@contextmanager
def _passing(part: Path) -> Iterator[Path]:
    """Yield a name beside the result for what is not kept; a leftover of it is swept with the result's own."""
    path = part.with_name(f"{part.stem}.sound.part{part.suffix}")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


# --- the recording ----------------------------------------------------------------------------------------------------


def _open(
    timeline: Timeline, groups: Sequence[Input], sources: Sources, scratch: Path
) -> tuple[tuple[Opened, ...], tuple[str, ...]]:
    """Look at the first file of each input and give all files harmless names; return the layouts of sound, too.

    The names go into one `concat:` address, in which file names of the mount could mean something else.
    """
    opened: list[Opened] = []
    layouts: list[str] = []
    for number, group in enumerate(groups):
        media = probe(sources.path(group.segments[0]), video_needed=True)
        _check_size(timeline, group, media)
        layouts += [sound.layout for sound in media.audio[len(layouts) :]]
        kind = media.container.split(",")[0]
        names = tuple(f"{number}-{index}.{_SUFFIX.get(kind, kind)}" for index in range(len(group.segments)))
        for name, segment in zip(names, group.segments, strict=True):
            (scratch / name).symlink_to(sources.path(segment))
            sources.check(segment)
        shift, interlaced = sources.shift(group.segments[0]), media.video is not None and media.video.interlaced
        opened.append(Opened(group, names, shift, len(media.audio), kind, interlaced))
    return tuple(opened), tuple(layouts) or ("stereo",)


def _check_size(timeline: Timeline, group: Input, media: Media) -> None:
    assert media.video is not None
    size, wanted = (media.video.width, media.video.height), (timeline.video.width, timeline.video.height)
    if size != wanted:
        raise CutError(
            f"{group.segments[0].file} has pictures of {size[0]}x{size[1]}, the recording begins with "
            f"{wanted[0]}x{wanted[1]}; cut only as far as one size goes, or convert the files."
        )


def _notes(task: _Task, ranges: Sequence[Range], measured: CutMeasured) -> Iterator[str]:
    """Say what a viewer will notice: what is missing, and silence where there was no sound."""
    left_out = sum(out - cut_in for cut_in, out in ranges) - task.frames
    repeated = sum(task.timeline.missing_between(*each) for each in ranges) - left_out
    if left_out:
        holes = [hole for each in ranges for hole in task.timeline.holes_between(*each)]
        longest = sorted(sorted(holes, key=lambda hole: -hole.frames)[:5], key=lambda hole: hole.first_frame)
        where = ", ".join(f"{hole.seconds:.1f} s at {hole.start:%H:%M:%S}" for hole in longest)
        more = " ..." if len(holes) > 5 else ""
        yield f"{left_out} frames between in and out were not recorded and are left out ({where}{more})."
    if repeated:
        yield (
            f"The pictures of the recording come at varying distances; {repeated} of {task.frames} frames were not "
            "recorded, and the picture before stands for each of them."
        )
    elif measured.pictures_damaged:
        total = measured.pictures_compared + measured.pictures_damaged
        yield f"The recording is damaged at {measured.pictures_damaged} of {total} places that were looked at."
    if not all(source.sounds for source in task.opened):
        yield "The recording has no sound in places; the cut is silent there."
