"""Is what came out the same as in a run that nobody disturbed?"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from itertools import pairwise
from pathlib import Path

from demo.measure import av_offset_ms, click_times, frame_codes
from tests.faults.talk import SOUND, VIDEO, Script, Talk
from tests.faults.works import DELAY_MS, RATE

FRAME_S = float(1 / RATE)
FRAME_MS = 1000 * FRAME_S


@cache
def _pictures_of_model(path: Path) -> list[int | None]:
    return frame_codes(path)


@cache
def _clicks_of_model(path: Path) -> list[float]:
    return click_times(path)


def same_as_undisturbed(talk: Talk, script: Script) -> None:
    """Compare the results of a script with the model's, and what it wrote into the properties."""
    model = talk.works.model
    which = VIDEO if talk.of(script) == talk.children[VIDEO] else ""
    for name in script.writes:
        assert talk.values(which).get(name, "") == model.values(which).get(name, ""), name
    _SAME[script.kind](talk, model)


def _merged(talk: Talk, model: Talk) -> None:
    for name in ("index.m3u8", "peaks.json"):
        assert (talk.folder / name).read_bytes() == (model.folder / name).read_bytes(), name
    mine, theirs = (json.loads((each.folder / "timeline.json").read_text()) for each in (talk, model))
    assert {**mine, "fahrplan_id": 0} == {**theirs, "fahrplan_id": 0}


def _copied(talk: Talk, model: Talk) -> None:
    same_video(talk, model, "cut.mkv", DELAY_MS)


def _encoded(talk: Talk, model: Talk) -> None:
    same_video(talk, model, VIDEO, 0)


def same_video(talk: Talk, model: Talk, which: str, delay_ms: float) -> None:
    """The same pictures, by their numbers; the same clicks within a frame, as late as they have to be."""
    mine, theirs = (each.master if which == "cut.mkv" else each.file("Output") for each in (talk, model))
    same_pictures(mine, theirs)
    same_clicks(click_times(mine), _clicks_of_model(theirs))
    assert abs(av_offset_ms(mine, RATE) - delay_ms) < FRAME_MS


def same_pictures(mine: Path, theirs: Path) -> None:
    """Every picture shows its number, and the numbers are those of the undisturbed file.

    Not the bits: each talk here has a recording of its own, a recorder never writes the same bytes twice, and a smart
    cut copies them. Equal hashes of whole runs over one recording are the proof in ``tests/proof/test_disturbed.py``.
    """
    codes = frame_codes(mine)
    assert codes == _pictures_of_model(theirs) and None not in codes and len(codes) > RATE


def same_clicks(mine: list[float], theirs: list[float]) -> None:
    """Clicks come every second, as many as before, each within a frame of where it was."""
    assert len(mine) == len(theirs) >= 8
    assert all(abs(a - b) < FRAME_S for a, b in zip(mine, theirs, strict=True))
    assert all(abs(b - a - 1) < FRAME_S for a, b in pairwise(mine))


def _postprocessed(talk: Talk, model: Talk) -> None:
    copied_whole(talk, talk.file("Prerelease"), VIDEO)


def _released(talk: Talk, model: Talk) -> None:
    copied_whole(talk, talk.file("Release"), VIDEO)
    assert talk.values(VIDEO)["Release.Count"] == "1"
    assert talk.file("Release").name in (talk.file("Release").parent / "index.html").read_text()


def copied_whole(talk: Talk, copy: Path, which: str) -> None:
    """A copy has the bytes of the encoded file, and everybody agrees on its checksum."""
    content = copy.read_bytes()
    assert content == talk.file("Output", which).read_bytes()
    sha256, values = hashlib.sha256(content).hexdigest(), talk.values(which)
    assert (values["Release.SHA256"], values["Release.Bytes"]) == (sha256, str(len(content)))
    assert copy.with_name(copy.name + ".sha256").read_text() == f"{sha256}  {copy.name}\n"


_SAME = {
    "merge": _merged,
    "copy": _copied,
    "encode": _encoded,
    "postprocess": _postprocessed,
    "release": _released,
}


def released_as_undisturbed(talk: Talk) -> None:
    """Compare what is public of a talk with what is of the model: pictures, clicks, checksums, count of releases."""
    model = talk.works.model
    mine, theirs = (each.file("Release") for each in (talk, model))
    same_pictures(mine, theirs)
    assert abs(av_offset_ms(mine, RATE)) < FRAME_MS
    for which in (VIDEO, SOUND):
        same_clicks(click_times(talk.file("Release", which)), _clicks_of_model(model.file("Release", which)))
        assert talk.values(which)["Release.Count"] == "1"
        copied_whole(talk, talk.file("Release", which), which)
