"""The shipped templates with real ffmpeg, and the values that must not get into its filters."""

from __future__ import annotations

import subprocess
from importlib import resources

import av
import pytest
from lxml import etree

from scripts.media.programs import program
from tracker import profiles
from tracker.errors import InvalidInput

TEMPLATE = resources.files("tracker").joinpath("shipped", "video.xsl").read_text(encoding="utf-8")


def values(folder, **more):
    stored = {
        "Processing.Path.Tmp": str(folder),
        "Processing.Path.Output": str(folder),
        "Project.Slug": "p",
        "Fahrplan.ID": "1",
        "EncodingProfile.Basename": "out",
        "EncodingProfile.Extension": "mp4",
        "Record.Framerate": "25/1",
        "Record.Cutdiffseconds": "0.4",
        "Meta.License": "CC0",
    }
    return stored | profiles.SHIPPED["hd"][3] | more


def arguments(stored):
    return [option.text or "" for option in etree.fromstring(profiles.render(TEMPLATE, stored)).iter("option")]


def encode(folder, sar, **more):
    source = folder / "p" / "1"
    source.mkdir(parents=True)
    noise = ["-f", "lavfi", "-i", "testsrc2=s=720x576:r=25:d=0.4", "-f", "lavfi", "-i", "sine=d=0.4"]
    make = [program("ffmpeg"), "-v", "error", *noise, "-vf", f"setsar={sar}", str(source / "cut.mkv")]
    subprocess.run(make, check=True)
    argv = arguments(values(folder, **more))
    subprocess.run([program("ffmpeg"), "-v", "error", *argv[1:]], check=True)
    with av.open(str(folder / "out.mp4")) as made:
        video = made.streams.video[0]
        return video.width, video.height, video.sample_aspect_ratio, made.metadata["copyright"]


def test_pixels_that_are_not_square_keep_the_shape_of_the_picture(tmp_path):
    assert encode(tmp_path, "64/45")[:3] == (1024, 576, 1)


def test_the_project_may_say_what_shape_the_picture_has(tmp_path):
    assert encode(tmp_path, "1", **{"Processing.Video.AspectRatio": "16:9"})[:2] == (1024, 576)


def test_the_licence_of_the_talk_comes_before_that_of_the_project(tmp_path):
    assert encode(tmp_path, "1", **{"Fahrplan.Recording.License": "CC-BY 4.0"})[3] == "CC-BY 4.0"
    assert "copyright=CC0" in arguments(values(tmp_path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Format.Video.MaxWidth", "64,iw)':h=-2,metadata=mode=print:file=/tmp/x,scale=w='min(64"),
        ("Format.Audio.Codec", "aac -y"),
        ("Record.Framerate", "25,movie=/etc/passwd"),
        ("Record.Cutdiffseconds", "1;[0]"),
        ("Processing.Video.AspectRatio", "16:9:x"),
    ],
)
def test_what_would_be_another_filter_is_refused_by_name(tmp_path, name, value):
    with pytest.raises(InvalidInput, match=name):
        profiles.render(TEMPLATE, values(tmp_path, **{name: value}))
