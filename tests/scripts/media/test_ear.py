"""Applause, and sound that changes its kind."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from demo.footage import Recorded
from demo.footage.sound import SAMPLE_RATE, RoomSound
from scripts.media.ear import Ear
from scripts.media.peaks import measure
from scripts.media.timeline import Mark, Timeline
from tests.scripts.media import rooms
from tests.scripts.media.conftest import START
from tests.scripts.media.test_containers import convert, seen

SECONDS = 24


def clapping(seconds: float, hands: int = 60, seed: int = 7) -> np.ndarray:
    """Return the sound of people who clap, each in a rhythm of their own: bursts of noise that die down in 10 ms."""
    random = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * SAMPLE_RATE) + SAMPLE_RATE, dtype=np.float32)
    fading = np.exp(-np.arange(960) / 240).astype(np.float32)
    for _ in range(hands):
        at, pace = random.uniform(0, 0.3), random.uniform(0.2, 0.35)
        while at < seconds:
            burst = np.convolve(random.normal(size=962), [0.25, 0.5, 0.25], mode="valid").astype(np.float32)
            first = round(at * SAMPLE_RATE)
            sound[first : first + 960] += 0.05 * burst * fading
            at += pace * random.uniform(0.9, 1.1)
    return sound[: round(seconds * SAMPLE_RATE)]


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory, pal: list[Recorded]) -> Timeline:
    whole = rooms.built(seen(pal[0].path.parent, SECONDS), START)
    return replace(whole, marks=())


def talking() -> np.ndarray:
    sound = RoomSound(Fraction(25), 0, [(0, SECONDS, "A lamp")]).samples(0, SECONDS * SAMPLE_RATE)
    return sound.astype(np.float32) / 32768


def heard(timeline: Timeline, sound: np.ndarray, block: int = 100_000) -> list[Mark]:
    ear = Ear(timeline)
    for first in range(0, len(sound), block):
        ear.hear(first, np.stack([sound[first : first + block]] * 2), SAMPLE_RATE)
    return ear.marks()


def test_applause_after_speech_is_marked_where_it_begins(timeline: Timeline) -> None:
    sound = talking()
    sound[12 * SAMPLE_RATE : 18 * SAMPLE_RATE] = clapping(6)
    (mark,) = heard(timeline, sound)
    assert mark.kind == "applause"
    assert abs(mark.frame - 12 * 25) <= 25
    assert mark.text.startswith("applause for ")


@pytest.mark.parametrize("kind", ["speech", "music", "silence", "a single cough", "quiet hiss"])
def test_other_sound_is_none(kind: str, timeline: Timeline) -> None:
    sound = talking()
    second = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    noise = np.random.default_rng(1).normal(size=6 * SAMPLE_RATE)
    other = {
        "speech": sound[: 6 * SAMPLE_RATE],
        "music": 0.2 * sum(np.sin(2 * np.pi * tone * second) for tone in (220, 440, 880, 1320)),
        "silence": 0 * second,
        "a single cough": np.where(second < 1, 0.3 * noise, 0),
        "quiet hiss": 0.002 * noise,
    }[kind]
    sound[12 * SAMPLE_RATE : 18 * SAMPLE_RATE] = other
    assert heard(timeline, sound) == []


def test_sound_that_changes_inside_of_a_file_is_told(pal: list[Recorded], tmp_path: Path) -> None:
    six = convert(
        pal[1].path,
        tmp_path / "six.ts",
        "-map",
        "0:a",
        "-map",
        "0:v",
        "-c:v",
        "copy",
        "-ac",
        "6",
        "-c:a",
        "aac",
        "-copyts",
    )
    name = "saal1-2026-05-01_10-00-00.ts"
    (tmp_path / name).write_bytes(pal[0].path.read_bytes() + six.read_bytes())
    timeline = rooms.built(seen(tmp_path, 8), START)
    ear = Ear(timeline)
    measure(timeline, tmp_path, hear=ear.hear)
    changes = [(mark.kind, mark.text) for mark in ear.marks()]
    assert ("change", "The sound changes from 2 channels at 48000 Hz to 6 channels at 48000 Hz.") in changes
