import re
from fractions import Fraction
from pathlib import Path

import pytest

from scripts.media.chunks.check import check_master
from scripts.media.chunks.plan import Plan, chunk_command, join_command, listing, plan
from scripts.media.chunks.split import NotSplit, split
from tests.scripts.media.chunks.clip import FRAMES, RATE

SCALED = "fps=25/1,scale=w='min(1280,iw)':h='min(720,ih)':force_original_aspect_ratio=decrease,setsar=1"


def command(master: Path, *more: str, graph: str = SCALED, **changed: str) -> list[str]:
    picture = {"-c:v": "libx264", "-preset": "medium", "-crf": "22"} | changed
    options = [word for pair in picture.items() for word in pair if word]
    sound = ["-filter:a:0", "apad,atrim=end=6", "-c:a", "aac", "-b:a", "128k", "-metadata:s:a:0", "language=deu"]
    told = ["-metadata", "title=Öfen", "-movflags", "+faststart"]
    maps = ["-map", "0:v:0", "-map", "0:a:0", "-map_metadata", "-1"]
    return ["ffmpeg", "-i", str(master), *maps, "-vf", graph, *options, *sound, *told, *more, "/out/talk.mp4"]


def planned(master: Path, frames: int = FRAMES, seconds: float = 1, graph: str = SCALED, rate: int = RATE) -> Plan:
    return plan(split(command(master, graph=graph), master, Fraction(rate)), frames, Fraction(rate), seconds)


def test_the_picture_is_parted_from_the_rest(master: Path) -> None:
    parts = split(command(master), master, Fraction(RATE))
    assert (parts.graph, parts.divisor, parts.result) == (SCALED, 1, Path("/out/talk.mp4"))
    assert parts.options == ("-c:v", "libx264", "-preset", "medium", "-crf", "22")
    rest = " ".join(parts.rest)
    assert rest.startswith(f"ffmpeg -i {master} -map 0:a:0 -map_metadata -1 -filter:a:0 apad")
    assert rest.endswith("-vn")
    assert parts.joined == ("-metadata", "title=Öfen", "-movflags", "+faststart")
    assert "-i /led/rest.mp4 -map 0:v:0 -map 1 " in " ".join(join_command(parts, Path("/led/l"), Path("/led/rest.mp4")))


def test_a_silent_job_has_no_rest(master: Path) -> None:
    argv = ["ffmpeg", "-i", str(master), "-map", "0:v:0", "-c:v", "libx264", "-crf", "22", "/out/talk.mp4"]
    assert split(argv, master, Fraction(RATE)).rest == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"-b:v": "2M"}, "aims at a bitrate"),
        ({"-crf": ""}, "cannot be told apart|aims at a bitrate"),
        ({"-c:v": "libtheora"}, "libtheora"),
        ({"graph": "bwdif=mode=send_frame,fps=25/1"}, "bwdif may look at several pictures"),
        ({"graph": "fps=20"}, "no whole part"),
        ({"graph": "fps=source_fps"}, "is computed"),
        ({"graph": "split[a][b];[a]scale=2:2"}, "cannot be told apart"),
        ({"-pass": "1"}, "the option -pass"),
        ({"-filter_complex": "x"}, "the option -filter_complex"),
        ({"-x264-params": "keyint=1"}, "the option -x264-params"),
        ({"-t": "3"}, "the option -t"),
    ],
)
def test_what_may_differ_in_chunks_is_refused_with_the_reason(changed: dict[str, str], said: str, master: Path) -> None:
    with pytest.raises(NotSplit) as refused:
        split(command(master, **changed), master, Fraction(RATE))
    assert re.search(said, str(refused.value))


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["cp", "a", "b"], "another program"),
        (["ffmpeg", "-i", "/other.mkv", "-c:v", "libx264", "-crf", "1", "/out/a.mp4"], "does not read the cut master"),
        (["ffmpeg", "-i", "MASTER", "-c:v", "libx264", "-crf", "1", "/a.mp4", "-c:v", "libx264", "/b.mp4"], "several"),
        (["ffmpeg", "-i", "MASTER", "-map", "0:a:0", "-c:a", "aac", "/a.mp4"], "none or several pictures"),
    ],
)
def test_other_commands_are_refused(argv: list[str], said: str, master: Path) -> None:
    with pytest.raises(NotSplit, match=said):
        split([word.replace("MASTER", str(master)) for word in argv], master, Fraction(RATE))


def test_every_frame_is_planned_once(master: Path) -> None:
    for frames in (1, 24, 25, 26, 149, 150, 151, 1000):
        made = planned(master, frames)
        assert made.starts[0] == 0 and made.stop(made.count - 1) == frames
        assert sum(made.planned) == frames and min(made.planned) > 0
        assert all(start % made.group == 0 for start in made.starts)
        assert Plan.from_json(made.to_json()) == made


def test_one_picture_of_two_is_planned_at_double_rate(master: Path) -> None:
    made = planned(master, 301, graph="fps=50/2", rate=50)
    assert (made.divisor, sum(made.planned)) == (2, 151)
    assert all(start % 2 == 0 for start in made.starts)


def test_a_short_tail_belongs_to_the_chunk_before(master: Path) -> None:
    assert planned(master, 155).planned == (25, 25, 25, 25, 25, 30)


def test_chunks_begin_half_a_frame_early_and_are_stamped_by_number(master: Path) -> None:
    argv = chunk_command(planned(master), 2, Path("/led/part.mp4"))
    assert argv[argv.index("-ss") + 1] == "1.980000"
    assert "settb=1/25,setpts=N,trim=end_frame=25,fps=25/1," in argv[argv.index("-vf") + 1]
    assert (argv[argv.index("-fps_mode") + 1], argv[argv.index("-frames:v") + 1]) == ("passthrough", "25")


def test_the_list_has_lengths_and_quotes_names(master: Path) -> None:
    made = planned(master, 50)
    assert listing(made, [Path("/a/it's 1.mp4"), Path("/a/2.mp4")]).splitlines() == [
        "ffconcat version 1.0", "file '/a/it'\\''s 1.mp4'", "duration 1.000000", "file '/a/2.mp4'", "duration 1.000000",
    ]  # fmt: skip


def test_a_master_of_another_length_is_done_in_one_piece(master: Path) -> None:
    check_master(master, FRAMES, Fraction(RATE))
    with pytest.raises(NotSplit, match=f"has {FRAMES} frames instead of 149"):
        check_master(master, 149, Fraction(RATE))
    with pytest.raises(NotSplit, match="do not come at a constant rate"):
        check_master(master, FRAMES, Fraction(24))
