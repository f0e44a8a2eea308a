"""The shipped templates with real ffmpeg, and the values that must not get into its filters."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from importlib import resources

import av
import numpy as np
import pytest
from lxml import etree

from scripts.media import ffmpeg
from scripts.media.programs import program
from scripts.media.verify import verify_encoding
from tracker import profiles
from tracker.errors import InvalidInput
from tracker.profiles import shipped

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


FAST = {
    "libx264": {"Format.Video.Preset": "ultrafast", "Format.Video.Profile": ""},
    "libsvtav1": {"Format.Video.Preset": "12"},
    "libvpx-vp9": {"Format.Video.Speed": "8"},
}


@pytest.fixture(scope="module")
def master(tmp_path_factory):
    """Make a cut master of 2 s at 50 frames per second, its right channel half as loud."""
    folder = tmp_path_factory.mktemp("mount")
    (folder / "p" / "1").mkdir(parents=True)
    sounds = "sine=440:r=48000:d=2,pan=stereo|c0=c0|c1=0.5*c0"
    lavfi = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=50:d=2", "-f", "lavfi", "-i", sounds]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac"]
    ffmpeg.run(["ffmpeg", *lavfi, *codecs, str(folder / "p" / "1" / "cut.mkv")])
    return folder


def produce(folder, slug, **more):
    """Render the job of a shipped profile and run it; return the file it made."""
    _, extension, file, stored = profiles.SHIPPED[slug]
    talk = {"Record.Framerate": "50/1", "Record.Cutdiffseconds": "2", "Encoding.Gain": "1.5"}
    names = {"EncodingProfile.Extension": extension, "EncodingProfile.Basename": f"out-{slug}"}
    base = {name: value for name, value in values(folder).items() if not name.startswith("Format.")}
    chosen = base | talk | names | stored | FAST.get(stored.get("Format.Video.Codec", ""), {}) | more
    job = etree.fromstring(profiles.render(shipped.template(file), {k: v for k, v in chosen.items() if v}))
    (folder / f"out-{slug}.{extension}").unlink(missing_ok=True)
    ffmpeg.run([option.text or "" for option in job.iter("option")])
    return folder / f"out-{slug}.{extension}"


def expect(path, **more):
    sound_only = path.suffix in (".mp3", ".opus")
    return verify_encoding(path, frames=100, seconds=2.0, rate=Fraction(50), has_video=not sound_only, **more)


@pytest.mark.parametrize("slug", profiles.SHIPPED)
def test_every_shipped_profile_makes_a_file_that_is_right(slug, master):
    path = produce(master, slug)
    measured, stored = expect(path), profiles.SHIPPED[slug][3]
    fast = "Format.Video.MaxFPS" not in stored
    assert measured.frames == (0 if path.suffix in (".mp3", ".opus") else 100 if fast else 50)


@pytest.mark.parametrize(
    ("rate", "most", "made"),
    [
        ("50/1", "30", "50/1,framestep=2,"),
        ("60000/1001", "30", "60000/1001,framestep=2,"),
        ("25", "30", "25,scale"),
        ("60", "25", "60,framestep=3,"),
    ],
)
def test_a_cap_divides_the_rate_by_a_whole_number(rate, most, made, tmp_path):
    told = arguments(values(tmp_path, **{"Record.Framerate": rate, "Format.Video.MaxFPS": most}))
    assert told[told.index("-vf") + 1].startswith(f"fps={made}")


@pytest.mark.parametrize(
    ("source", "equal"), [("", False), ("both", False), ("left", True), ("right", True), ("mixed", True)]
)
def test_the_sound_of_the_talk_is_taken_from_where_it_is_good(source, equal, master):
    path = produce(master, "mkv", **{"Record.Audio": source, "Format.Audio.Codec": "flac", "Format.Audio.Bitrate": ""})
    with av.open(str(path)) as made:
        samples = next(made.decode(audio=0)).to_ndarray().reshape(-1, 2)
    assert bool((samples[:, 0] == samples[:, 1]).all()) is equal


def test_an_interlaced_recording_is_deinterlaced(master, tmp_path):
    told = arguments(values(tmp_path, **{"Record.Interlaced": "tff"}))
    assert told[told.index("-vf") + 1].startswith("bwdif=mode=send_frame:parity=tff,fps=25/1,")
    assert expect(produce(master, "hd", **{"Record.Interlaced": "1"})).frames == 100


@pytest.mark.parametrize(
    ("name", "value"), [("Record.Audio", "left,volume=3"), ("Record.Interlaced", "yes"), ("Encoding.Gain", "3dB,anull")]
)
def test_odd_values_of_the_talk_are_refused_by_name(name, value, tmp_path):
    with pytest.raises(InvalidInput, match=name):
        profiles.render(TEMPLATE, values(tmp_path, **{name: value}))


@pytest.mark.parametrize(("delay", "begins"), [("", 0.5), ("-200", 0.7), ("200", 0.3)])
@pytest.mark.parametrize("slug", ["mkv", "opus"])
def test_a_delay_of_the_sound_is_put_right(slug, delay, begins, tmp_path):
    (tmp_path / "p" / "1").mkdir(parents=True)
    late = "sine=440:r=48000:d=2,volume=enable='lt(t,0.5)':volume=0,aformat=channel_layouts=stereo"
    lavfi = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=50:d=2", "-f", "lavfi", "-i", late]
    ffmpeg.run(["ffmpeg", *lavfi, "-c:v", "libx264", "-c:a", "flac", str(tmp_path / "p" / "1" / "cut.mkv")])
    with av.open(str(produce(tmp_path, slug, **{"Record.AVDelay": delay}))) as made:
        samples = np.concatenate([frame.to_ndarray().reshape(-1, 2)[:, 0] for frame in made.decode(audio=0)])
    first = int(np.flatnonzero(np.abs(samples) > np.abs(samples).max() / 4)[0])
    assert first / 48_000 == pytest.approx(begins, abs=0.02)
