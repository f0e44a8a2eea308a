from contextlib import ExitStack
from pathlib import Path

import pytest
from lxml import etree

from scripts.media.files import PathRefused
from scripts.media.jobfile import Command, JobfileError, Option, Task, UnsafeJob, parse, programs_and_dangers
from scripts.media.jobplaces import JobPlaces


def job(*options: str, kind: str = "encoding") -> str:
    return f'<job><tasks><task type="{kind}">{"".join(options)}</task></tasks></job>'


EXE = '<option filetype="exe">ffmpeg</option>'
OUT = '<option filetype="out">/c.mp4</option>'


def task(**files: str) -> Task:
    """Make a task whose files are named by filetype: task(in_="/a", out="/b")."""
    named = (Option(path, kind.strip("_")) for kind, path in files.items())
    return Task((Command((Option("ffmpeg", "exe"), *named)),))


def arguments(parsed: Task) -> list[list[str]]:
    return [command.argv(lambda path: path) for command in parsed.commands]


def test_options_become_arguments_in_order() -> None:
    text = job(
        EXE, "<option>-i</option>", '<option filetype="in">/a b.mkv</option>', '<option filetype="out">/c.mp4</option>'
    )
    (parsed,) = parse('<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet href="x"?>' + text)
    assert parsed.programs == ["ffmpeg"]
    assert arguments(parsed) == [["ffmpeg", "-i", "/a b.mkv", "/c.mp4"]]
    assert parsed.commands[0].argv(lambda path: Path("/x") / path.name)[1:] == ["-i", "/x/a b.mkv", "/x/c.mp4"]


def test_values_are_kept_as_they_are() -> None:
    (parsed,) = parse(
        job(
            EXE,
            '<option>title=Öfen &amp; "Züge"; $(rm) | x</option>',
            "<option>artist=</option>",
            "<option></option>",
            OUT,
        )
    )
    assert arguments(parsed)[0][1:-1] == ['title=Öfen & "Züge"; $(rm) | x', "artist="]


def test_unquoted_text_becomes_several_arguments() -> None:
    (parsed,) = parse(job(EXE, '<option quoted="no"> -c:v libx264 -x "a b" </option>', OUT))
    assert arguments(parsed)[0][1:-1] == ["-c:v", "libx264", "-x", "a b"]


def test_tasks_of_other_types_are_left_alone() -> None:
    text = (
        f'<job><tasks><task type="encoding">{EXE}{OUT}</task><task type="remux">{EXE}<error>no</error></task>'
        f"<task>{EXE}{OUT}</task></tasks></job>"
    )
    assert len(parse(text)) == 2
    with pytest.raises(JobfileError, match="no"):
        parse(text, "remux")


PIPED = [
    '<option quoted="no">-f wav - | lame -b 96 -</option>',
    '<option quoted="no">-f wav pipe:1 | </option><option filetype="exe">lame</option><option>-b</option>'
    '<option quoted="no">96 -</option>',
    '<option>-f</option><option>wav</option><option>-</option><option quoted="no">|</option>'
    '<option filetype="exe">lame</option><option quoted="no">-b 96 -</option>',
]


@pytest.mark.parametrize("options", PIPED)
def test_a_pipe_makes_several_commands(options: str) -> None:
    (parsed,) = parse(job(EXE, '<option>-i</option><option filetype="in">/a</option>', options, OUT))
    assert parsed.programs == ["ffmpeg", "lame"]
    first, second = arguments(parsed)
    assert (first[:-1], second) == (["ffmpeg", "-i", "/a", "-f", "wav"], ["lame", "-b", "96", "-", "/c.mp4"])


def test_behind_a_pipe_ffmpeg_reads_it() -> None:
    between = '<option quoted="no">-f wav pipe:1 | ffmpeg -i pipe:0</option>'
    (parsed,) = parse(job(EXE, '<option>-i</option><option filetype="in">/a</option>', between, OUT))
    assert parsed.programs == ["ffmpeg", "ffmpeg"]


def test_a_bar_that_is_quoted_is_no_pipe() -> None:
    options = '<option>|</option><option quoted="no">-x "a|b"</option>'
    (parsed,) = parse(job(EXE, options, OUT))
    assert arguments(parsed) == [["ffmpeg", "|", "-x", "a|b", "/c.mp4"]]


ADDRESSES = ("file:x", "FILE:/x", "concat:a.ts", "http://h/x", "https://h/x", "pipe:0", "subfile,,start,0:x", "data:,x")


@pytest.mark.parametrize(
    "options",
    [
        '<option>-i</option><option filetype="in">/cut.mkv</option><option>-f</option><option>null</option>'
        "<option>/dev/null</option>",
        '<option>-i</option><option filetype="tmp">/a.mkv</option><option filetype="tmp">/b.mkv</option>',
        f"<option>-map</option><option>0:a:0</option><option>-vf</option><option>fps=25,scale=2:-2</option>{OUT}",
        f"<option>-metadata</option><option>title=file:///etc/passwd</option>{OUT}",
        f"<option>-f</option><option>lavfi</option><option>-t</option><option>1</option><option>-i</option>"
        f"<option>anullsrc=r=48000</option>{OUT}",
        f"<option>-filter_complex</option><option>[0:v]setdar=16/9,scale=iw/2:-2[v];[0:a]pan=mono|c0=.5*c0[a]</option>{OUT}",
    ],
)
def test_it_accepts(options: str) -> None:
    assert len(parse(job(EXE, options))) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no well-formed XML"),
        ("<job><tasks>", "no well-formed XML"),
        ("<html/>", "begins with <html>"),
        ('<!DOCTYPE job [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + job(EXE, "<option>&x;</option>"), "DOCTYPE"),
        (job(EXE, kind="remux"), "no task of type 'encoding'"),
        (job("<error>no language</error>"), "no language"),
        (f"<job><error>no <b>talk</b></error>{job(EXE, OUT)[5:]}", "no talk"),
        (f"<job><tasks><error/></tasks>{job(EXE, OUT)[5:]}", "an <error> that says nothing"),
        (job(), "no <option"),
        (job("<option>-i</option>", EXE), "in the first place"),
        (job(EXE, EXE), "two programs"),
        (job(EXE, '<option quoted="no">-f wav x | lame</option>', OUT), "'x' as the last option .* before a pipe"),
        (job(EXE, '<option quoted="no">-f wav - |</option>'), "follows a pipe in the job has no"),
        (job(EXE, '<option quoted="no">- | | lame</option>', OUT), "follows a pipe"),
        (job(EXE, '<option quoted="no">"a</option>'), "quote too few"),
        (job(EXE, '<option quoted="maybe">a</option>'), "quoted='maybe': write yes or no"),
        (job(EXE, "<option>a<b/></option>"), "<b> within an option"),
        (job(EXE, "<option>-i</option><option>pipe:0</option>", OUT), "address 'pipe:0'"),
        (job(EXE, '<option>-y</option><option filetype="in">/raw.ts</option>', OUT), "takes it for a result"),
        (job(EXE, '<option quoted="no">-c copy</option><option filetype="in">/raw.ts</option>', OUT), "for a result"),
        (job('<option filetype="exe">mv</option><option filetype="in">/cut.mkv</option>', OUT), "moves /cut.mkv away"),
        (job(EXE, '<option filetype="in">a.mkv</option>'), "'a.mkv', which is no absolute path"),
        (job(EXE, '<option filetype="pipe">x</option>'), "filetype 'pipe'"),
        (job(EXE, "<option>-i</option><option>cut.mkv</option>", OUT), "reads 'cut.mkv' .* not marked as a file"),
        (job(EXE, "<option>-i</option>"), "'-i' as the last option"),
        (job(EXE, "<option>c.mp4</option>"), "'c.mp4' as the last option"),
        (job(EXE, '<option filetype="in">/cut.mkv</option>'), "'/cut.mkv' where ffmpeg takes it for a result"),
        (job(EXE, "<option>/etc/passwd</option>", OUT), "address '/etc/passwd' in an option without filetype"),
        (job(EXE, "<option>../x.mp4</option>", OUT), r"address '\.\./x.mp4'"),
        (job(EXE, '<option quoted="no">-c copy /x.mp4</option>', OUT), "address '/x.mp4'"),
        *((job(EXE, f"<option>-i</option><option>{text}</option>", OUT), f"address '{text}'") for text in ADDRESSES),
        (job('<option filetype="exe">cp</option>', '<option filetype="in">/a</option><option>/b</option>'), "'/b'"),
    ],
)
def test_it_refuses(text: str, said: str) -> None:
    with pytest.raises(JobfileError, match=said.replace("|", r"\|")):
        parse(text)


def test_a_file_the_job_made_may_be_moved() -> None:
    made = job(EXE, '<option filetype="tmp">/a</option>').removesuffix("</tasks></job>")
    moved = job('<option filetype="exe">mv</option>', '<option filetype="in">/a</option>', OUT)
    assert len(parse(made + moved.removeprefix("<job><tasks>"))) == 2


GRAPHS = (
    "movie=/etc/passwd",
    "[0:v]null[a];amovie@x = x",
    "subtitles=x.srt",
    "drawtext=textfile=x",
    "null,ass=x",
    "metadata=print:file=/tmp/x",
    "sendcmd=f='/x'",
    r"removelogo=file\:/x",
    "vidstabtransform=input=../x",
    "ladspa=file=cmt",
)


@pytest.mark.parametrize(
    "options",
    [
        *(["-vf", graph] for graph in GRAPHS),
        ["-filter:v:0", "movie=x"],
        ["-f", "lavfi", "-i", "movie=/etc/passwd"],
        ["-filter_script:v", "x"],
        ["-filter_complex_script", "x"],
        ["-/filter:v", "x"],
        ["-f", "tee", "-map", "0"],
        ["-x264-params", "pass=1:stats=/etc/x"],
        ["-metadata", "a=b", "http://h/x"],
    ],
)
def test_an_argument_that_reaches_a_file_unseen_is_unsafe(options: list[str]) -> None:
    with pytest.raises(UnsafeJob):
        parse(job(EXE, *(f"<option>{text}</option>" for text in options), OUT))


def test_a_path_glued_to_an_option_is_unsafe() -> None:
    with pytest.raises(UnsafeJob, match="--output=/etc/x"):
        parse(job('<option filetype="exe">lame</option><option>--output=/etc/x</option>'))
    assert parse(job('<option filetype="exe">lame</option><option>see https://example.org: a=/b</option>'))


def test_the_tracker_learns_of_programs_and_dangers_in_all_tasks() -> None:
    other = f'<task type="remux">{EXE}<option quoted="no">-i x | rm -rf > y</option></task>'
    last = f'<task>{EXE}<option>cut.mkv</option><option quoted="no">-i - | lame - </option><option>-vf</option>'
    root = etree.fromstring(f"<job>{other}{last}<option>movie=x</option><option>/x</option></task></job>")
    programs, dangers = programs_and_dangers(root)
    assert programs == ["ffmpeg", "rm", "ffmpeg", "lame"]
    assert [len(dangers), "shell syntax" in dangers[0]] == [1, True]


def test_results_get_their_names_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "in.mkv").write_bytes(b"i")
    out, log = tmp_path / "new" / "out.mp4", tmp_path / "pass.log"
    with ExitStack() as stack:
        places = JobPlaces([tmp_path], 3, stack)
        (first,) = places.commands(task(in_=f"{tmp_path}/in.mkv", tmp=str(log)))
        (second,) = places.commands(task(in_=str(log), out=str(out)))
        assert first == ["ffmpeg", f"{tmp_path}/in.mkv", f"{tmp_path}/.pass.3.part.log"]
        assert second == ["ffmpeg", f"{tmp_path}/.pass.3.part.log", f"{tmp_path}/new/.out.3.part.mp4"]
        assert places.part_of(out) == Path(second[2])
        Path(first[2]).write_bytes(b"l")
        Path(second[2]).write_bytes(b"o")
        assert not out.exists()
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["in.mkv", "out.mp4"]


def test_a_failed_job_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ExitStack() as stack:
        places = JobPlaces([tmp_path], 3, stack)
        for name in places.commands(task(out=f"{tmp_path}/a.mp4", tmp=f"{tmp_path}/b.log"))[0][1:]:
            Path(name).write_bytes(b"x")
        Path(f"{name}-0.log.mbtree").write_bytes(b"of two passes")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("filetype", ["in_", "cfg", "out", "tmp"])
def test_no_file_lies_outside_of_the_roots(filetype: str, tmp_path: Path) -> None:
    with pytest.raises(PathRefused), ExitStack() as stack:
        JobPlaces([tmp_path], 3, stack).commands(task(**{filetype: f"{tmp_path}/../x"}))


def test_a_missing_source_and_a_result_nobody_writes_are_named(tmp_path: Path) -> None:
    with ExitStack() as stack:
        places = JobPlaces([tmp_path], 3, stack)
        with pytest.raises(JobfileError, match=r"cut.mkv, which is not there: .* back to 'cut'"):
            places.commands(task(in_=f"{tmp_path}/cut.mkv"))
        with pytest.raises(JobfileError, match=r"does not write .*x.mp4"):
            places.part_of(tmp_path / "x.mp4")
