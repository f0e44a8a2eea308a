"""The sound of a room: somebody talks, breathes, pauses; and a click that marks every second picture-exactly.

The voice stays below 3.5 kHz and the click lies at 5.6 kHz, so that the click is found again after AAC, MP3 or Opus.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48000
CLICK_HZ = 5600.0
CLICK_HALF_S = 0.001
_BLOCK = 10 * SAMPLE_RATE  # the voice is made in blocks on a fixed grid: any part can be made alone
_TOP_HZ = 3400.0
_VOWELS = (
    (730, 1090, 2440),
    (530, 1840, 2480),
    (270, 2290, 3010),
    (570, 840, 2410),
    (300, 870, 2240),
    (490, 1350, 1690),
)  # the first three formants, in Hz

Samples = NDArray[np.float32]
Span = tuple[float, float]


@dataclass(frozen=True)
class RoomSound:
    """What is to be heard in a room, by seconds from the start of the recording."""

    rate: Fraction
    first_code: int
    talks: Sequence[tuple[float, float, str]] = ()
    mute: Sequence[Span] = ()
    delay_s: float = 0.0

    def samples(self, first: int, count: int) -> NDArray[np.int16]:
        """Make `count` samples (48 kHz, mono) from sample `first` on, late by `delay_s`."""
        begin = first - round(self.delay_s * SAMPLE_RATE)
        sound = np.concatenate([self._block(i) for i in range(begin // _BLOCK, (begin + count - 1) // _BLOCK + 1)])
        sound = sound[begin % _BLOCK :][:count]
        self._add_clicks(sound, begin)
        for span in self.mute:
            low, high = (max(0, round(s * SAMPLE_RATE) - begin) for s in span)
            sound[low:high] = 0
        return np.asarray(np.clip(sound, -1, 1) * 32767, dtype=np.int16)

    def _block(self, index: int) -> Samples:
        if index < 0:
            return np.zeros(_BLOCK, dtype=np.float32)
        middle = (index + 0.5) * _BLOCK / SAMPLE_RATE
        title = next((t for begin, end, t in self.talks if begin <= middle < end), None)
        gain = 0.25 if title is not None else 0.02
        return _speech(title or "murmur", index) * np.float32(gain)

    def _add_clicks(self, sound: Samples, begin: int) -> None:
        """Add a click at every picture whose code is a multiple of the rounded rate."""
        step, click = round(self.rate), _click()
        half = len(click) // 2
        code = -(-self.first_code // step) * step
        while (at := round((code - self.first_code) * SAMPLE_RATE / self.rate) - begin) < len(sound) + half:
            low, high = max(0, at - half), min(len(sound), at - half + len(click))
            if high > low:
                sound[low:high] += click[low - (at - half) : high - (at - half)]
            code += step


@lru_cache(maxsize=1)
def _click() -> Samples:
    return (0.7 * click_shape(SAMPLE_RATE).real).astype(np.float32)


def click_shape(sample_rate: int) -> NDArray[np.complex128]:
    """Shape the click as an analytic signal (peak in the middle), also the filter that finds it again."""
    half = round(CLICK_HALF_S * sample_rate)
    t = np.arange(-half, half + 1) / sample_rate
    window = 0.5 + 0.5 * np.cos(np.pi * t / (CLICK_HALF_S + 1 / sample_rate))
    return np.asarray(window * np.exp(2j * np.pi * CLICK_HZ * t))


def _speech(title: str, index: int) -> Samples:
    """Fill a block with sentences of one voice."""
    rng = np.random.default_rng([zlib.crc32(title.encode()), index])
    syllables = _syllables(title)
    out = np.zeros(_BLOCK, dtype=np.float32)
    at = round(rng.uniform(0.05, 0.6) * SAMPLE_RATE)
    left = rng.integers(6, 18)
    while at < _BLOCK:
        syllable = syllables[rng.integers(len(syllables))][: _BLOCK - at]
        out[at : at + len(syllable)] += syllable * np.float32(rng.uniform(0.5, 1.0))
        left -= 1
        pause = rng.uniform(0.0, 0.06) if left else rng.uniform(0.4, 1.6)
        left = left or rng.integers(6, 18)
        at += len(syllable) + round(pause * SAMPLE_RATE)
    return out


@lru_cache(maxsize=8)
def _syllables(title: str) -> tuple[Samples, ...]:
    """Make the syllables of a voice; its pitch belongs to the title, so every talk sounds different."""
    rng = np.random.default_rng(zlib.crc32(title.encode()))
    pitch = rng.uniform(90, 230)
    return tuple(_syllable(rng, pitch * rng.uniform(0.9, 1.15)) for _ in range(24))


def _syllable(rng: np.random.Generator, pitch: float) -> Samples:
    length = round(rng.uniform(0.1, 0.26) * SAMPLE_RATE)
    t = np.arange(length) / SAMPLE_RATE
    phase = 2 * np.pi * pitch * (t - 0.25 * t * t)  # the pitch falls a little, as it does in speech
    formants = np.array(_VOWELS[rng.integers(len(_VOWELS))])
    voice = np.zeros(length)
    for k in range(1, int(_TOP_HZ / pitch) + 1):
        loudness = (1 / (1 + ((k * pitch - formants) / 120.0) ** 2)).sum() / k**0.3
        voice += loudness * np.sin(k * phase + rng.uniform(0, 6.28))
    voice *= np.sin(np.pi * np.minimum(1, t / t[-1])) ** 0.6
    voice /= np.abs(voice).max()
    return (voice + _consonant(rng, length)).astype(np.float32)


def _consonant(rng: np.random.Generator, length: int) -> NDArray[np.float64]:
    """Make a short hiss at the beginning of a syllable, without anything near the click's pitch."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    spectrum[(hertz < 1200) | (hertz > _TOP_HZ)] = 0
    hiss = np.fft.irfft(spectrum, length)
    fade = np.exp(-np.arange(length) / (0.02 * SAMPLE_RATE)) * np.minimum(1, np.arange(length) / 200)
    return np.asarray(0.5 * rng.uniform() * hiss / np.abs(hiss).max() * fade)
