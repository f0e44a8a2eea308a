"""Decode a finished file once, from beginning to end, and count what comes out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from scripts.media.ffmpeg import Stopped
from scripts.media.files import final_name
from scripts.media.probe import opened, picture_stream
from scripts.media.sources import Luma, luma

_ASK_EVERY = 25


class VerifyFailed(Exception):
    """A file is not what it should be; the sentence has the numbers."""


@dataclass
class SoundCount:
    """A stream of sound: when it begins, its samples and their rate, the largest gap between stamps and samples."""

    start_s: float = 0.0
    samples: int = 0
    rate: int = 48_000
    gap_s: float = 0.0

    @property
    def seconds(self) -> float:
        """Return its length."""
        return self.samples / self.rate

    def add(self, frame: av.AudioFrame) -> None:
        """Count a block of samples."""
        self.rate = frame.sample_rate
        self.count(float(frame.time or 0), frame.samples)

    def count(self, time: float, samples: int) -> None:
        """Count samples that begin at a time in seconds."""
        if not self.samples:
            self.start_s = time
        self.gap_s = max(self.gap_s, abs(time - self.start_s - self.seconds))
        self.samples += samples


@dataclass
class Scan:
    """What was decoded: when each picture is shown (seconds), the streams of sound, the pictures that were kept."""

    times: list[float] = field(default_factory=list)
    sounds: list[SoundCount] = field(default_factory=list)
    kept: dict[int, Luma] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """Return the number of pictures."""
        return len(self.times)

    def show(self, frame: av.VideoFrame, time: float, keep: Collection[int]) -> None:
        """Count a picture that is shown at *time* (seconds), and keep it if its number is in *keep*."""
        if self.frames in keep:
            self.kept[self.frames] = luma(frame)
        self.times.append(time)


def scan(
    path: Path,
    keep: Collection[int] = (),
    stop: Callable[[], bool] | None = None,
    look: Callable[[Packet[Stream]], None] | None = None,
) -> Scan:
    """Decode everything; keep the pictures whose number is in `keep`.

    With `look`, that gets the packets of the picture instead, and they are not decoded, nor is sound in FLAC: how many
    samples there are stands in its packets. Raise VerifyFailed when something cannot be decoded, Stopped when `stop`
    says so, MediaUnreadable.
    """
    result = Scan()
    try:
        with opened(path) as container:
            _decode(container, result, set(keep), stop, look)
    except FFmpegError as error:
        reason = error.strerror or type(error).__name__
        raise VerifyFailed(f"{final_name(path)} cannot be decoded after {result.frames} frames ({reason}).") from error
    return result


def _decode(
    container: av.container.InputContainer,
    result: Scan,
    keep: set[int],
    stop: Callable[[], bool] | None,
    look: Callable[[Packet[Stream]], None] | None,
) -> None:
    picture, repeats = picture_stream(container), False
    if picture is not None:
        repeats = picture.codec_context.name == "theora"
        picture.thread_type = "SLICE" if repeats else "AUTO"  # frames in threads come late, repeats would overtake them
        picture.codec_context.options = {"err_detect": "explode"}
    shown: av.VideoFrame | None = None
    result.sounds = [SoundCount() for _ in container.streams.audio]
    numbers = {stream.index: number for number, stream in enumerate(container.streams.audio)}
    wanted = [stream for stream in (picture, *container.streams.audio) if stream is not None]
    for count, packet in enumerate(container.demux(*wanted)):
        if stop is not None and count % _ASK_EVERY == 0 and stop():
            raise Stopped("The check of the result was broken off on request.")
        if look is not None and isinstance(packet.stream, VideoStream):
            look(packet)
            continue
        if look is not None and isinstance(packet.stream, AudioStream) and packet.stream.codec_context.name == "flac":
            _count_flac(packet, packet.stream, result.sounds[numbers[packet.stream.index]])
            continue
        if shown is not None and packet.size == 0 and packet.pts is not None:
            result.show(shown, float(packet.pts * (packet.time_base or 0)), keep)  # Theora: the picture before, again
            continue
        for frame in packet.decode():
            if isinstance(frame, av.AudioFrame):
                result.sounds[numbers[packet.stream.index]].add(frame)
            elif isinstance(frame, av.VideoFrame):
                result.show(frame, float(frame.time or 0), keep)
                shown = frame if repeats else None


def _count_flac(packet: Packet[Stream], stream: AudioStream, sound: SoundCount) -> None:
    if packet.pts is not None:
        sound.rate = stream.sample_rate
        sound.count(float(packet.pts) * float(packet.time_base), flac_samples(bytes(memoryview(packet)[:16])))


def flac_samples(header: bytes) -> int:
    """Read how many samples (of each channel) a FLAC frame holds from its first 16 bytes (RFC 9639, 9.1).

    Raise VerifyFailed for what is no such frame.
    """
    if len(header) < 8 or header[0] != 0xFF or header[1] & 0xFE != 0xF8:
        raise VerifyFailed("The sound is not what was written: a packet of it is no FLAC frame.")
    code = header[2] >> 4
    if code in (6, 7):
        lead = 8 - (header[4] ^ 0xFF).bit_length()  # the number of the frame is coded like a character of UTF-8
        at = 4 + max(lead, 1)
        return int.from_bytes(header[at : at + code - 5], "big") + 1
    if not code:
        raise VerifyFailed("The sound is not what was written: a FLAC frame has no size.")
    return 192 if code == 1 else 576 << (code - 2) if code < 6 else 256 << (code - 8)
