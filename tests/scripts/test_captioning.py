"""Subtitles and chapters in released files: muxed, beside them, moved with the cut and the slides."""

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import pytest

from scripts.media.captions import parse
from scripts.media.timeline import Audio, Segment, Timeline, Video
from scripts.worker.loop import Shift
from tests.scripts.dressed import FRAMES, encode, make_master
from tests.scripts.scripted_tracker import ScriptedTracker

CUT = {"Record__Cutin": "100", "Record__Cutout": "161"}
VTT = "WEBVTT\n\n00:00.000 --> 00:03.437\nbefore and at in\n\n00:04.000 --> 00:05.000\n<b>in</b> & ü\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_master(tmp_path_factory.mktemp("captioned") / "cut.mkv")


@pytest.fixture(autouse=True)
def folder(mount: Path, made: Path) -> Path:
    """Lay out the work folder of a talk whose cut is the frames 100 to 161 of its recording."""
    folder = mount / "tmp" / "demo" / "7"
    folder.mkdir(parents=True)
    (folder / "cut.mkv").write_bytes(made.read_bytes())
    start, rate = datetime(2026, 5, 1, 10, tzinfo=UTC), Fraction(30000, 1001)
    whole = Segment("a.ts", 0, 300, 126_000, 0, 0.0, start, 0, 300)
    talk = Timeline(
        "demo", 7, "A talk", rate, 300, start, (whole,), (), (), (), Video("h264", 192, 144), Audio(48000, 2), 0.0
    )
    (folder / "timeline.json").write_text(talk.to_json())
    (folder / "deu.vtt").write_text(VTT)
    return folder


def subtitles(path: Path) -> list[tuple[float, str]]:
    """Decode the first track of subtitles: (begin, text without markup)."""
    with av.open(str(path), "r") as container:
        stream = container.streams.subtitles[0]
        assert stream.language == "deu"
        shown = [(packet, packet.decode()) for packet in container.demux(stream) if packet.size]
        return [
            (float((packet.pts or 0) * (packet.time_base or 0)), str(each[0].ass)) for packet, each in shown if each
        ]


@pytest.mark.parametrize(("slug", "extension"), [("1080p", "mp4"), ("mkv", "mkv"), ("vp9", "webm")])
def test_subtitles_and_chapters_are_in_the_file_and_beside_it(
    slug: str, extension: str, tracker: ScriptedTracker, shift: Shift, mount: Path
) -> None:
    more = {"Processing__File__Intro": "shipped", "Processing__Intro__Duration": "1.001"} | CUT
    more |= {"Record__Subtitles__deu": "deu.vtt", "Record__Chapters": "100 Begin\n130 The end; = #"}
    how, said = encode(tracker, shift, mount, slug, **more, Format__Video__Speed="8" if slug == "vp9" else "")
    assert (how, said.split(",")[0]) == ("done", f"{30 + FRAMES} frames"), said
    path = mount / "out" / f"talk.{extension}"
    shown = subtitles(path)
    assert [round(begin, 2) for begin, _ in shown] == [1.0, 1.66]
    assert "before and at in" in shown[0][1]
    with av.open(str(path), "r") as container:
        parts = [
            (float(each["start"] * (each["time_base"] or 0)), each["metadata"]["title"])
            for each in container.chapters()
        ]
    assert parts == [(0.0, "Begin"), (2.002, "The end; = #")]
    beside = parse((mount / "out" / "talk.deu.vtt").read_bytes(), "talk.deu.vtt")
    assert [(cue.begin_s, cue.end_s, cue.text) for cue in beside] == [
        (1.001, 1.101, "before and at in"),
        (1.664, 2.664, "<b>in</b> &amp; ü"),
    ]
    assert tracker.properties[9]["Encoding.Subtitles"] == "talk.deu.vtt"
    assert sorted(each.name for each in (mount / "out").iterdir()) == ["talk.deu.vtt", f"talk.{extension}"]


def test_subtitles_made_from_the_cut_need_no_timeline(
    tracker: ScriptedTracker, shift: Shift, mount: Path, folder: Path
) -> None:
    (folder / "timeline.json").unlink()
    more = {"Record__Subtitles__eng": f"{folder}/deu.vtt", "Record__SubtitlesFrom": "cut"}
    assert encode(tracker, shift, mount, "avi", **more)[0] == "done"
    (cue,) = parse((mount / "out" / "talk.eng.vtt").read_bytes(), "talk.eng.vtt")
    assert (cue.begin_s, cue.end_s) == (0.0, 2.035)


def test_sound_alone_has_chapters_where_they_exist(tracker: ScriptedTracker, shift: Shift, mount: Path) -> None:
    assert (
        encode(tracker, shift, mount, "mp3", **CUT, Record__Chapters="130 Half", Record__Subtitles__deu="deu.vtt")[0]
        == "done"
    )
    with av.open(str(mount / "out" / "talk.mp3"), "r") as container:
        assert [each["metadata"]["title"] for each in container.chapters()] == ["Öfen & <Züge>", "Half"]
    assert [each.name for each in (mount / "out").iterdir()] == ["talk.mp3"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Record__Subtitles__xx": "deu.vtt"}, "Record.Subtitles.xx ends in no known language code"),
        ({"Record__Subtitles__deu": "none.vtt"}, "Record.Subtitles.deu names 'none.vtt', which cannot be read"),
        ({"Record__Subtitles__deu": "/etc/passwd"}, "outside of the folders"),
        ({"Record__Subtitles__deu": "cut.mkv"}, "Record.Subtitles.deu: cut.mkv is not UTF-8"),
        ({"Record__Subtitles__deu": "deu.vtt", "Record__SubtitlesFrom": "lunch"}, "write recording or cut"),
        ({"Record__Chapters": "1 x", "Record__Cutin": ""}, "Record.Cutin is missing"),
    ],
)
def test_what_cannot_be_read_fails_with_its_name(
    given: dict[str, str], said: str, tracker: ScriptedTracker, shift: Shift, mount: Path
) -> None:
    how, sentence = encode(tracker, shift, mount, "hd", **(CUT | given))
    assert (how, said in sentence) == ("failed", True), sentence
