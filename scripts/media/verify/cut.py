"""Prove a cut master that was encoded anew as a whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from scripts.media.files import final_name
from scripts.media.pieces import Piece
from scripts.media.scan import VerifyFailed, scan
from scripts.media.sources import Sources
from scripts.media.verify.contents import Places, compare_sounds, difference
from scripts.media.verify.spans import check_count, check_cut_sound, check_stamps

StopTest = Callable[[], bool] | None


@dataclass(frozen=True)
class CutMeasured:
    """What was found in a cut master: lengths, and how many pictures and places of sound were compared."""

    frames: int
    seconds: float
    sound_seconds: float
    pictures_compared: int
    pictures_damaged: int
    worst_difference: float
    sounds_compared: int


def verify_cut(
    path: Path, pieces: Sequence[Piece], rate: Fraction, sources: Sources, stop: StopTest = None
) -> CutMeasured:
    """Compare a cut master with its sources: count, stamps, span of sound and picture, pictures and sound themselves.

    Raise VerifyFailed with a sentence, Stopped, MediaUnreadable for a source that vanished.
    """
    frames = sum(piece.frames for piece in pieces)
    samples = Places(pieces)
    found = scan(path, samples.chosen(), stop)
    check_count(path, found.frames, frames)
    check_stamps(path, found.times, rate, start_s=0)
    check_cut_sound(path, found, frames / rate)
    differences = [difference(path, number, picture, samples, sources) for number, picture in found.kept.items()]
    known = [apart for apart in differences if apart is not None]
    if not known:
        raise VerifyFailed(
            f"{final_name(path)}: no picture could be compared with the recording; its files cannot be decoded."
        )
    return CutMeasured(
        frames=found.frames,
        seconds=float(found.frames / rate),
        sound_seconds=found.sounds[0].seconds,
        pictures_compared=len(known),
        pictures_damaged=len(differences) - len(known),
        worst_difference=max(known),
        sounds_compared=compare_sounds(path, samples, rate, sources),
    )
