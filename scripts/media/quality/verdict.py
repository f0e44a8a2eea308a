"""Judge what was measured, and write it down as JSON (docs/quality.md)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scripts.media.quality.bounds import Bounds
from scripts.media.quality.measure import MOST_SPANS, Measured, Sound

VERSION = 1
MOST_FINDINGS = 50
_DEAD_DB, _ALIVE_DB = -65.0, -50.0
_SPAN_WORDS = {
    "silence": ("Silence", "The sound is silent"),
    "black": ("Black", "The picture is black"),
    "frozen": ("Frozen", "The picture stands still"),
}


@dataclass(frozen=True)
class Finding:
    """Something suspicious ('warn') or wrong ('fail'): a sentence, and where (seconds; None: the whole file)."""

    level: str
    text: str
    at_s: float | None = None


def findings(measured: Measured, bounds: Bounds) -> list[Finding]:
    """List what lies beyond the bounds, wrong things first, then in the order of the file; 50 at most."""
    found = [*_whole(measured, bounds), *_spans(measured, bounds), *_likeness(measured, bounds)]
    return sorted(found, key=lambda each: (each.level != "fail", each.at_s or 0.0))[:MOST_FINDINGS]


def verdict(found: Sequence[Finding]) -> str:
    """Return `pass`, or `warn: ` or `fail: ` and what is suspicious."""
    if not found:
        return "pass"
    level = "fail" if any(each.level == "fail" for each in found) else "warn"
    more = f" And {len(found) - 3} more." if len(found) > 3 else ""
    return f"{level}: {' '.join(each.text for each in found[:3])}{more}"


def report(measured: Measured, found: Sequence[Finding]) -> str:
    """Return the report as compact JSON; numbers that do not exist (silence has no loudness) are null."""
    sound = measured.sound
    facts = {
        "version": VERSION,
        "seconds": round(measured.seconds, 3),
        "frames": measured.frames,
        "offset_ms": round(measured.offset_ms, 1),
        "kbps": round(measured.kbps),
        "cut": _cut_facts(measured),
        "sound": _sound_facts(sound) if sound else None,
        "tracks": [_sound_facts(other) for other in measured.others],
        **{kind: [[round(at, 2) for at in span] for span in spans[:MOST_SPANS]] for kind, spans in _kinds(measured)},
        "ssim": measured.ssim,
        "findings": [{"level": each.level, "text": each.text, "at": each.at_s} for each in found],
        "unfinished": measured.unfinished,
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _kinds(measured: Measured) -> list[tuple[str, list[tuple[float, float]]]]:
    return sorted(measured.spans.items())


def _sound_facts(sound: Sound) -> dict[str, object]:
    return {
        "lufs": _finite(sound.loudness),
        "range_lu": _finite(sound.range),
        "true_peak_db": _finite(sound.true_peak),
        "identical": sound.identical,
        "cancelling": sound.cancelling,
        "channels": [
            {"peak_db": _finite(each.peak_db), "rms_db": _finite(each.rms_db), "clipped": each.clipped}
            for each in sound.channels
        ],
    }


def _cut_facts(measured: Measured) -> dict[str, object] | None:
    cut = measured.cut
    if cut is None:
        return None
    seconds = {name: round(getattr(cut, name), 3) for name in ("seconds", "sound_s", "begin_s", "end_s")}
    return {"frames": cut.frames, **seconds}


def _finite(value: float) -> float | None:
    return round(value, 2) if math.isfinite(value) else None


def _whole(measured: Measured, bounds: Bounds) -> Iterator[Finding]:
    """Judge what concerns the whole file."""
    if measured.unfinished:
        yield Finding("warn", f"Not everything was measured: {measured.unfinished}.")
    if level := bounds["Offset"].level(abs(measured.offset_ms)):
        yield Finding(level, f"The sound begins {measured.offset_ms:.0f} ms after the picture.")
    yield from _length(measured, bounds)
    for name, word in (("BitrateLow", "low"), ("BitrateHigh", "high")):
        if level := bounds[name].level(measured.kbps):
            yield Finding(level, f"The bit rate is {word}: {measured.kbps:.0f} kbit/s.")
    for number, sound in enumerate(filter(None, (measured.sound, *measured.others)), 1):
        where = f"Track {number}: " if measured.others else ""
        for finding in (*_loudness(sound, bounds), *_channels(sound, measured.seconds, bounds)):
            yield Finding(finding.level, f"{where}{finding.text}", finding.at_s)


def _length(measured: Measured, bounds: Bounds) -> Iterator[Finding]:
    """Compare how long picture and sound are with the cut and its slides."""
    cut = measured.cut
    if cut is None:
        return
    lengths = {"file": measured.seconds} | ({"sound": cut.sound_s} if cut.sound_s else {})
    for what, seconds in lengths.items():
        if level := bounds["Length"].level(1000 * abs(seconds - cut.seconds)):
            yield Finding(level, f"The {what} is {seconds:.3f} s long instead of {cut.seconds:.3f} s.")


def _loudness(sound: Sound, bounds: Bounds) -> Iterator[Finding]:
    if level := bounds["LoudnessLow"].level(sound.loudness):
        yield Finding(level, f"The sound is very quiet ({sound.loudness:.1f} LUFS).")
    if level := bounds["LoudnessHigh"].level(sound.loudness):
        yield Finding(level, f"The sound is very loud ({sound.loudness:.1f} LUFS).")
    if level := bounds["TruePeak"].level(sound.true_peak):
        yield Finding(level, f"The sound peaks at {sound.true_peak:+.1f} dB above full scale.")


def _channels(sound: Sound, seconds: float, bounds: Bounds) -> Iterator[Finding]:
    alive = any(each.rms_db > _ALIVE_DB for each in sound.channels)
    dead = [number for number, each in enumerate(sound.channels, 1) if alive and each.rms_db < _DEAD_DB]
    if level := bounds["Dead"].level(len(dead)):
        yield Finding(level, " ".join(f"Channel {number} of {len(sound.channels)} is silent." for number in dead))
    for number, each in enumerate(sound.channels, 1):
        if level := bounds["Clipped"].level(each.clipped * 60 / max(seconds, 60)):
            yield Finding(level, f"Channel {number} is clipped: {each.clipped} samples at full scale.")
    if level := bounds["Identical"].level(sound.identical):
        yield Finding(level, "Left and right are the same: one of two microphones or languages may be missing.")
    if level := bounds["Cancelling"].level(sound.cancelling):
        yield Finding(level, "Left and right cancel each other out: one is turned over, which is silence in mono.")


def _spans(measured: Measured, bounds: Bounds) -> Iterator[Finding]:
    for kind, spans in _kinds(measured):
        name, words = _SPAN_WORDS[kind]
        for begin, end in spans:
            if level := bounds[name].level(end - begin):
                yield Finding(level, f"{words} for {end - begin:.0f} s from {_clock(begin)}.", round(begin, 2))


def _likeness(measured: Measured, bounds: Bounds) -> Iterator[Finding]:
    for at, value in measured.ssim:
        if level := bounds["SSIM"].level(value):
            yield Finding(level, f"The picture at {_clock(at)} is unlike the cut master's (SSIM {value:.2f}).", at)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"
