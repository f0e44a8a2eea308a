"""Every shipped format of a talk in one run of ffmpeg: packet by packet the file that its own run makes.

`pytest -m proof tests/proof/test_one_run.py -s` prints a row for each.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.encoder import EncodeJob
from scripts.media import ffmpeg
from scripts.worker import loop
from scripts.worker.loop import Shift
from tests.scripts.conftest import mount, shift, tracker
from tests.scripts.dressed import FAST, FRAMES, RATE, SECONDS, make_master
from tests.scripts.scripted_tracker import ScriptedTracker
from tracker import profiles
from tracker.profiles import shipped

pytestmark = pytest.mark.proof
__all__ = ["mount", "shift", "tracker"]

NUMBERS = dict(enumerate(profiles.SHIPPED, 100))


class Rendered(dict[int, str]):
    """Jobs made of the shipped templates when they are asked for, of what the tickets say then."""

    def __init__(self, tracker: ScriptedTracker) -> None:
        super().__init__()
        self._tracker = tracker

    def __getitem__(self, number: int) -> str:
        values = {name: value for name, value in self._tracker.properties[number].items() if value}
        template = shipped.template(profiles.SHIPPED[NUMBERS[number]][2])
        return profiles.render(template, dict(sorted(values.items()))).decode()


def encode_all(tracker: ScriptedTracker, shift: Shift, mount: Path, together: str) -> dict[int, str]:
    """Encode the talk in every shipped format; return the checksums of all packets by ticket."""
    tracker.jobfiles, tracker.ended, tracker.logs = Rendered(tracker), [], []
    for number, slug in NUMBERS.items():
        _, extension, _, stored = profiles.SHIPPED[slug]
        values = {
            "Processing.Path.Tmp": f"{mount}/tmp",
            "Processing.Path.Output": f"{mount}/{together}",
            "Processing.Together": together,
            "Project.Slug": "demo",
            "Fahrplan.ID": "7",
            "EncodingProfile.Basename": f"talk-{slug}",
            "EncodingProfile.Extension": extension,
            "EncodingProfile.Slug": slug,
            "Record.Framerate": RATE,
            "Record.Cutdiffframes": str(FRAMES),
            "Record.Cutdiffseconds": SECONDS,
            "Record.Language": "deu-eng",
            "Record.Audio": "left-both",
            "Record.AVDelay": "40",
            **stored,
            **FAST.get(stored.get("Format.Video.Codec", ""), {}),
        }
        tracker.add(number, service="encoding", **{name.replace(".", "__"): value for name, value in values.items()})
    while len(tracker.ended) < len(NUMBERS):
        assert loop.step(EncodeJob(), shift)
    assert {how for how, *_ in tracker.ended} == {"done"}, tracker.ended
    return {number: _packets(mount / together / f"talk-{slug}", slug) for number, slug in NUMBERS.items()}


def _packets(stem: Path, slug: str) -> str:
    file, sums = Path(f"{stem}.{profiles.SHIPPED[slug][1]}"), Path(f"{stem}.framemd5")
    ffmpeg.run(["ffmpeg", "-y", "-i", str(file), "-map", "0", "-c", "copy", "-f", "framemd5", str(sums)])
    return sums.read_text()


def test_every_shipped_format_is_the_same_in_one_run(
    tracker: ScriptedTracker, shift: Shift, mount: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_master(mount / "tmp" / "demo" / "7" / "cut.mkv")
    shift = replace(shift, settings=replace(shift.settings, together=16))
    apart = encode_all(tracker, shift, mount, "0")
    joined = encode_all(tracker, shift, mount, "1")
    in_one = {number for number, sentence in tracker.logs if sentence.startswith("Encoded in one run")}
    for number, slug in NUMBERS.items():
        same = "the same packets" if joined[number] == apart[number] else "OTHER PACKETS"
        with capsys.disabled():
            print(f"\n| {slug} | {joined[number].count(chr(10))} lines | {same} |", end="")
    assert in_one == set(NUMBERS)
    assert joined == apart
