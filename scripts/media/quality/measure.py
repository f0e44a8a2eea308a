"""Measure an encoded file: one run of ffmpeg over picture and sound, and a few pictures beside the cut master's."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.media import ffmpeg
from scripts.media.probe import Media, opened, picture_stream, probe
from scripts.media.quality.likeness import likeness
from scripts.media.scratch import scratch_folder

SHORTEST_S = {"silence": 3.0, "black": 1.0, "frozen": 10.0}
"""Spans that are shorter are not listed."""
MOST_SPANS = 100
_SILENT_DB, _ALIKE_DB = -70.0, 40.0
_STILL = 0.0005
_LISTED = re.compile(r"^lavfi\.(silence|black|freezedetect\.freeze)_(start|end)=([-\d.]+)", re.MULTILINE)
_STATS = re.compile(r"^\[astats@(\w+) @ \w+\] (Peak level|RMS level|Peak count)(?: dB)?: (\S+)", re.MULTILINE)
_SUMMARY = re.compile(r"^\[ebur128@loud(\d+) @ \w+\] Summary:\n((?:(?!\[).*\n?)*)", re.MULTILINE)
_LOUDNESS = re.compile(r"^ +(I|LRA|Peak): +(\S+) (?:LUFS|LU|dBFS)", re.MULTILINE)
MOST_TRACKS = 8

Span = tuple[float, float]


@dataclass(frozen=True)
class Channel:
    """Of one channel: highest sample and mean power in dB (-inf: silent), samples at full scale."""

    peak_db: float
    rms_db: float
    clipped: int


@dataclass(frozen=True)
class Sound:
    """Of the sound: integrated loudness (LUFS), range (LU), true peak (dBTP), the channels, how two of them differ."""

    loudness: float
    range: float
    true_peak: float
    channels: tuple[Channel, ...]
    identical: bool = False
    cancelling: bool = False


@dataclass(frozen=True)
class Cut:
    """What the file should be: frames and seconds, of which slides take `begin_s` before and `end_s` after the talk.

    `sound_s` is how long the sound of the file was found to be.
    """

    frames: int
    seconds: float
    sound_s: float = 0.0
    begin_s: float = 0.0
    end_s: float = 0.0


@dataclass(frozen=True)
class Measured:
    """What was measured; `spans` by kind (seconds), `ssim` as (seconds, likeness); `unfinished`: why not all was.

    `sound` is the first track, `others` those after it.
    """

    seconds: float
    frames: int
    offset_ms: float
    kbps: float
    sound: Sound | None
    spans: dict[str, list[Span]]
    ssim: list[tuple[float, float]]
    unfinished: str = ""
    others: tuple[Sound, ...] = ()
    cut: Cut | None = None


def measure(
    path: Path,
    master: Path | None,
    *,
    seconds: float,
    frames: int,
    stop: Callable[[], bool],
    progress: Callable[[float], None] | None = None,
    cut: Cut | None = None,
    slack_s: float = 120.0,
) -> Measured:
    """Measure `path`, `seconds` long, against the cut master it was made of; `frames` and `cut` are taken over.

    It takes as long as the file plays and `slack_s` at most; then the report says so. Raise Stopped when told to.
    """
    limit = time.monotonic() + seconds + slack_s
    media, unfinished = probe(path), ""
    said, listed = "", ""
    try:
        said, listed = _pass(path, media, seconds, lambda: stop() or time.monotonic() > limit, progress)
    except ffmpeg.Stopped:
        if stop():
            raise
        unfinished = f"it took longer than {seconds + slack_s:.0f} s"
    except ffmpeg.FfmpegFailed as failed:
        unfinished = str(failed)
    tracks = tuple(_sound(said, number) for number in range(len(media.audio[:MOST_TRACKS]))) if said else ()
    return Measured(
        seconds=seconds,
        frames=frames,
        offset_ms=offset_ms(path),
        kbps=path.stat().st_size * 8 / 1000 / max(seconds, 0.001),
        sound=tracks[0] if tracks else None,
        others=tracks[1:],
        spans=_spans(listed, seconds),
        ssim=_alike(path, master, seconds, cut) if media.video else [],
        unfinished=unfinished,
        cut=cut,
    )


def _alike(path: Path, master: Path | None, seconds: float, cut: Cut | None) -> list[tuple[float, float]]:
    """Compare the talk, without the slides around it, with its cut master if that is there."""
    if master is None or not master.is_file():
        return []
    begin, end = (cut.begin_s, cut.end_s) if cut else (0.0, 0.0)
    return likeness(path, master, seconds - begin - end, begin)


def offset_ms(path: Path) -> float:
    """Return by how many milliseconds the sound begins after the picture; 0 when there is but one of them."""
    with opened(path) as container:
        stream = picture_stream(container)
        picture = next((frame.time for frame in container.decode(stream)), None) if stream is not None else None
    with opened(path) as container:
        sound = next((frame.time for frame in container.decode(audio=0)), None) if container.streams.audio else None
    return 0.0 if picture is None or sound is None else 1000 * (sound - picture)


def arguments(path: Path, media: Media) -> list[str]:
    """Return the command that looks at picture and sound in one run, writing spans into files where it runs."""
    graphs, outputs = [], []
    for number, sound in enumerate(media.audio[:MOST_TRACKS]):
        graphs.append(_sound_graph(number, sound.channels == 2))
        outputs += ["-map", f"[heard{number}]"]
    if media.video is not None:
        graphs.append(
            f"[0:v:0]fps=5,scale=320:-2:flags=fast_bilinear,blackdetect=d={SHORTEST_S['black']}:pix_th=0.08,"
            f"freezedetect=n={_STILL}:d={SHORTEST_S['frozen']},metadata=print:file=picture.txt[seen]"
        )
        outputs += ["-map", "[seen]"]
    told = ["-loglevel", "info"]  # what the filters sum up is said there
    return ["ffmpeg", *told, "-i", str(path), "-filter_complex", ";".join(graphs), *outputs, "-f", "null", "-"]


def _sound_graph(number: int, stereo: bool) -> str:
    """Return what listens to a track; places of silence are listed for the first one."""
    each = f"astats@each{number}=measure_overall=none:measure_perchannel=Peak_level+Peak_count+RMS_level"
    quiet = f"silencedetect=n=-50dB:d={SHORTEST_S['silence']},ametadata=print:file=sound.txt," if number == 0 else ""
    graph = f"[0:a:{number}]{quiet}ebur128@loud{number}=peak=true:framelog=quiet"
    if not stereo:
        return f"{graph},aformat=s16,{each}[heard{number}]"
    overall = "measure_overall=RMS_level:measure_perchannel=none"
    return (
        f"{graph},asplit=3[each{number}][difference{number}][sum{number}];"
        f"[each{number}]aformat=s16,{each}[heard{number}];"
        f"[difference{number}]pan=mono|c0=0.5*c0-0.5*c1,astats@difference{number}={overall},anullsink;"
        f"[sum{number}]pan=mono|c0=0.5*c0+0.5*c1,astats@sum{number}={overall},anullsink"
    )


def _pass(
    path: Path, media: Media, seconds: float, stop: Callable[[], bool], progress: Callable[[float], None] | None
) -> tuple[str, str]:
    """Run it; return what ffmpeg said and what it listed."""
    with scratch_folder() as folder:
        said = ffmpeg.run(
            arguments(path, media), duration_s=seconds, progress=progress, stop=stop, cwd=folder, log_tail=400
        )
        files = [folder / name for name in ("sound.txt", "picture.txt")]
        return said, "\n".join(file.read_text() for file in files if file.is_file())


def _sound(said: str, number: int) -> Sound:
    found: dict[str, dict[str, list[float]]] = {}
    for place, name, value in _STATS.findall(said):
        found.setdefault(place, {}).setdefault(name, []).append(_number(value))
    each = found.get(f"each{number}", {})
    names = ("Peak level", "RMS level", "Peak count")
    channels = [
        Channel(peak, rms, round(count) if peak > -0.001 else 0)
        for peak, rms, count in zip(*(each.get(name, []) for name in names), strict=True)
    ]
    loud = dict(_LOUDNESS.findall(dict(_SUMMARY.findall(said)).get(str(number), "")))
    places = (found.get(f"{place}{number}", {}) for place in ("sum", "difference"))
    summed, apart = (place.get("RMS level", [math.nan])[0] for place in places)
    alive = max(summed, apart) > _SILENT_DB
    return Sound(
        loudness=_number(loud.get("I", "nan")),
        range=_number(loud.get("LRA", "nan")),
        true_peak=_number(loud.get("Peak", "nan")),
        channels=tuple(channels),
        identical=alive and summed - apart > _ALIKE_DB,
        cancelling=alive and apart - summed > _ALIKE_DB,
    )


def _number(text: str) -> float:
    return float(text) if text != "-nan" else math.nan


def _spans(listed: str, seconds: float) -> dict[str, list[Span]]:
    """Pair beginnings and ends; what had not ended lasts to the end of the file."""
    spans: dict[str, list[Span]] = {"silence": [], "black": [], "frozen": []}
    open_at: dict[str, float] = {}
    for key, what, text in _LISTED.findall(listed):
        kind, at = key if key in spans else "frozen", min(max(float(text), 0.0), seconds)
        if what == "start":
            open_at[kind] = at
        elif kind in open_at:
            spans[kind].append((open_at.pop(kind), at))
    for kind, at in open_at.items():
        spans[kind].append((at, seconds))
    return spans
