"""Counts and stamps: whether as many pictures and samples are there as should be, each at its time."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from scripts.media.files import final_name
from scripts.media.scan import Scan, VerifyFailed

ROUNDING_S = 0.0011  # Matroska stores milliseconds


def check_count(path: Path, found: int, wanted: int) -> None:
    """Refuse another number of pictures."""
    if found != wanted:
        raise VerifyFailed(f"{final_name(path)} has {found} frames and should have {wanted}.")


def check_stamps(path: Path, times: Sequence[float], rate: Fraction, start_s: float) -> None:
    """Every picture is shown when its number says."""
    off = np.abs(np.array(times) - start_s - np.arange(len(times)) / float(rate))
    worst = int(off.argmax())
    if off[worst] > ROUNDING_S:
        raise VerifyFailed(
            f"{final_name(path)} shows frame {worst} at {times[worst]:.4f} s; at {float(rate):.3f} frames per second "
            f"it should be {start_s + worst / float(rate):.4f} s."
        )


def check_cut_sound(path: Path, found: Scan, seconds: Fraction) -> None:
    """Every stream of sound begins with the picture, is as long to less than a frame, and has no gap."""
    frame = float(seconds) / found.frames
    if not found.sounds:
        raise VerifyFailed(f"{final_name(path)} has no sound.")
    for sound in found.sounds:
        if abs(sound.start_s) > ROUNDING_S or abs(sound.seconds - float(seconds)) >= frame:
            raise VerifyFailed(
                f"{final_name(path)} has sound from {sound.start_s:.4f} s on, {sound.seconds:.4f} s long, and "
                f"{float(seconds):.4f} s of picture."
            )
        if sound.gap_s > frame:
            raise VerifyFailed(f"{final_name(path)}: the sound has a gap of {sound.gap_s:.4f} s.")
