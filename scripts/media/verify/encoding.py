"""Prove an encoded file against the numbers of the cut it was made from."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from scripts.media.files import final_name
from scripts.media.scan import Scan, VerifyFailed, scan
from scripts.media.sources import Luma
from scripts.media.verify.spans import ROUNDING_S, check_stamps

StopTest = Callable[[], bool] | None


@dataclass(frozen=True)
class EncodingMeasured:
    """What was found in an encoded file; `rate` is None without picture, `sound_seconds` 0 without sound.

    `kept` are the pictures that were asked for, by their number.
    """

    frames: int
    seconds: float
    rate: Fraction | None
    sound_seconds: float
    size: int
    kept: Mapping[int, Luma] = field(default_factory=dict)


def verify_encoding(
    path: Path,
    *,
    frames: int,
    seconds: float,
    rate: Fraction | None,
    has_video: bool,
    has_sound: bool = True,
    delay_s: float = 0.0,
    tracks: int = 1,
    keep: Collection[int] = (),
    stop: StopTest = None,
) -> EncodingMeasured:
    """Measure an encoded file against the cut it was made from: `frames` at `rate`, `seconds` long.

    The picture may run at an integer fraction of `rate` (a profile may cap it). The sound may differ by 60 ms: encoders
    of sound work in blocks; correcting a delay of `delay_s` may take away or add as much. There are `tracks` of sound.
    The pictures whose number is in `keep` are returned. Raise VerifyFailed, Stopped.
    """
    found = scan(path, keep, stop=stop)
    shown = _check_picture(path, found, frames, rate) if has_video and rate is not None else None
    if not has_video and found.frames:
        raise VerifyFailed(f"{final_name(path)} has a picture and should be sound alone.")
    if has_sound:
        _check_sound(path, found, seconds, abs(delay_s), tracks)
    length = float(found.frames / shown) if shown else found.sounds[0].seconds if found.sounds else 0.0
    return EncodingMeasured(
        found.frames, length, shown, found.sounds[0].seconds if found.sounds else 0.0, path.stat().st_size, found.kept
    )


def _check_picture(path: Path, found: Scan, frames: int, rate: Fraction) -> Fraction:
    """Find the fraction of the rate the picture runs at, and check it; return the rate it is shown at."""
    if not found.frames:
        raise VerifyFailed(f"{final_name(path)} has no picture and should have {frames} frames.")
    divisor = max(1, round(frames / found.frames))
    if abs(found.frames - frames / divisor) > (0 if divisor == 1 else 1):
        raise VerifyFailed(
            f"{final_name(path)} has {found.frames} frames and should have {frames} (or an integer fraction)."
        )
    shown = rate / divisor
    start = found.times[0]
    if not -ROUNDING_S <= start <= 0.05:
        raise VerifyFailed(f"{final_name(path)} begins to show the picture at {start:.4f} s instead of 0.")
    check_stamps(path, found.times, shown, start)
    return shown


def _check_sound(path: Path, found: Scan, seconds: float, delay_s: float, tracks: int) -> None:
    if len(found.sounds) < tracks:
        has = f"{len(found.sounds)} tracks of sound and should have {tracks}" if found.sounds else "no sound"
        raise VerifyFailed(f"{final_name(path)} has {has}.")
    tolerance = 0.06
    for sound in found.sounds:
        picture = found.times[0] if found.times else min(sound.start_s, tolerance)
        if not -tolerance <= sound.start_s - picture <= tolerance + delay_s:
            raise VerifyFailed(
                f"{final_name(path)}: the sound begins {sound.start_s - picture:.4f} s after the picture."
            )
        if abs(sound.seconds - seconds) > tolerance + delay_s:
            raise VerifyFailed(
                f"{final_name(path)} has {sound.seconds:.3f} s of sound and should have {seconds:.3f} s."
            )
        if sound.gap_s > tolerance:
            raise VerifyFailed(f"{final_name(path)}: the sound has a gap of {sound.gap_s:.4f} s.")
