"""Subtitles and chapters by the time of the cut, and hostile files."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scripts.media.captions import BadSubtitles, Cue, moved, parse, written
from scripts.media.chapters import Chapter, chapters_of, merged, metadata

FILE = """\ufeffWEBVTT - made by hand

STYLE
::cue { color: red }

NOTE nothing

intro
00:01.000 --> 00:02.500 align:start position:10% onclick:x
Hello <b>world</b> & <script>alert(1)</script>
&lt;second&gt; line

1:00:00.000 --> 1:00:03.250
--> late
"""


def test_webvtt_is_read_and_written() -> None:
    cues = parse(FILE.replace("1:00:00", "01:00:00").replace("1:00:03", "01:00:03").encode(), "a.vtt")
    assert [(cue.begin_s, cue.end_s, cue.settings) for cue in cues] == [
        (1.0, 2.5, "align:start position:10%"),
        (3600.0, 3603.25, ""),
    ]
    assert cues[0].text == "Hello <b>world</b> &amp; &lt;script&gt;alert(1)&lt;/script&gt;\n&lt;second&gt; line"
    assert cues[1].text == "-&gt; late"
    assert parse(written(cues).encode(), "b.vtt") == cues


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"1\n00:00:01,000 --> 00:00:02,000\nSubRip", "does not begin with WEBVTT"),
        (b"WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nx", "line 3: '00:00:01,000"),
        (b"WEBVTT\n\n00:00:02.000 --> 00:00:01.000\nx", "line 3: the text ends before it begins"),
        (b"WEBVTT\n\nname\nno time\n", "line 3: 'name' is no time"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"WEBVTT" + b" " * 5_000_001, "more than 5000000 bytes"),
        (b"", "does not begin with WEBVTT"),
    ],
)
def test_what_is_no_webvtt_is_told_with_its_line(data: bytes, said: str) -> None:
    with pytest.raises(BadSubtitles) as told:
        parse(data, "a.vtt")
    assert said in str(told.value)


@given(some.text(max_size=60))
def test_whatever_a_text_holds_it_comes_back_as_one_cue(text: str) -> None:
    line = " ".join(text.split()) or "x"
    cues = parse(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{line}\n".encode("utf-8", "replace"), "a.vtt")
    assert len(cues) <= 1
    assert parse(written(cues).encode(), "b.vtt") == cues


def test_cues_move_with_the_cut() -> None:
    cues = [Cue(0, 5, "before"), Cue(9, 11, "at in"), Cue(12, 13, "in"), Cue(19, 31, "over"), Cue(39, 50, "at out")]
    found = moved(cues, [(10, 20), (30, 40)], 5.0)
    assert [(cue.text, cue.begin_s, cue.end_s) for cue in found] == [
        ("at in", 5.0, 6.0),
        ("in", 7.0, 8.0),
        ("over", 14.0, 16.0),
        ("at out", 24.0, 25.0),
    ]


def test_chapters_move_with_the_cut_and_begin_at_the_beginning() -> None:
    kept = [(250, 500), (750, 1000)]
    text = "260 One\n600 In what is left out\n800 Two = #\nno line\n2000 Behind the end"
    found = chapters_of(text, kept, Fraction(25), 5.0, "A talk")
    assert found == [Chapter(0.0, "One"), Chapter(15.0, "In what is left out"), Chapter(17.0, "Two = #")]
    assert chapters_of("300 One", kept, Fraction(25), 5.0, "A talk") == [Chapter(0.0, "A talk"), Chapter(7.0, "One")]
    assert chapters_of("", kept, Fraction(25), 5.0, "A talk") == []
    assert "START=17000\nEND=25000\ntitle=Two \\= \\#" in metadata(found, 25.0)


def test_parts_without_a_gap_are_one() -> None:
    assert merged([(0, 5), (5, 9), (12, 13)]) == [(0, 9), (12, 13)]
    assert merged([]) == []
