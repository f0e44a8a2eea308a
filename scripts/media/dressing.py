"""Put subtitles and chapters into a finished file: nothing is encoded anew, the streams are copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import av

from scripts.media import ffmpeg
from scripts.media.captions import Cue
from scripts.media.captions import written as vtt
from scripts.media.chapters import Chapter, metadata
from scripts.media.files import final_name
from scripts.media.scan import VerifyFailed
from scripts.media.scratch import scratch_folder

SUBTITLES = {"mp4": "mov_text", "m4v": "mov_text", "mov": "mov_text", "mkv": "subrip", "webm": "webvtt"}
"""What subtitles are called in which container; others have none."""
CHAPTERS = frozenset((*SUBTITLES, "m4a", "mka", "mp3"))
"""Containers that carry chapters."""

Track = tuple[str, Sequence[Cue]]
"""Language and what is shown."""


def dress(
    path: Path,
    subtitles: Sequence[Track],
    chapters: Sequence[Chapter],
    seconds: float,
    stop: Callable[[], bool] | None = None,
) -> list[str]:
    """Add what the container of *path* carries; return what it did, in words. The file lasts *seconds*.

    The file is replaced when all is well. Raise FfmpegFailed, Stopped, VerifyFailed.
    """
    extension = path.suffix[1:].lower()
    shown = [track for track in subtitles if track[1]] if extension in SUBTITLES else []
    told = chapters if extension in CHAPTERS else []
    if not shown and not told:
        return []
    made = path.with_name(f"{path.stem.removesuffix('.part')}d.part{path.suffix}")
    try:
        with scratch_folder() as folder:
            ffmpeg.run(_command(path, made, shown, told, seconds, folder), duration_s=seconds, stop=stop)
        _check(made, len(shown), len(told))
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    words = [f"{len(shown)} tracks of subtitles"] if shown else []
    return [*words, *([f"{len(told)} chapters"] if told else [])]


def _command(
    path: Path, made: Path, shown: Sequence[Track], told: Sequence[Chapter], seconds: float, folder: Path
) -> list[str]:
    inputs, options = ["-i", str(path)], ["-map", "0"]
    for number, (language, cues) in enumerate(shown):
        file = folder / f"{number}.vtt"
        file.write_text(vtt(cues), encoding="utf-8")
        inputs += ["-f", "webvtt", "-i", str(file)]
        options += ["-map", f"{number + 1}:s", f"-metadata:s:s:{number}", f"language={language}"]
    if told:
        (folder / "chapters").write_text(metadata(told, seconds), encoding="utf-8")
        inputs += ["-f", "ffmetadata", "-i", str(folder / "chapters")]
        options += ["-map_chapters", str(len(shown) + 1)]
    extension = path.suffix[1:].lower()
    codecs = ["-c", "copy", *(["-c:s", SUBTITLES[extension]] if shown else [])]
    fast = ["-movflags", "+faststart"] if extension in ("mp4", "m4v", "mov", "m4a") else []
    return ["ffmpeg", "-y", *inputs, *options, "-map_metadata", "0", *codecs, *fast, str(made)]


def _check(made: Path, subtitles: int, chapters: int) -> None:
    with av.open(str(made), "r") as container:
        found, parts = len(container.streams.subtitles), len(container.chapters())
    if found != subtitles or parts < chapters:
        raise VerifyFailed(
            f"{final_name(made)} has {found} tracks of subtitles and {parts} chapters and should have {subtitles} and "
            f"{chapters}."
        )
