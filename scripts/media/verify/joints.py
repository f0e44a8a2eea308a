"""Prove that slides and talk meet where they should: the pictures on both sides of each joint are those meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.media.files import final_name
from scripts.media.quality.likeness import pictures
from scripts.media.scan import VerifyFailed
from scripts.media.sources import Luma

_STRANGER = 16.0
_NEAR = 2


@dataclass(frozen=True)
class Part:
    """Pictures of a film that stand in a file from frame `begin` to before `end`, at `rate` frames per second.

    Of these frames, each `step`-th is in the file.
    """

    film: Path
    begin: int
    end: int
    rate: float
    step: int = 1

    @property
    def numbers(self) -> list[int]:
        """Return which pictures of the file are the first and the last of this film."""
        first, stop = -(-self.begin // self.step), -(-self.end // self.step)
        return sorted({first, stop - 1}) if first < stop else []


def ends(parts: Sequence[Part]) -> set[int]:
    """Return the numbers of the pictures that `verify_joints` wants to see: the first and last of each part."""
    return {number for part in parts for number in part.numbers}


def verify_joints(path: Path, kept: Mapping[int, Luma], parts: Sequence[Part]) -> None:
    """Compare the first and last picture of each part with its film; raise VerifyFailed.

    The film's next pictures must not be more alike: that is how a shift by one shows.
    """
    for part in parts:
        for number in part.numbers:
            _check(path, number, kept[number], part)


def _check(path: Path, number: int, shown: Luma, part: Part) -> None:
    wanted = number * part.step - part.begin
    begin = max(0, wanted - _NEAR)
    size = (shown.shape[1], shown.shape[0])
    near = pictures(part.film, begin / part.rate, 2 * _NEAR + 1, size)
    apart = {round(at * part.rate) - wanted: float(np.abs(each - shown).mean()) for at, each in near}
    if 0 not in apart:
        raise VerifyFailed(f"{part.film.name} has no picture {wanted} to compare {final_name(path)} with.")
    if apart[0] > _STRANGER:
        raise VerifyFailed(f"{final_name(path)}: frame {number} does not show picture {wanted} of {part.film.name}.")
    best = min(apart, key=lambda later: apart[later])
    if apart[0] - apart[best] > max(0.5, apart[0] / 3):
        raise VerifyFailed(
            f"{final_name(path)}: frame {number} shows picture {wanted + best} of {part.film.name} instead of {wanted}."
        )
