"""Which jobs share one ffmpeg, and what that is asked to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.media.joined import NotJoined, Share, command, share

OUT = Path("/video/output/.talk.1.part.mp4")
READ = ["ffmpeg", "-i", "/video/tmp/cut.mkv"]
MAKE = ["-map", "0:v:0", "-map", "0:a:0", "-filter:a:0", "apad", "-metadata:s:a:0", "language=deu", "-c:v", "x", "-an"]


def one(*words: str) -> list[list[list[str]]]:
    return [[[*words, str(OUT)]]]


def test_a_job_is_parted_into_what_it_reads_and_what_it_makes() -> None:
    found = share(one("ffmpeg", "-y", *READ[1:], *MAKE), OUT)
    assert found == Share(("-i", "/video/tmp/cut.mkv"), tuple(MAKE), OUT)


def test_what_all_read_is_read_once() -> None:
    other = Share(("-i", "/video/tmp/cut.mkv"), ("-vn",), OUT.with_suffix(".mp3"))
    joined = command([share(one(*READ, *MAKE), OUT), other])
    assert joined == ["ffmpeg", "-y", *READ[1:], *MAKE, str(OUT), "-vn", str(other.result)]


@pytest.mark.parametrize(
    ("tasks", "why"),
    [
        (one(*READ, *MAKE) * 2, "2 tasks"),
        ([[[*READ, "-f", "matroska", "-"], ["ffmpeg", "-i", "-", str(OUT)]]], "pipes"),
        (one("cp", "/video/tmp/cut.mkv"), "runs cp"),
        ([[[*READ, "/dev/null"]]], "write the result"),
        (one("ffmpeg", "-f", "lavfi"), "does not read a file"),
        (one(*READ, "-filter_complex", "[0:v]null[made]"), "the option -filter_complex"),
        (one(*READ, "-copyts", "1"), "the option -copyts"),
        (one(*READ, "-pass", "2"), "the option -pass"),
        (one(*READ, "-x264-params", "keyint=50:pass=2"), "two passes"),
        (one(*READ, "/video/output/other.mp4", "-c", "copy"), "several results"),
        (one(*READ, "-c:v"), "cannot be told apart"),
    ],
)
def test_what_is_not_known_to_be_of_one_result_is_made_by_itself(tasks: list[list[list[str]]], why: str) -> None:
    with pytest.raises(NotJoined, match=why):
        share(tasks, OUT)
