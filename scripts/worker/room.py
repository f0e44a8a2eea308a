"""Whether what a job is about to write has room: asked before it begins, of the mount it will be written to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scripts.media.files import free_bytes
from scripts.worker.job import Work
from scripts.worker.outcomes import Wait
from scripts.worker.reserve import MB, mount_of

_UNITS = {"k": 1000, "m": 1_000_000, "g": 1_000_000_000}
_SOUND_BITS = 192_000
"""What a second of sound takes where the profile does not say."""
_NEED = {"libtheora": 3, "mpeg4": 3}
"""What older coders take of the cut master's size at the quality of the shipped profiles; 2.2 to 2.8 was seen."""
_FLAC_BYTES = 130_000
"""What a second of sound of two channels takes in FLAC, of loud music."""


def need_room(work: Work, folder: Path, size: float, what: str) -> None:
    """See that *size* bytes fit into *folder*, beside the reserve where recorders write to the same mount.

    Raise Wait with a sentence that names the mount, what is needed, what is free, and the remedy: nothing is wrong with
    the ticket then, so it goes back and comes again.
    """
    mount, free = mount_of(folder), free_bytes(folder)
    shared = mount in {mount_of(root) for root in work.roots}
    kept = work.reserve_mb * MB if shared else 0
    if size + kept > free:
        beside = f" beside the {work.reserve_mb} MB that FAHRWERK_RESERVE_MB keeps for the recorders" if kept else ""
        raise Wait(
            f"{mount} has {_mb(free)} MB left, and {what} needs about {_mb(size)} MB{beside}: make room there.",
            work.retry_s,
        )


def _mb(size: float) -> str:
    return f"{size / MB:.0f}" if size >= 10 * MB else f"{size / MB:.1f}"


def cut_size(source: float, seconds: float, tracks: int, *, anew: bool) -> float:
    """Estimate the bytes of a cut master of which *source* bytes were recorded: copied, or encoded *anew*.

    The edges and the encoding anew (crf 16) take up to twice as much; the sound lies there twice until it is joined.
    """
    return source * (2 if anew else 1.1) + 2 * seconds * max(1, tracks) * _FLAC_BYTES


def encoded_size(properties: Mapping[str, str], seconds: float, master: int) -> float:
    """Estimate the bytes of an encoded file: what its bit rates allow, or what is to be expected of the cut master.

    That one is of a better quality than profiles ask for, but coders differ in what they need for it; a smaller picture
    takes less, though not in proportion to its area. An estimate, no bound.
    """
    sound = bits(properties.get("Format.Audio.Bitrate", "")) or _SOUND_BITS
    picture = bits(properties.get("Format.Video.MaxBitrate", "")) or bits(properties.get("Format.Video.Bitrate", ""))
    if not any(name.startswith("Format.Video.") for name in properties):
        return seconds * sound / 8
    usual: float = master * _shrunk(properties) ** 0.75 * _NEED.get(properties.get("Format.Video.Codec", ""), 1)
    return min(usual, seconds * (picture + sound) / 8) if picture else usual


def _shrunk(properties: Mapping[str, str]) -> float:
    """Return what share of the recording's pixels the profile's box leaves; 1 where either is unknown."""
    names = ("Format.Video.MaxWidth", "Format.Video.MaxHeight", "Record.Width", "Record.Height")
    known = [properties.get(name, "") for name in names]
    if not all(text.isascii() and text.isdigit() and int(text) for text in known):
        return 1.0
    width, height, full_width, full_height = map(int, known)
    return float(min(1.0, width / full_width, height / full_height) ** 2)


def bits(text: str) -> float:
    """Read bits per second like 8M or 128k; 0 for anything else."""
    text = text.strip().lower()
    number, factor = (text[:-1], _UNITS[text[-1]]) if text[-1:] in _UNITS else (text, 1)
    try:
        return max(0.0, float(number) * factor) if number.replace(".", "", 1).isdigit() else 0.0
    except ValueError:
        return 0.0
