import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.media.programs import program
from scripts.media.retag import contents, tags_of
from scripts.script_d_postprocess import PostprocessJob
from scripts.worker import loop
from scripts.worker.loop import Shift
from tests.scripts.media.tiny import write_ts
from tests.scripts.scripted_tracker import ScriptedTracker

CONTENT = b"an encoded file"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "demo-7-deu-oefen-mp4.mp4"


@pytest.fixture
def properties(mount: Path) -> dict[str, str]:
    (mount / "output").mkdir()
    (mount / "output" / NAME).write_bytes(CONTENT)
    return {
        "Processing__Path__Output": f"{mount}/output",
        "Processing__Path__Prerelease": f"{mount}/hidden",
        "EncodingProfile__Basename": "demo-7-deu-oefen-mp4",
        "EncodingProfile__Extension": "mp4",
    }


def postprocess(tracker: ScriptedTracker, shift: Shift, properties: dict[str, str]) -> tuple[Any, ...]:
    tracker.add(9, service="postprocessing", **properties)
    loop.step(PostprocessJob(), shift)
    return tracker.ended[-1] if tracker.ended else ()


def test_the_hidden_copy_has_its_checksum_beside_it(
    tracker: ScriptedTracker, shift: Shift, properties: dict[str, str], mount: Path
) -> None:
    assert postprocess(tracker, shift, properties)[:2] == ("done", 9)
    assert sorted(path.name for path in (mount / "hidden").iterdir()) == [NAME, f"{NAME}.sha256"]
    assert (mount / "hidden" / NAME).read_bytes() == CONTENT
    assert (mount / "hidden" / f"{NAME}.sha256").read_text() == f"{SHA256}  {NAME}\n"
    assert tracker.properties[9]["Release.SHA256"] == SHA256
    assert tracker.properties[9]["Release.Bytes"] == "15"


def test_a_second_attempt_overwrites_and_sweeps_parts(
    tracker: ScriptedTracker, shift: Shift, properties: dict[str, str], mount: Path
) -> None:
    (mount / "hidden").mkdir()
    (mount / "hidden" / NAME).write_bytes(b"half")
    (mount / "hidden" / ".demo-7-deu-oefen-mp4.1.part.mp4").write_bytes(b"h")
    postprocess(tracker, shift, properties)
    assert sorted(path.name for path in (mount / "hidden").iterdir()) == [NAME, f"{NAME}.sha256"]
    assert (mount / "hidden" / NAME).read_bytes() == CONTENT


def test_a_ticket_that_is_lost_leaves_nothing(
    tracker: ScriptedTracker, shift: Shift, properties: dict[str, str], mount: Path
) -> None:
    tracker.lost.add(9)
    assert postprocess(tracker, shift, properties) == ()
    assert list((mount / "hidden").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EncodingProfile__Basename", "", "EncodingProfile.Basename is missing: choose the talk's language"),
        ("EncodingProfile__Basename", "../../etc/passwd", "no plain file name"),
        ("EncodingProfile__Extension", "webm", "is not there: move the ticket back to 'ready to encode'"),
        ("Processing__Path__Prerelease", "", "Processing.Path.Prerelease is missing: set it on the project's page"),
        ("Processing__Path__Prerelease", "/etc", "outside of"),
    ],
)
def test_bad_input_is_named(
    name: str, value: str, said: str, tracker: ScriptedTracker, shift: Shift, properties: dict[str, str]
) -> None:
    how, _, sentence = postprocess(tracker, shift, properties | {name: value})
    assert how == "failed"
    assert said in sentence


@pytest.mark.parametrize(("size", "how"), [("15", "done"), ("", "done"), ("16", "failed")])
def test_a_file_of_another_size_than_was_encoded_is_refused(
    size: str, how: str, tracker: ScriptedTracker, shift: Shift, properties: dict[str, str], mount: Path
) -> None:
    ended = postprocess(tracker, shift, properties | {"Encoding__Bytes": size})
    assert ended[0] == how
    assert ("has 15 bytes, Encoding.Bytes says 16" in ended[2]) == (how == "failed")
    assert (mount / "hidden" / NAME).exists() == (how == "done")


def test_the_same_folder_twice_is_refused(tracker: ScriptedTracker, shift: Shift, properties: dict[str, str]) -> None:
    same = properties | {"Processing__Path__Prerelease": properties["Processing__Path__Output"]}
    assert "are both" in postprocess(tracker, shift, same)[2]


def test_corrected_metadata_is_written_without_encoding_again(
    tracker: ScriptedTracker, shift: Shift, properties: dict[str, str], mount: Path
) -> None:
    source = write_ts(mount / "a.ts", 2, sound=[0.5] * 20)
    file = mount / "output" / NAME
    command = [
        program("ffmpeg"),
        "-v",
        "error",
        "-y",
        "-i",
        str(source),
        "-c",
        "copy",
        "-metadata",
        "title=Wrnog",
        str(file),
    ]
    subprocess.run(command, check=True)
    before = file.read_bytes()
    tags = {"title": 'Right: "Übergrößen" 🐢', "artist": "Łucja Żak"}
    done = postprocess(tracker, shift, properties | {"Encoding__Metadata": json.dumps(tags)})
    hidden = mount / "hidden" / NAME
    assert done[:2] == ("done", 9) and tags_of(hidden) == tags and tags_of(file) == {"title": "Wrnog"}
    assert contents(hidden) == contents(file) and file.read_bytes() == before
    assert tracker.properties[9]["Release.SHA256"] == hashlib.sha256(hidden.read_bytes()).hexdigest()


def test_metadata_that_is_none_fails_with_a_sentence(
    tracker: ScriptedTracker, shift: Shift, properties: dict[str, str]
) -> None:
    how, _, said = postprocess(tracker, shift, properties | {"Encoding__Metadata": "[1]"})[:3]
    assert how == "failed" and "Encoding.Metadata is no JSON object" in said
