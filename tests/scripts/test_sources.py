"""Some kinds of recordings on their way through merging, cutting and one format each; the proof has them all."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from scripts.worker.loop import Shift
from tests.scripts.filmed import KINDS, Line, base, film
from tests.scripts.scripted_tracker import ScriptedTracker

PAIRS = [
    ("hevc open 29.97", "hd"),
    ("h264 bff", "mkv"),
    ("vfr", "480p"),
    ("portrait", "sd"),
    ("sound first", "opus"),
    ("5.1", "mp3"),
    ("odd name", "avi"),
    ("size changes, full", "sd"),
    ("mono later", "mp3"),
]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[Fraction, Path]:
    folder = tmp_path_factory.mktemp("base")
    return {rate: base(folder, rate) for rate in {KINDS[name].rate for name, _ in PAIRS}}


@pytest.fixture
def line(name: str, bases: dict[Fraction, Path], tracker: ScriptedTracker, shift: Shift, mount: Path) -> Line:
    kind = KINDS[name]
    film(kind, bases.get(kind.rate) or next(iter(bases.values())), mount)
    line = Line(tracker, shift, mount, kind)
    line.cut()
    return line


@pytest.mark.parametrize(("name", "slug"), PAIRS)
def test_every_frame_and_sound_arrives(line: Line, slug: str) -> None:
    line.prove_cut()
    line.prove_file(line.encode(slug))


@pytest.mark.parametrize("name", ["truncated mp4"])
def test_what_cannot_be_read_is_refused_with_a_sentence(line: Line) -> None:
    assert line.kind.refused in line.result.failed
    assert "bring the files there" in line.result.failed
