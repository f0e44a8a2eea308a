"""Make the cut master: the frames from in to before out, as the recorder took them, in one file, proved to be them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from scripts.media import ffmpeg
from scripts.media.cutgraph import Opened, build_command
from scripts.media.ffmpeg import StopTest
from scripts.media.files import partial
from scripts.media.pieces import CutError, Input, Piece, inputs, plan
from scripts.media.probe import Media, probe
from scripts.media.scratch import scratch_folder
from scripts.media.sources import Sources
from scripts.media.timeline import Timeline
from scripts.media.verify import CutMeasured, verify_cut

__all__ = ["Cut", "CutError", "Piece", "build_command", "cut_master", "inputs", "plan"]

_CUTTING_PERCENT = 85.0
"""What of the whole work is cutting; the rest is proving."""


@dataclass(frozen=True)
class Cut:
    """A finished cut master: frames, seconds, its pieces, what was measured, and sentences for the ticket."""

    frames: int
    seconds: float
    pieces: tuple[Piece, ...]
    measured: CutMeasured
    notes: tuple[str, ...]


def cut_master(
    timeline: Timeline,
    raw: Path,
    cut_in: int,
    cut_out: int,
    target: Path,
    attempt: str | int,
    *,
    progress: Callable[[float], None] | None = None,
    stop: StopTest | None = None,
) -> Cut:
    """Cut the frames cut_in..cut_out (exclusive) of a timeline whose files lie in `raw` and write them to `target`.

    H.264 and FLAC in Matroska; the name appears when the content is proved. `progress` gets percent. Raise CutError,
    MediaUnreadable (a file is missing or damaged), PathRefused, FfmpegFailed, VerifyFailed, Stopped.
    """
    pieces = plan(timeline, cut_in, cut_out)
    sources = Sources(raw, timeline.tick)
    frames = sum(piece.frames for piece in pieces)
    seconds = float(frames / timeline.rate)
    with scratch_folder() as scratch, partial(target, attempt) as part:
        opened, layout = _open(timeline, inputs(timeline, pieces), sources, scratch)
        command = build_command(opened, timeline.rate, layout, part.resolve())
        ffmpeg.run(command, duration_s=seconds, progress=_share(progress), stop=stop, cwd=scratch)
        measured = verify_cut(part, pieces, timeline.rate, sources, stop.is_set if isinstance(stop, Event) else stop)
    if progress is not None:
        progress(100.0)
    return Cut(frames, seconds, tuple(pieces), measured, tuple(_notes(timeline, cut_in, cut_out, opened, measured)))


def _share(progress: Callable[[float], None] | None) -> Callable[[float], None] | None:
    return None if progress is None else lambda percent: progress(percent * _CUTTING_PERCENT / 100)


def _open(timeline: Timeline, groups: Sequence[Input], sources: Sources, scratch: Path) -> tuple[list[Opened], str]:
    """Look at the first file of each input and give all files harmless names; return the layout of the sound, too.

    The names go into one `concat:` address, in which file names of the mount could mean something else.
    """
    opened, layout = [], ""
    for number, group in enumerate(groups):
        media = probe(sources.path(group.segments[0]), video_needed=True)
        _check_size(timeline, group, media)
        layout = layout or next((sound.layout for sound in media.audio if sound.channels), "")
        names = tuple(f"{number}-{index}.ts" for index in range(len(group.segments)))
        for name, segment in zip(names, group.segments, strict=True):
            (scratch / name).symlink_to(sources.path(segment))
            sources.check(segment)
        opened.append(Opened(group, names, sources.shift(group.segments[0]), len(media.audio)))
    return opened, layout or "stereo"


def _check_size(timeline: Timeline, group: Input, media: Media) -> None:
    assert media.video is not None
    size, wanted = (media.video.width, media.video.height), (timeline.video.width, timeline.video.height)
    if size != wanted:
        raise CutError(
            f"{group.segments[0].file} has pictures of {size[0]}x{size[1]}, the recording begins with "
            f"{wanted[0]}x{wanted[1]}; cut only as far as one size goes, or convert the files."
        )


def _notes(timeline: Timeline, cut_in: int, cut_out: int, opened: Sequence[Opened], measured: CutMeasured) -> list[str]:
    """Say what a viewer will notice: what is missing, and silence where there was no sound."""
    notes = []
    missing = timeline.missing_between(cut_in, cut_out)
    if missing:
        holes = timeline.holes_between(cut_in, cut_out)
        where = ", ".join(f"{hole.seconds:.1f} s at {hole.start:%H:%M:%S}" for hole in holes[:5])
        more = " ..." if len(holes) > 5 else ""
        notes.append(f"{missing} frames between in and out were not recorded and are left out ({where}{more}).")
    if measured.pictures_damaged:
        total = measured.pictures_compared + measured.pictures_damaged
        notes.append(f"The recording is damaged at {measured.pictures_damaged} of {total} places that were looked at.")
    if not all(source.sounds for source in opened):
        notes.append("The recording has no sound in places; the cut is silent there.")
    return notes
