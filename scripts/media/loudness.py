"""How much to turn the sound of a cut master up or down for a target loudness (EBU R128), measured over all of it.

One gain for the whole talk: quiet stays quieter than loud, and no second pass through the encoder is needed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

from scripts.media import ffmpeg
from scripts.media.probe import probe

SOURCES = {
    "left": "aformat=channel_layouts=stereo,pan=stereo|c0=c0|c1=c0,",
    "right": "aformat=channel_layouts=stereo,pan=stereo|c0=c1|c1=c1,",
    "mixed": "aformat=channel_layouts=stereo,pan=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0+0.5*c1,",
}
PEAK_DB = -1.0
"""True peak that no gain exceeds (EBU R128)."""
MOST_DB = 30.0
SILENT_LUFS = -60.0
_SUMMARY = re.compile(r"^ +(I|Peak): +(\S+) (?:LUFS|dBFS)", re.MULTILINE)


def gain_db(
    master: Path,
    target: float,
    *,
    source: str = "",
    channels: str = "",
    stream: int = 0,
    stop: Callable[[], bool] | None = None,
) -> float:
    """Return the gain in dB that brings the sound to `target` LUFS, less where its true peak would exceed -1 dBTP.

    `source` is a word of Record.Audio, `channels` what the file gets, `stream` which stream of sound. 0 for silence or
    no sound. Raise FfmpegFailed, Stopped, MediaUnreadable.
    """
    if not probe(master).audio:
        return 0.0
    mixed = f"aformat=channel_layouts={'mono' if channels == '1' else 'stereo'}," if channels in ("1", "2") else ""
    chain = f"{SOURCES.get(source, '')}{mixed}ebur128=peak=true:framelog=quiet"
    said = ffmpeg.run(
        ["ffmpeg", "-loglevel", "info", "-i", str(master), "-map", f"0:a:{stream}", "-af", chain, "-f", "null", "-"],
        stop=stop,
    )
    found = {name: float(value) for name, value in _SUMMARY.findall(said[said.rfind("Summary:") :])}
    loudness, peak = found.get("I", -math.inf), found.get("Peak", math.nan)
    if loudness < SILENT_LUFS or not math.isfinite(peak):
        return 0.0
    return round(max(-MOST_DB, min(target - loudness, PEAK_DB - peak, MOST_DB)), 1)
