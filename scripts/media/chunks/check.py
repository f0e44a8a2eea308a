"""Prove a chunk before it counts: its pictures are counted, each at its time, the first and last are the master's."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from av.video.stream import VideoStream
from numpy.typing import NDArray

from scripts.media.chunks.plan import Plan
from scripts.media.chunks.split import NotSplit
from scripts.media.probe import MediaUnreadable, opened, picture_stream
from scripts.media.scan import VerifyFailed
from scripts.media.verify.spans import ROUNDING_S

Gray = NDArray[np.int16]
_STRANGER = 24.0
_AROUND = 2
"""Frames of the master on both sides that must not be more alike."""


def check_master(path: Path, frames: int, rate: Fraction) -> None:
    """Refuse (NotSplit) a master whose frames cannot be addressed by number: then the job is done in one piece."""
    try:
        with opened(path) as container:
            stream = _picture(container, path)
            first = next(container.decode(stream))
            if first.interlaced_frame or round(first.rotation) % 360:
                raise NotSplit("the cut master is interlaced or turned")
        times = [time for time, _ in _packets(path)]
    except (FFmpegError, MediaUnreadable, VerifyFailed, StopIteration) as error:
        raise NotSplit(f"the cut master cannot be read through ({error})") from error
    if len(times) != frames:
        raise NotSplit(f"the cut master has {len(times)} frames instead of {frames}")
    if _irregular(times, rate) is not None:
        raise NotSplit("the frames of the cut master do not come at a constant rate")


def check_chunk(path: Path, plan: Plan, number: int) -> str:
    """Prove that a chunk is what was planned; return a name for the headers of its codec. Raise VerifyFailed."""
    packets = list(_packets(path))
    if len(packets) != plan.planned[number]:
        raise VerifyFailed(f"{plan.words(number)} has {len(packets)} frames and should have {plan.planned[number]}.")
    if not packets[0][1]:
        raise VerifyFailed(f"{plan.words(number)} does not begin with a key frame.")
    wrong = _irregular([time for time, _ in packets], plan.shown)
    if wrong is not None:
        raise VerifyFailed(f"{plan.words(number)} does not show frame {wrong} when it should.")
    try:
        with opened(path) as container:
            stream = _picture(container, path)
            headers = hashlib.sha256(stream.codec_context.extradata or b"").hexdigest()[:16]
        _compare(path, plan, number)
    except FFmpegError as error:
        raise VerifyFailed(f"{plan.words(number)} cannot be decoded ({error}).") from error
    return headers


def _packets(path: Path) -> list[tuple[float, bool]]:
    """Return time and key flag of every picture, in the order in which they are shown, without decoding any."""
    with opened(path) as container:
        stream = _picture(container, path)
        found = [
            (float(packet.pts * packet.time_base), bool(packet.is_keyframe))
            for packet in container.demux(stream)
            if packet.pts is not None and packet.time_base is not None
        ]
    return sorted(found)


def _irregular(times: list[float], rate: Fraction) -> int | None:
    """Return the first picture that is not shown at its time, by its number; None if there is none."""
    off = np.abs(np.array(times) - np.arange(len(times)) / float(rate)) > ROUNDING_S
    return int(off.argmax()) if off.any() else None


def _compare(path: Path, plan: Plan, number: int) -> None:
    last = plan.planned[number] - 1
    for picture in sorted({0, last}):
        own = _pictures(path, picture, picture, plan.shown)[picture]
        kept = plan.starts[number] + plan.divisor * picture + (plan.divisor - 1) // 2
        source = min(kept, plan.frames - 1)
        theirs = _pictures(
            Path(plan.master), source - _AROUND, source + _AROUND, Fraction(plan.rate), (own.shape[1], own.shape[0])
        )
        apart = {frame - source: float(np.abs(own - other).mean()) for frame, other in theirs.items()}
        best = min(apart, key=lambda later: apart[later])
        if 0 not in apart or apart[0] > _STRANGER or apart[0] - apart[best] > max(1.0, apart[0] / 3):
            raise VerifyFailed(
                f"{plan.words(number)}: its frame {picture} does not show what the cut master shows at {source} "
                f"(differences by frames: {', '.join(f'{later:+d}: {value:.1f}' for later, value in apart.items())})."
            )


def _pictures(
    path: Path, first: int, last: int, rate: Fraction, size: tuple[int, int] | None = None
) -> dict[int, Gray]:
    """Decode the pictures with these numbers, in shades of gray; those before the beginning are left out."""
    found: dict[int, Gray] = {}
    with opened(path) as container:
        stream = _picture(container, path)
        stream.thread_type = "AUTO"
        container.seek(max(0, int((first - Fraction(1, 2)) / rate * av.time_base)))
        for frame in container.decode(stream):
            number = round(float(frame.time or 0) * rate)
            if first <= number <= last:
                width, height = size or (frame.width, frame.height)
                gray = frame.reformat(width=width, height=height, format="gray", interpolation="BICUBIC")
                found[number] = gray.to_ndarray().astype(np.int16)
            if number >= last:
                break
    if first == last and first not in found:
        raise VerifyFailed(f"{path.name}: frame {first} cannot be decoded.")
    return found


def _picture(container: av.container.InputContainer, path: Path) -> VideoStream:
    stream = picture_stream(container)
    if stream is None:
        raise VerifyFailed(f"{path.name} has no picture.")
    return stream
