from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.media.files import PathRefused
from scripts.media.jobfile import JobfileError, Option, Task, parse
from scripts.media.jobplaces import JobPlaces


def job(*options: str, kind: str = "encoding") -> str:
    return f'<job><tasks><task type="{kind}">{"".join(options)}</task></tasks></job>'


EXE = '<option filetype="exe">ffmpeg</option>'
OUT = '<option filetype="out">/c.mp4</option>'


def task(**files: str) -> Task:
    """Make a task whose files are named by filetype: task(in_="/a", out="/b")."""
    return Task((Option("ffmpeg", "exe"), *(Option(path, kind.strip("_")) for kind, path in files.items())))


def test_options_become_arguments_in_order() -> None:
    text = job(
        EXE, "<option>-i</option>", '<option filetype="in">/a b.mkv</option>', '<option filetype="out">/c.mp4</option>'
    )
    (parsed,) = parse('<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet href="x"?>' + text)
    assert parsed.program == "ffmpeg"
    assert parsed.argv(lambda path: path) == ["ffmpeg", "-i", "/a b.mkv", "/c.mp4"]
    assert parsed.argv(lambda path: Path("/x") / path.name) == ["ffmpeg", "-i", "/x/a b.mkv", "/x/c.mp4"]


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
    assert [option.text for option in parsed.options[1:-1]] == ['title=Öfen & "Züge"; $(rm) | x', "artist="]


def test_unquoted_text_becomes_several_arguments() -> None:
    (parsed,) = parse(job(EXE, '<option quoted="no"> -c:v libx264 -x "a b" </option>', OUT))
    assert [option.text for option in parsed.options[1:-1]] == ["-c:v", "libx264", "-x", "a b"]


def test_tasks_of_other_types_are_left_out() -> None:
    text = (
        f'<job><tasks><task type="encoding">{EXE}{OUT}</task><task type="remux">{EXE}</task>'
        f"<task>{EXE}{OUT}</task></tasks></job>"
    )
    assert len(parse(text)) == 2


ADDRESSES = ("file:x", "FILE:/x", "concat:a.ts", "http://h/x", "https://h/x", "pipe:0", "subfile,,start,0:x", "data:,x")


@pytest.mark.parametrize(
    "options",
    [
        '<option>-i</option><option filetype="in">/cut.mkv</option><option>-f</option><option>null</option>'
        "<option>/dev/null</option>",
        '<option>-i</option><option filetype="tmp">/a.mkv</option><option filetype="tmp">/b.mkv</option>',
        f"<option>-map</option><option>0:a:0</option><option>-vf</option><option>fps=25,scale=2:-2</option>{OUT}",
        f"<option>-metadata</option><option>title=file:///etc/passwd</option>{OUT}",
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
        (job(), "no <option"),
        (job("<option>-i</option>", EXE), "in the first place"),
        (job(EXE, EXE), "two programs"),
        (job(EXE, '<option quoted="no">| lame</option>'), "shell syntax '| lame'"),
        (job(EXE, '<option quoted="no">"a</option>'), "quote too few"),
        (job(EXE, '<option filetype="in">a.mkv</option>'), "'a.mkv', which is no absolute path"),
        (job(EXE, '<option filetype="pipe">x</option>'), "filetype 'pipe'"),
        (job(EXE, "<option>-i</option><option>cut.mkv</option>", OUT), "reads 'cut.mkv' .* not marked as a file"),
        (job(EXE, "<option>-i</option>"), "'-i' as the last option"),
        (job(EXE, "<option>c.mp4</option>"), "'c.mp4' as the last option"),
        (job(EXE, '<option filetype="in">/cut.mkv</option>'), "'/cut.mkv' as the last option"),
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


def test_results_get_their_names_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "in.mkv").write_bytes(b"i")
    out, log = tmp_path / "new" / "out.mp4", tmp_path / "pass.log"
    with ExitStack() as stack:
        places = JobPlaces([tmp_path], 3, stack)
        first = places.command(task(in_=f"{tmp_path}/in.mkv", tmp=str(log)))
        second = places.command(task(in_=str(log), out=str(out)))
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
        for name in places.command(task(out=f"{tmp_path}/a.mp4", tmp=f"{tmp_path}/b.log"))[1:]:
            Path(name).write_bytes(b"x")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("filetype", ["in_", "cfg", "out", "tmp"])
def test_no_file_lies_outside_of_the_roots(filetype: str, tmp_path: Path) -> None:
    with pytest.raises(PathRefused), ExitStack() as stack:
        JobPlaces([tmp_path], 3, stack).command(task(**{filetype: f"{tmp_path}/../x"}))


def test_a_missing_source_and_a_result_nobody_writes_are_named(tmp_path: Path) -> None:
    with ExitStack() as stack:
        places = JobPlaces([tmp_path], 3, stack)
        with pytest.raises(JobfileError, match=r"cut.mkv, which is not there: .* back to 'cut'"):
            places.command(task(in_=f"{tmp_path}/cut.mkv"))
        with pytest.raises(JobfileError, match=r"does not write .*x.mp4"):
            places.part_of(tmp_path / "x.mp4")
