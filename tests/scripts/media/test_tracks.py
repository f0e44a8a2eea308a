"""Languages, channels and streams: which tracks a released file gets."""

import pytest

from scripts.media.tracks import BadTracks, tracks_of, written


@pytest.mark.parametrize(
    ("language", "audio", "streams", "expected"),
    [
        ("deu", "", 1, "0:both::deu"),
        ("", "left", 2, "0:left::und"),
        ("deu-eng", "", 2, "0:both::deu 1:both::eng"),
        ("deu-eng", "mixed", 2, "0:mixed::deu 1:mixed::eng"),
        ("deu-eng", "", 1, "0:both::deu"),
        ("deu-eng", "left-right", 1, "0:left::deu 0:right::eng"),
        ("deu-eng-fra", "left-both", 3, "0:left::deu 1:both::eng 2:both::fra"),
        ("und-eng", "", 2, "1:both::eng"),
        ("und", "", 1, "0:both::und"),
        ("deu", "", 0, ""),
    ],
)
def test_each_language_is_a_stream_or_its_channels(language: str, audio: str, streams: int, expected: str) -> None:
    assert written(tracks_of({"Record.Language": language, "Record.Audio": audio}, streams)) == expected


def test_an_unknown_word_is_told() -> None:
    with pytest.raises(BadTracks, match=r"Record\.Audio names 'middle'"):
        tracks_of({"Record.Audio": "middle"}, 1)
    assert str(tracks_of({"Record.Language": "deu"}, 1)[0].with_gain(-3.25)) == "0:both:-3.2:deu"
