"""Slides, languages and loudness: what the encoder prepares, and what then is in the released file."""

from pathlib import Path

import av
import pytest

from scripts.media.loudness import gain_db
from scripts.worker.loop import Shift
from tests.scripts.dressed import FRAMES, encode, make_master
from tests.scripts.scripted_tracker import ScriptedTracker

SLIDES = {
    "Processing__File__Intro": "shipped",
    "Processing__File__Outro": "shipped",
    "Processing__Intro__Duration": "0.5",
    "Processing__Apology__Duration": "0.3",
    "Processing__Outro__Duration": "0.4",
    "Record__Apology": "The sound of the first minute is missing.",
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_master(tmp_path_factory.mktemp("dressed") / "cut.mkv")


@pytest.fixture(autouse=True)
def master(mount: Path, made: Path) -> Path:
    path = mount / "tmp" / "demo" / "7" / "cut.mkv"
    path.parent.mkdir(parents=True)
    path.write_bytes(made.read_bytes())
    return path


def test_slides_stand_around_the_talk_by_exact_frames(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    how, said = encode(tracker, shift, mount, "1080p", **SLIDES)
    assert (how, said.split(",")[0]) == ("done", f"{15 + 9 + FRAMES + 12} frames")
    with av.open(str(mount / "out" / "talk.mp4")) as file:
        assert (file.streams.video[0].width, file.streams.video[0].height) == (256, 144)
    assert {path.name for path in (mount / "tmp" / "demo" / "7").iterdir()} == {"cut.mkv", "talk.timeline.json"}


def test_a_capped_rate_keeps_slides_and_talk_apart(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    how, said = encode(tracker, shift, mount, "480p", **SLIDES, Format__Video__MaxFPS="10")
    assert (how, said.split(",")[0]) == ("done", "33 frames")


def test_other_formats_show_slides_too(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    how, said = encode(tracker, shift, mount, "avi", **SLIDES)
    assert (how, said.split(",")[0]) == ("done", f"{15 + 9 + FRAMES + 12} frames")


def test_the_sound_waits_for_the_slides(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    encode(tracker, shift, mount, "mkv", **SLIDES, Format__Audio__Codec="flac", Format__Audio__Bitrate="")
    with av.open(str(mount / "out" / "talk.mkv")) as file:
        samples = [frame.to_ndarray().reshape(-1, 2)[:, 0] for frame in file.decode(audio=0)]
    heard = [abs(int(each)) > 100 for block in samples for each in block]
    first, last = heard.index(True), len(heard) - heard[::-1].index(True)
    assert abs(first - 24 * 1601.6) < 100
    assert abs(last - (24 + FRAMES) * 1601.6) < 1024


def test_each_language_is_a_track_as_loud_as_the_target(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    assert encode(tracker, shift, mount, "1080p", Record__Audio="left-both")[0] == "done"
    tracks = tracker.properties[9]["Encoding.Tracks"].split()
    assert [(each.split(":")[0], each.split(":")[1], each.split(":")[3]) for each in tracks] == [
        ("0", "left", "deu"),
        ("1", "both", "eng"),
    ]
    with av.open(str(mount / "out" / "talk.mp4")) as file:
        assert [stream.language for stream in file.streams.audio] == ["deu", "eng"]
    for stream in (0, 1):
        assert gain_db(mount / "out" / "talk.mp4", -16, stream=stream) == pytest.approx(0, abs=0.5)


def test_sound_alone_has_the_first_language(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    assert encode(tracker, shift, mount, "opus", **SLIDES)[0] == "done"
    with av.open(str(mount / "out" / "talk.opus")) as file:
        assert len(file.streams.audio) == 1
    assert float(tracker.properties[9]["Encoding.Seconds"]) == pytest.approx(FRAMES * 1001 / 30000, abs=0.06)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Processing__File__Intro": "/etc/passwd"}, "neither 'shipped' nor the absolute path of an SVG file"),
        ({"Processing__File__Intro": "/etc/intro.svg"}, "cannot be read"),
        ({"Processing__File__Intro": "shipped", "Processing__Intro__Duration": "900"}, "0.2 to 120 seconds"),
        ({"Processing__File__Intro": "shipped", "Processing__Intro__Duration": "long"}, "Duration is 'long'"),
        ({"Record__Audio": "middle"}, "Record.Audio names 'middle'"),
    ],
)
def test_what_cannot_be_prepared_is_told(
    given: dict[str, str], said: str, tracker: ScriptedTracker, shift: Shift, mount: Path
) -> None:
    how, sentence = encode(tracker, shift, mount, "1080p", **given)
    assert (how, said in sentence) == ("failed", True), sentence


def test_without_a_cut_master_an_apology_is_not_left_out(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    how, sentence = encode(tracker, shift, mount, "hd", Record__Apology="Sorry.", Processing__Path__Tmp="")
    assert (how, "slides cannot be made to fit it" in sentence) == ("failed", True), sentence
