"""Every shipped format of a talk with two languages, slides and subtitles: pictures by their codes, sound by its place.

`pytest -m proof tests/proof/test_formats.py -s` prints a row for each.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from demo.footage.framecode import read_code
from demo.footage.recorder import record_room
from scripts.media import ffmpeg
from scripts.media.sources import sound_at
from scripts.worker.loop import Shift
from tests.scripts.conftest import mount, shift, tracker
from tests.scripts.dressed import encode
from tests.scripts.scripted_tracker import ScriptedTracker
from tracker import profiles

pytestmark = pytest.mark.proof
__all__ = ["mount", "shift", "tracker"]

RATE = Fraction(30000, 1001)
FRAMES, LEAD, TRAIL = 240, 60 + 30, 60
SECONDS = float(FRAMES / RATE)
VTT = "WEBVTT\n\n00:01.000 --> 00:03.000\nGuten Tag\n\n00:04.000 --> 00:06.000\nZweiter\n"
MORE = {
    "Record__Framerate": f"{RATE}",
    "Record__Cutdiffframes": str(FRAMES),
    "Record__Cutdiffseconds": f"{SECONDS:.6f}",
    "Record__Audio": "left-both",
    "Record__Cutin": "0",
    "Record__Cutout": str(FRAMES),
    "Record__Apology": "The first minute is missing. We are sorry.",
    "Processing__File__Intro": "shipped",
    "Processing__File__Outro": "shipped",
    "Processing__Intro__Duration": "2.002",
    "Processing__Apology__Duration": "1.001",
    "Processing__Outro__Duration": "2.002",
    "Record__Subtitles__deu": "deu.vtt",
    "Record__SubtitlesFrom": "cut",
}


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a cut master of 240 coded pictures, 960x540, as a recorder wrote them; the second track is higher."""
    folder = tmp_path_factory.mktemp("formats")
    start = datetime(2026, 5, 1, 10, tzinfo=UTC)
    record_room(folder, "saal1", start, 10, rate=RATE, size=(960, 540), segment_s=12)
    (segment,) = folder.glob("*.ts")
    graph = (
        f"[0:v]setpts=PTS-STARTPTS[v];[0:a]asetpts=PTS-STARTPTS,atrim=end={SECONDS:.6f},aformat=channel_layouts=stereo,"
        "asplit[a][b];[b]asetrate=40000,aresample=48000,volume=-12dB,atrim=end=8,apad[c]"
    )
    maps = ["-map", "[v]", "-map", "[a]", "-map", "[c]", "-frames:v", str(FRAMES), "-t", f"{SECONDS:.6f}"]
    codecs = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-c:a", "flac", "-ar", "48000"]
    ffmpeg.run(["ffmpeg", "-i", str(segment), "-filter_complex", graph, *maps, *codecs, str(folder / "cut.mkv")])
    with av.open(str(folder / "cut.mkv"), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES
    return folder / "cut.mkv"


@pytest.mark.parametrize("slug", profiles.SHIPPED)
def test_every_shipped_format_of_a_talk_is_right(
    slug: str, recorded: Path, tracker: ScriptedTracker, shift: Shift, mount: Path
) -> None:
    folder = mount / "tmp" / "demo" / "7"
    folder.mkdir(parents=True)
    (folder / "cut.mkv").write_bytes(recorded.read_bytes())
    (folder / "deu.vtt").write_text(VTT)
    given = {name.replace(".", "__"): value for name, value in profiles.SHIPPED[slug][3].items()}
    how, said = encode(tracker, shift, mount, slug, **MORE, **given)
    assert how == "done", said
    path = next(each for each in (mount / "out").iterdir() if each.suffix != ".vtt")
    with_picture = path.suffix not in (".mp3", ".opus")
    begin = float(LEAD / RATE) if with_picture else 0.0
    codes = _codes(path) if with_picture else []
    step = round((LEAD + FRAMES + TRAIL) / len(codes)) if codes else 1
    first = _codes(recorded)[0] or 0
    if with_picture:
        assert codes[LEAD // step : (LEAD + FRAMES) // step] == list(range(first, first + FRAMES, step))
        assert set(codes[: LEAD // step] + codes[(LEAD + FRAMES) // step :]) == {None}
    late = _late_ms(path, recorded, begin)
    assert abs(late) < 1000 / RATE
    _print(slug, path, codes, late, tracker.properties[9])


def _codes(path: Path) -> list[int | None]:
    """Read the code of every picture; an empty packet of Theora is the picture before once more."""
    codes: list[int | None] = []
    with av.open(str(path), "r") as container:
        container.streams.video[0].thread_type = "SLICE"
        for packet in container.demux(video=0):
            if packet.size == 0 and packet.pts is not None:
                codes.append(codes[-1])
                continue
            for frame in packet.decode():
                codes.append(read_code(frame.reformat(format="gray").to_ndarray().astype(np.uint8)))
    return codes


def _late_ms(path: Path, master: Path, begin: float) -> float:
    """Return by how much the sound of a file is late, from 2 s of it in the middle of the talk."""
    own, source = sound_at(path, Fraction(begin + 3.0), 2.0), sound_at(master, Fraction(3), 2.0)
    size = min(len(own), len(source))
    product = np.fft.irfft(np.fft.rfft(own[:size], 2 * size) * np.fft.rfft(source[:size], 2 * size).conj(), 2 * size)
    lag = int(np.abs(product).argmax())
    return (lag if lag < size else lag - 2 * size) / 48.0


def _print(slug: str, path: Path, codes: list[int | None], late: float, properties: dict[str, str]) -> None:
    with av.open(str(path), "r") as container:
        streams = [each for each in container.streams if each.type in ("video", "audio", "subtitle")]
        kinds = ", ".join(each.codec_context.name for each in streams)
        size = f"{container.streams.video[0].width}x{container.streams.video[0].height}" if codes else ""
        spoken = " ".join(each.language or "?" for each in container.streams.audio)
    facts = json.loads(properties["Encoding.Quality"])
    loud = " ".join(f"{each['lufs']:.1f}" for each in (facts["sound"], *facts["tracks"]))
    alike = min((value for _, value in facts["ssim"]), default=0.0)
    row = (slug, f"{path.suffix[1:]}: {kinds}", size, len(codes), f"{late:+.1f}", spoken, loud, f"{alike:.3f}")
    print(f"\n| {' | '.join(map(str, row))} | {facts['kbps']} | {properties['Encoding.Verdict']} |", end="")
