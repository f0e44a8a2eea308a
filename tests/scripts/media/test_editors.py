"""The virtual recording for other programs, and the way back."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from lxml import etree

from scripts.media.edited import Edit, NoMarks, read_marks
from scripts.media.editors import FFCONCAT, KDENLIVE, SHOTCUT, exports
from scripts.media.programs import program
from scripts.media.timeline import Timeline
from tests.scripts.media.rooms import Room, recorded

PROJECTS = (SHOTCUT, KDENLIVE)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Files at 0, 4, 8 and, after a restart, 15 and 19 s."""
    return recorded(tmp_path_factory.mktemp("it's"), 22, holes=[(12, 15)], restart=True)


@pytest.fixture(scope="module")
def timeline(room: Room) -> Timeline:
    return room.timeline(2, 20)


@pytest.fixture
def written(room: Room, timeline: Timeline, tmp_path: Path) -> Path:
    for name, text in exports(timeline, room.raw).items():
        (tmp_path / name).write_text(text)
    return tmp_path


def changed(path: Path, change) -> Path:
    root = etree.fromstring(path.read_bytes())
    change(root)
    path.write_bytes(etree.tostring(root))
    return path


def entries(root, playlist: str = "playlist0"):
    return list(root.find(f"playlist[@id='{playlist}']"))


def test_ffmpeg_reads_the_list_and_gets_every_frame(written: Path, timeline: Timeline) -> None:
    wanted = sum(each.used_to - each.first_frame for each in timeline.segments)
    command = [
        program("ffmpeg"),
        "-hide_banner",
        "-nostdin",
        "-safe",
        "0",
        "-f",
        "concat",
        "-i",
        str(written / FFCONCAT),
    ]
    said = subprocess.run(
        [*command, "-map", "0:v", "-c", "copy", "-f", "null", "-"], capture_output=True, text=True, timeout=120
    ).stderr
    frames = int(said.rsplit("frame=", 1)[1].split()[0])
    assert frames in range(wanted, wanted + 3)  # with those that are decoded before they are shown


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_has_every_file_in_its_place_and_blanks_at_holes(
    name: str, written: Path, timeline: Timeline
) -> None:
    root = etree.fromstring((written / name).read_bytes())
    assert (root.find("profile").get("frame_rate_num"), root.find("profile").get("width")) == ("25", "160")
    track = [
        (each.tag, int(each.get("length", 0)) or int(each.get("out")) - int(each.get("in")) + 1)
        for each in entries(root)
        if each.tag != "property"
    ]
    assert track == [("entry", 50), ("entry", 100), ("entry", 100), ("blank", 75), ("entry", 100), ("entry", 25)]
    assert sum(length for _, length in track) == timeline.frames
    resources = [each.text for each in root.iter("property") if each.get("name") == "resource" and "saal1" in each.text]
    assert all(Path(text).is_file() for text in resources) and len(resources) == 5


@pytest.mark.parametrize("name", PROJECTS)
def test_what_nobody_changed_is_the_whole_recording(name: str, written: Path, timeline: Timeline) -> None:
    assert read_marks(written / name, timeline) == Edit(0, timeline.frames)


@pytest.mark.parametrize("name", PROJECTS)
def test_what_was_trimmed_away_is_cut(name: str, written: Path, timeline: Timeline) -> None:
    def trim(root) -> None:
        first, second, *_, last = [each for each in entries(root) if each.tag == "entry"]
        root.find("playlist[@id='playlist0']").remove(first)
        second.set("in", "00:00:00.400")
        last.set("out", "9")

    assert read_marks(changed(written / name, trim), timeline) == Edit(60, 435)


def test_a_part_taken_out_of_the_middle_is_left_out(written: Path, timeline: Timeline) -> None:
    def split(root) -> None:
        second = [each for each in entries(root) if each.tag == "entry"][1]
        second.set("out", "19")
        rest = etree.fromstring(etree.tostring(second))
        rest.set("in", "70")
        rest.set("out", "99")
        second.addnext(rest)

    assert read_marks(changed(written / SHOTCUT, split), timeline) == Edit(0, timeline.frames, ((70, 120),))


def test_markers_called_in_and_out_count_more(written: Path, timeline: Timeline) -> None:
    def mark(root) -> None:
        markers = root.find(".//properties[@name='shotcut:markers']")
        for text, start in (("In", "00:00:02.040"), ("out", "00:00:10.000")):
            marker = etree.SubElement(markers, "properties", name=text)
            etree.SubElement(marker, "property", name="text").text = text
            etree.SubElement(marker, "property", name="start").text = start

    assert read_marks(changed(written / SHOTCUT, mark), timeline) == Edit(51, 250)


def test_guides_of_kdenlive_count_too(written: Path, timeline: Timeline) -> None:
    def guide(root) -> None:
        (found,) = [each for each in root.iter("property") if each.get("name") == "kdenlive:docproperties.guides"]
        assert any(each["comment"].startswith("schedule: ") for each in json.loads(found.text))
        found.text = json.dumps([{"comment": "in", "pos": 7, "type": 0}, {"comment": "OUT", "pos": 99, "type": 1}])

    assert read_marks(changed(written / KDENLIVE, guide), timeline) == Edit(7, 99)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "no MLT project"),
        ("<svg/>", "no MLT project"),
        ("<mlt/>", "no track with files of this recording"),
        ('<mlt><profile frame_rate_num="30" frame_rate_den="1"/></mlt>', "has 30 frames per second, the recording 25"),
        ('<!DOCTYPE mlt [<!ENTITY a SYSTEM "file:///etc/passwd">]><mlt>&a;</mlt>', "no track with files"),
    ],
)
def test_other_files_are_named(text: str, said: str, timeline: Timeline, tmp_path: Path) -> None:
    (tmp_path / "x.mlt").write_text(text)
    with pytest.raises(NoMarks, match=said):
        read_marks(tmp_path / "x.mlt", timeline)


def test_a_missing_file_and_a_wild_entry_are_named(written: Path, timeline: Timeline) -> None:
    with pytest.raises(NoMarks, match="cannot be read"):
        read_marks(written / "gone.mlt", timeline)
    wild = changed(written / SHOTCUT, lambda root: entries(root)[-1].set("out", "soon"))
    with pytest.raises(NoMarks, match="no in and out that lie in the file"):
        read_marks(wild, timeline)
