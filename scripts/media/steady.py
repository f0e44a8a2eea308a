"""Sound that changes its rate or its channels in the middle of a recording, made one that does not.

The graph of a cut counts samples from beginning to end, so ffmpeg must not begin it anew in the middle.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scripts.media import ffmpeg
from scripts.media.cutgraph import SAMPLE_RATE, Opened, reading
from scripts.media.ffmpeg import FfmpegFailed, StopTest

_COMPLAINT = "Changing audio frame properties on the fly"


def changes_sound(failure: Exception) -> bool:
    """Tell whether ffmpeg failed because the sound changes what it is in the middle."""
    return isinstance(failure, FfmpegFailed) and _COMPLAINT in failure.tail


def steadied(opened: Sequence[Opened], layouts: Sequence[str], scratch: Path, stop: StopTest | None) -> list[Opened]:
    """Decode the sound of all inputs into the scratch folder, alike from end to end, under the stamps it had.

    NUT keeps stamps exactly and PCM leaves gaps where they are. Raise FfmpegFailed, Stopped.
    """
    return [_steadied(number, source, layouts, scratch, stop) for number, source in enumerate(opened)]


def _steadied(number: int, source: Opened, layouts: Sequence[str], scratch: Path, stop: StopTest | None) -> Opened:
    if not source.sounds:
        return source
    name, alike = f"{number}.nut", f"aresample={SAMPLE_RATE},aformat=sample_fmts=s16:channel_layouts="
    maps: list[str] = []
    for sound, layout in enumerate(layouts[: source.sounds]):
        maps += ["-map", f"0:a:{sound}", f"-filter:a:{sound}", alike + layout]
    ffmpeg.run(["ffmpeg", "-copyts", *reading(source), *maps, "-c:a", "pcm_s16le", name], stop=stop, cwd=scratch)
    return replace(source, sound_file=name)
