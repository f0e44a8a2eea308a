"""Slides from SVG templates: whatever a title holds is shown as text, inside of its box."""

from __future__ import annotations

import io
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from lxml import etree

from scripts.media import ffmpeg
from scripts.media.ffmpeg import Stopped
from scripts.media.probe import probe
from scripts.media.slides import (
    KINDS,
    SHIPPED,
    Drawing,
    SlideError,
    chosen,
    draw,
    filled,
    make_film,
    shape_of,
    template,
)
from scripts.media.slides.fill import plain
from scripts.media.slides.fit import Box, fit

BOX = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360"><rect width="640" height="360" fill="#fff"/>%s</svg>'
)
TITLE = BOX % '<text data-box="100 60 440 240" font-size="60" font-family="sans-serif">{{Fahrplan.Title}}</text>'
ENDLESS = BOX % (
    '<filter id="f"><feTurbulence numOctaves="99999"/><feGaussianBlur stdDeviation="900"/></filter>'
    '<rect width="640" height="360" filter="url(#f)"/>'
)
HOSTILE = {
    "markup": '</text><image href="/etc/passwd"/><script>alert(1)</script>&amp; %s {{Meta.Album}}',
    "right to left": "שלום עולם مرحبا \u202eturned\u202c",
    "emoji": "😀 🚀 👩\u200d👩\u200d👧 漢字 \ufffe",
    "control": "a\x00b\x07c\x1b[31m\ud800",
    "long": "Donaudampfschifffahrtsgesellschaftskapitän " * 200,
    "one word": "W" * 900,
    "nothing": "   ",
}


def looked(png: bytes) -> np.ndarray:
    with av.open(io.BytesIO(png), "r", format="png_pipe") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_title_is_text_and_stays_in_its_box(title: str) -> None:
    drawing = filled(TITLE, {"Fahrplan.Title": title, "Meta.Album": "not this"})
    root = etree.fromstring(drawing.svg.encode())
    assert {etree.QName(each).localname for each in root.iter()} <= {"svg", "rect", "text", "tspan"}
    assert "not this" not in drawing.svg
    dark = (looked(draw(drawing, 640, 360)) < 128).any(axis=2)
    assert dark.any() == bool(title.strip())
    dark = np.array(dark)
    dark[60:300, 100:545] = False
    assert not dark.any()


def test_a_slide_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[draw.__module__], "LIMIT_S", 0.5)
    with pytest.raises(SlideError, match=r"takes longer than 0\.5 s to draw: take out its filters\.$"):
        draw(filled(ENDLESS, {}), 960, 540)


def test_the_drawing_of_a_slide_can_be_stopped() -> None:
    with pytest.raises(Stopped):
        draw(filled(ENDLESS, {}), 960, 540, lambda: True)


def test_a_slide_that_takes_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[draw.__module__], "MOST_BYTES", 256 << 20)
    with pytest.raises(SlideError, match="takes too much memory"):
        draw(Drawing(BOX % ""), 16_384, 16_384)


def test_what_the_renderer_does_not_read_is_told() -> None:
    with pytest.raises(SlideError, match=r"^The slide cannot be drawn: .+\.$"):
        draw(Drawing(BOX % "", background="no colour"), 64, 36)


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_templates_can_be_drawn_without_a_single_property(kind: str) -> None:
    assert looked(draw(filled(template(kind, SHIPPED, []), {}), 320, 180)).shape == (180, 320, 3)


def test_a_short_text_keeps_its_size_and_a_long_one_is_made_smaller() -> None:
    box, style = Box(0, 0, 400, 200), {"font-size": "50", "font-family": "sans-serif"}
    assert (fit("Hello world", box, style).size, len(fit("Hello world", box, style).texts)) == (50, 1)
    smaller = fit("word " * 40, box, style)
    assert 10 <= smaller.size < 50
    assert " ".join(smaller.texts).count("word") == 40
    assert fit("word " * 4000, box, style).texts[-1].endswith("…")


def test_what_nobody_sees_is_left_out() -> None:
    assert plain("a\u202eb\u0000c\n d") == "ab c d"
    assert len(plain("x" * 5000)) == 1000


@pytest.mark.parametrize(
    ("svg", "said"),
    [
        (BOX % '<image href="/etc/passwd"/>', "embed the picture"),
        (BOX % '<image href="file:///etc/passwd"/>', "embed the picture"),
        (BOX % '<image href="data:image/svg+xml;base64,AAAA"/>', "embed the picture"),
        (BOX % '<rect fill="url(http://x/y#z)"/>', "embed the picture"),
        (BOX % "<style>@import 'x.css';</style>", "<style> refers"),
        (BOX % '<text data-box="1 2 3">x</text>', "data-box is '1 2 3'"),
        (BOX % '<text data-box="1 2 3 4" font-size="3em">x</text>', "font-size '3em'"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + BOX % "<text>&a;</text>", "DOCTYPE"),
        ("<svg", "no well-formed SVG"),
        ("<html/>", "another element than <svg>"),
    ],
)
def test_a_template_that_reaches_beyond_itself_is_refused(svg: str, said: str) -> None:
    with pytest.raises(SlideError, match=said.replace("<", "<")):
        filled(svg, {})


def test_what_is_wrong_with_a_template_is_told_without_the_remedy_which_its_reader_knows() -> None:
    with pytest.raises(SlideError, match=r"line 1, column 5.*\)\.$"):
        filled("<svg", {})


def test_a_file_is_read_under_the_roots_only(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(TITLE)
    assert template("intro", f"{tmp_path}/a.svg", [tmp_path]) == TITLE
    (tmp_path / "bad.svg").write_bytes(b"\xff\xfe")
    for where in ("/etc/x.svg", f"{tmp_path}/none.svg", f"{tmp_path}/bad.svg", "a.svg", f"{tmp_path}/a.png"):
        with pytest.raises(SlideError):
            template("intro", where, [tmp_path])


def test_an_apology_is_shown_when_there_is_one() -> None:
    project = {"Processing.File.Intro": "shipped", "Processing.Intro.Duration": "2.5"}
    assert [(each.kind, each.seconds) for each in chosen(project)] == [("intro", 2.5)]
    assert [each.kind for each in chosen(project | {"Record.Apology": "Sorry."})] == ["intro", "apology"]


@pytest.mark.parametrize(
    ("picture", "more", "shown"),
    [
        ("s=160x90:r=25", ["-pix_fmt", "yuv420p"], (160, 90)),
        ("s=180x144:r=30000/1001", ["-pix_fmt", "yuv420p", "-vf", "setsar=64/45"], (256, 144)),
        ("s=1280x720:r=50", ["-pix_fmt", "yuv420p10le", "-colorspace", "bt709"], (1280, 720)),
    ],
)
def test_a_film_is_like_the_recording(picture: str, more: list[str], shown: tuple[int, int], tmp_path: Path) -> None:
    master, film = tmp_path / "cut.mkv", tmp_path / "slide.mkv"
    ffmpeg.run(["ffmpeg", "-f", "lavfi", "-i", f"testsrc2={picture}:d=0.1", *more, "-c:v", "libx264", str(master)])
    rate = Fraction(picture.rpartition("=")[2])
    shape = shape_of(master, rate)
    assert shape.shown() == shown
    make_film(Drawing(TITLE), shape, 7, film)
    one, other = probe(master).video, probe(film).video
    assert one is not None and other is not None
    assert [getattr(other, name) for name in ("width", "height", "sar", "rate", "pix_fmt")] == [
        getattr(one, name) for name in ("width", "height", "sar", "rate", "pix_fmt")
    ]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["cut.mkv", "slide.mkv"]


def test_colours_of_a_slide_are_those_of_the_template(tmp_path: Path) -> None:
    master, film = tmp_path / "cut.mkv", tmp_path / "slide.mkv"
    ffmpeg.run(["ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=160x90:d=0.1", "-colorspace", "bt709", str(master)])
    red = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#c81e1e"/></svg>'
    )
    make_film(Drawing(red), shape_of(master, Fraction(25)), 2, film)
    with av.open(str(film)) as container:
        frame = next(container.decode(video=0))
        seen = frame.to_ndarray(format="rgb24", src_colorspace="ITU709")[45, 80]
    assert np.abs(seen.astype(int) - [0xC8, 0x1E, 0x1E]).max() < 8
