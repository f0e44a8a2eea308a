"""Sound that changes its rate or its channels in the middle of a recording, made one that does not.

The graph of a cut counts samples from beginning to end, so ffmpeg must not begin it anew in the middle.
"""

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import av

from scripts.media import ffmpeg
from scripts.media.cutgraph import SAMPLE_RATE, Opened, reading
from scripts.media.ffmpeg import FfmpegFailed, StopTest
from scripts.media.timeline import PTS_CLOCK

_COMPLAINT = "Changing audio frame properties on the fly"
_AFTER_S = 2

RoomTest = Callable[[Path, float], None]
"""Sees that a folder has room for so many bytes; what it raises ends the cut."""


def changes_sound(failure: Exception) -> bool:
    """Tell whether ffmpeg failed because the sound changes what it is in the middle."""
    return isinstance(failure, FfmpegFailed) and _COMPLAINT in failure.tail


def steadied(
    opened: Sequence[Opened], layouts: Sequence[str], scratch: Path, room: RoomTest | None, stop: StopTest | None
) -> list[Opened]:
    """Decode the sound of all inputs into the scratch folder, alike from end to end, under the stamps it had.

    NUT keeps stamps exactly and PCM leaves gaps where they are. It is decoded as far as it is used; *room* is asked
    before whether the folder has room for so many bytes. Raise FfmpegFailed, Stopped, what *room* raises, and OSError
    that names the place where the folder is when that is full.
    """
    if room is not None:
        room(scratch, sum(_bytes(source, layouts) for source in opened))
    try:
        return [_steadied(number, source, layouts, scratch, stop) for number, source in enumerate(opened)]
    except FfmpegFailed as failure:
        for number in (errno.ENOSPC, errno.EDQUOT):
            if os.strerror(number) in failure.tail:
                raise OSError(number, os.strerror(number), str(scratch.parent)) from failure
        raise


def _steadied(number: int, source: Opened, layouts: Sequence[str], scratch: Path, stop: StopTest | None) -> Opened:
    if not source.sounds:
        return source
    name, end = f"{number}.nut", float(_end(source) / PTS_CLOCK)
    alike = f"atrim=end={end:.6f},aresample={SAMPLE_RATE},aformat=sample_fmts=s16:channel_layouts="
    maps: list[str] = []
    for sound, layout in enumerate(layouts[: source.sounds]):
        maps += ["-map", f"0:a:{sound}", f"-filter:a:{sound}", alike + layout]
    ffmpeg.run(["ffmpeg", "-copyts", *reading(source), *maps, "-c:a", "pcm_s16le", "-y", name], stop=stop, cwd=scratch)
    return replace(source, sound_file=name)


def _end(source: Opened) -> int:
    """Return the stamp (libav's clock) up to which the sound of an input is used, with some to spare."""
    return source.input.pieces[-1].end_pts + source.shift + _AFTER_S * PTS_CLOCK


def _bytes(source: Opened, layouts: Sequence[str]) -> float:
    """Return how many bytes the sound of an input takes from where it is read to where it ends."""
    begin = source.seek_before(source.input.pieces[0].start_pts)
    if begin is None:
        begin = source.input.segments[0].first_pts + source.shift
    channels = sum(av.AudioLayout(layout).nb_channels for layout in layouts[: source.sounds])
    return float((_end(source) - begin) / PTS_CLOCK * SAMPLE_RATE * 2 * channels)
