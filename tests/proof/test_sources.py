"""Every kind of recording goes through merging, cutting and every shipped format. Prints the table of the evidence."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from scripts.worker.loop import Shift
from tests.scripts.conftest import mount, shift, tracker
from tests.scripts.filmed import KINDS, Line, base, film
from tests.scripts.scripted_tracker import ScriptedTracker
from tracker.profiles.shipped import SHIPPED

__all__ = ["mount", "shift", "tracker"]
pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[Fraction, Path]:
    folder = tmp_path_factory.mktemp("base")
    return {rate: base(folder, rate) for rate in {kind.rate for kind in KINDS.values()}}


@pytest.mark.parametrize("name", KINDS)
def test_every_frame_and_sound_arrives(
    name: str,
    bases: dict[Fraction, Path],
    tracker: ScriptedTracker,
    shift: Shift,
    mount: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    kind = KINDS[name]
    film(kind, bases[kind.rate], mount)
    line = Line(tracker, shift, mount, kind)
    line.cut()
    if kind.refused:
        assert kind.refused in line.result.failed
        cells = [f"refused: {line.result.failed}"]
    else:
        cells = [line.result.method, str(len(line.wanted())), line.prove_cut()]
        cells += [line.prove_file(line.encode(slug)) for slug in SHIPPED]
    with capsys.disabled():
        print(f"\n| {name} | {' | '.join(cells)} |")
    assert not list(Path.cwd().glob("x"))
