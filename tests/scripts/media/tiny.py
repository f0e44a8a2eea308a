"""Transport streams of a few frames with any time stamps, and files that exist only as numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from scripts.media.demux import Media
from scripts.media.segments import Found
from scripts.media.timeline import Audio, Video

SECOND = 90_000


def write_ts(
    path: Path,
    seconds: float = 1,
    *,
    rate: Fraction = Fraction(25),
    first_pts: int = 126_000,
    stamps: Sequence[int] | None = None,
    size: tuple[int, int] = (64, 48),
    sound: Sequence[float] | None = None,
    key: bool = True,
    written: datetime | None = None,
) -> Path:
    """Write a file whose pictures have the PTS first_pts + stamps (by default `rate` of them per second).

    `sound` gives the loudness of each tenth of a second, beginning with the first picture; key=False cuts the first
    half second off, key frame included. `written` becomes its time of change.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if stamps is None:
        stamps = [round(number * SECOND / rate) for number in range(round(seconds * rate))]
    with av.open(str(path), "w", format="mpegts", options={"mpegts_copyts": "1"}) as out:
        video = out.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "g": "1000", "bf": "0"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = Fraction(1, SECOND)
        audio = out.add_stream("aac", rate=48000, layout="stereo") if sound is not None else None
        packets = [packet for frame in _pictures(stamps, first_pts, size) for packet in video.encode(frame)]
        packets += video.encode()
        if not key:
            packets = [packet for packet in packets if (packet.pts or 0) >= first_pts + SECOND // 2]
        if audio is not None:
            packets += [packet for frame in _sound(sound or (), first_pts) for packet in audio.encode(frame)]
            packets += audio.encode()
        for packet in sorted(packets, key=lambda packet: (packet.dts or 0) * packet.time_base):
            out.mux(packet)
    if written:
        os.utime(path, (written.timestamp(), written.timestamp()))
    return path


def _pictures(stamps: Sequence[int], first_pts: int, size: tuple[int, int]):
    for number, stamp in enumerate(stamps):
        gray = np.full((size[1], size[0], 3), 5 * number % 250, dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(gray, format="rgb24")
        frame.pts, frame.time_base = first_pts + stamp, Fraction(1, SECOND)
        yield frame


def _sound(loudness: Sequence[float], first_pts: int):
    wave = np.sin(np.arange(4800) * 2 * np.pi * 440 / 48000).astype(np.float32)
    samples = np.concatenate([level * wave for level in loudness])
    first = first_pts * 8 // 15
    for begin in range(0, len(samples), 1024):
        block = samples[begin : begin + 1024]
        frame = av.AudioFrame.from_ndarray(np.stack([block, block / 2]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, first + begin, Fraction(1, 48000)
        yield frame


def unwritten(
    name: str,
    begins: datetime,
    frames: int | Sequence[int],
    *,
    first_pts: int = 126_000,
    rate: Fraction = Fraction(25),
    first_key: int = 0,
    video: Video = Video("h264", 320, 180),  # noqa: B008
    followed: bool = True,
    age_s: float = 3600,
    now: datetime | None = None,
) -> Found:
    """Return what `find` says of a file with so many frames (or with just these), last written `age_s` before now."""
    present = np.arange(frames) if isinstance(frames, int) else np.array(frames)
    stamps = np.array([round(int(number) * SECOND / rate) for number in present], dtype=np.int64)
    media = Media(video, Audio(48000, 2), rate, first_pts % 2**33, stamps, first_key, 7200)
    modified = (now or begins.astimezone(UTC)) - timedelta(seconds=age_s)
    return Found(Path("/raw", name), name, begins.astimezone(UTC), 188, modified, followed, media, ())
