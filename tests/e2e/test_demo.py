"""The main job, as a stranger runs it: the whole invented conference, from the Fahrplan to released files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from demo.conference import TALKS
from tests.places import scratch

PATIENCE_S = 600
FAHRWERK = [sys.executable, "-c", "from tracker.cli import main; main()"]


@pytest.fixture(scope="module")
def played():
    with scratch() as place:
        command = [*FAHRWERK, "demo", "--once", "--json", "--folder", str(place / "stage")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        yield json.loads(done.stdout)


def test_every_talk_but_the_opted_out_one_is_released_in_all_formats_that_fit(played):
    files = {talk["fahrplan_id"]: [file["profile"] for file in talk["files"]] for talk in played["talks"]}
    assert files == {talk.fahrplan_id: [] if talk.optout else ["sd", "mp3", "opus"] for talk in TALKS}
    off = {talk["fahrplan_id"]: talk["off"] for talk in played["talks"]}
    assert off == {t.fahrplan_id: [] if t.optout else ["would upscale 854x480 to 1280x720"] for t in TALKS}


def test_the_pictures_are_those_between_the_cut_marks(played):
    films = [file for talk in played["talks"] for file in talk["files"] if file["profile"] == "sd"]
    assert len(films) == 5
    assert all(file["frames"] == file["expected_frames"] > 400 for file in films)


def test_sound_and_picture_fit_also_where_the_sound_was_late(played):
    offsets = [file["av_offset_ms"] for talk in played["talks"] for file in talk["files"]]
    assert len(offsets) == 15
    assert max(map(abs, offsets)) <= 1000 * 1001 / 30000


def test_the_talk_with_the_hole_says_so(played):
    holes = {talk["fahrplan_id"]: talk["holes"] for talk in played["talks"]}
    assert "missing" in holes.pop(103)
    assert not any(holes.values())


def test_the_checksums_are_those_of_the_files(played):
    paths = [Path(file["path"]) for talk in played["talks"] for file in talk["files"]]
    sidecars = {path: path.with_name(path.name + ".sha256").read_text().split()[0] for path in paths}
    assert sidecars == {Path(f["path"]): f["sha256"] for talk in played["talks"] for f in talk["files"]}


def test_the_demonstration_refuses_a_folder_that_is_in_use(tmp_path):
    (tmp_path / "something").touch()
    done = subprocess.run(
        [*FAHRWERK, "demo", "--once", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "not empty" in done.stderr
