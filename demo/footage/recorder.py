"""A room recorder: one running encoder that writes segment files of a few seconds or minutes into a folder."""

import os
import subprocess
import tempfile
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from demo.footage.picture import RoomPicture
from demo.footage.sound import SAMPLE_RATE, RoomSound
from demo.footage.wallclock import wall_time
from scripts.media.programs import program

Span = tuple[float, float]
Talk = tuple[float, float, str]


@dataclass(frozen=True)
class Recorded:
    """One segment file: the code of its first frame, its frames, when that frame was taken, and the recorder's run."""

    path: Path
    first_code: int
    frames: int
    start: datetime
    take: int


_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-bf", "2", "-sc_threshold", "0", "-flags", "+cgop")


class RecordingFailed(Exception):
    """ffmpeg did not write the recording that was asked for."""


def record_room(
    folder: Path,
    room_key: str,
    start: datetime,
    seconds: float,
    *,
    rate: Fraction = Fraction(25),
    size: tuple[int, int] = (320, 180),
    segment_s: float = 6,
    first_code: int = 0,
    av_delay_ms: float = 0,
    holes: Sequence[Span] = (),
    restart: bool = False,
    talks: Sequence[Talk] = (),
    mute: Sequence[Span] = (),
    black: Sequence[Span] = (),
    channels: int = 2,
    clock_s: float = 0,
    room: str | None = None,
    coding: Sequence[str] = (),
) -> list[Recorded]:
    """Write what the recorder of a room writes in `seconds` seconds from `start` (aware, the zone of the names) on.

    Frame n since `start` shows code first_code + n. The sound clicks at the pictures whose code is a multiple of the
    rounded rate, late by av_delay_ms. A hole (from, to in seconds) loses every segment it touches; with restart=True
    the recorder stops there and starts again instead: to the frame, with timestamps that begin anew (a new take).
    `channels` 0 records no sound; `clock_s` is where the time stamps of a take begin (26.5 hours later they wrap).
    `talks` (from, to, title) name the slides and the voice, `mute` and `black` silence sound and picture.
    `coding` are ffmpeg's options for the picture instead of H.264 with a closed group of 2 s.
    Raise ValueError for a naive start or odd sizes, RecordingFailed with what ffmpeg said.
    """
    if start.tzinfo is None or size[0] % 2 or size[1] % 2:
        raise ValueError("A recording needs a start with a time zone and a picture of even width and height.")
    picture = RoomPicture(room or room_key, size, rate, start, tuple(talks), tuple(black))
    sound = RoomSound(rate, first_code, tuple(talks), tuple(mute), av_delay_ms / 1000)
    recorder = _Recorder(folder, room_key, start, first_code, segment_s, channels, clock_s, picture, sound, coding)
    gaps = [(round(Fraction(a) * rate), round(Fraction(b) * rate)) for a, b in sorted(holes)]
    runs = _runs(round(Fraction(seconds) * rate), gaps if restart else [])
    recorded = [file for take, run in enumerate(runs) for file in recorder.write_take(take, *run)]
    return recorded if restart else _lose(recorded, first_code, gaps)


def _runs(frames: int, gaps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """List the (first frame, end) during which the recorder runs."""
    edges = [0, *(edge for gap in gaps for edge in gap), frames]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def _lose(recorded: list[Recorded], first_code: int, gaps: list[tuple[int, int]]) -> list[Recorded]:
    """Delete the segments that touch a gap."""
    kept = []
    for file in recorded:
        low = file.first_code - first_code
        if any(low < end and begin < low + file.frames for begin, end in gaps):
            file.path.unlink()
        else:
            kept.append(file)
    return kept


@dataclass(frozen=True)
class _Recorder:
    folder: Path
    room_key: str
    start: datetime
    first_code: int
    segment_s: float
    channels: int
    clock_s: float
    picture: RoomPicture
    sound: RoomSound
    coding: Sequence[str]

    def write_take(self, take: int, first: int, end: int) -> list[Recorded]:
        """Record the frames from `first` to before `end` with one encoder and name the files by their time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".recorder-") as scratch:
            if self.channels:
                self._write_sound(Path(scratch, "sound.wav"), first, end)
            self._encode(Path(scratch), first, end)
            return list(self._name_files(sorted(Path(scratch).glob("part-*.ts")), take, first, end))

    def _write_sound(self, path: Path, first: int, end: int) -> None:
        at, stop = (round(n * SAMPLE_RATE / self.picture.rate) for n in (first, end))
        with wave.open(str(path), "wb") as out:
            out.setnchannels(self.channels)
            out.setsampwidth(2)
            out.setframerate(SAMPLE_RATE)
            for begin in range(at, stop, 10 * SAMPLE_RATE):
                block = self.sound.samples(begin, min(10 * SAMPLE_RATE, stop - begin))
                out.writeframes(np.repeat(block, self.channels).tobytes())

    def _encode(self, scratch: Path, first: int, end: int) -> None:
        command = [program("ffmpeg"), *self._options(scratch)]
        with (scratch / "log").open("w+") as log:
            encoder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
            assert encoder.stdin is not None
            try:
                for index in range(first, end):
                    encoder.stdin.write(self.picture.frame(index, self.first_code + index))
                encoder.stdin.close()
            except BrokenPipeError:
                pass  # the encoder gave up; its exit code and log say why
            if encoder.wait() != 0:
                log.seek(0)
                raise RecordingFailed(f"ffmpeg could not write the recording: {log.read()[-2000:]}")

    def _options(self, scratch: Path) -> list[str]:
        width, height = self.picture.size
        gop = round(min(2, self.segment_s) * self.picture.rate)
        return [
            *("-hide_banner", "-nostats", "-loglevel", "error", "-y"),
            *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", str(self.picture.rate)),
            *("-i", "pipe:0", *self._sound_options(scratch), "-map", "0:v"),
            *(self.coding or (*_H264, "-g", str(gop), "-keyint_min", str(gop))),
            *("-f", "segment", "-segment_time", str(self.segment_s), "-segment_format", "mpegts"),
            *("-initial_offset", str(self.clock_s)),
            str(scratch / "part-%05d.ts"),
        ]

    def _sound_options(self, scratch: Path) -> list[str]:
        if not self.channels:
            return []
        return [
            *("-i", str(scratch / "sound.wav"), "-map", "1:a"),
            *("-c:a", "aac", "-aac_coder", "fast", "-b:a", "128k"),
        ]

    def _name_files(self, parts: list[Path], take: int, first: int, end: int) -> Iterator[Recorded]:
        """Give every file the time of its first frame as its name, as the recorders at a conference do."""
        at = first
        for part in parts:
            frames = _count_frames(part)
            begin, finish = (wall_time(self.start, n / self.picture.rate) for n in (at, at + frames))
            path = self.folder / f"{self.room_key}-{begin:%Y-%m-%d_%H-%M-%S}.ts"
            os.link(part, path)  # unlike a rename this never overwrites
            os.utime(path, (finish.timestamp(), finish.timestamp()))
            yield Recorded(path, self.first_code + at, frames, begin, take)
            at += frames
        if at != end:
            raise RecordingFailed(f"The recording has {at - first} frames instead of {end - first}.")


def _count_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(packet.pts is not None for packet in container.demux(video=0))
