"""What an argument of a job may not be: what would reach files, addresses or programs that nobody can check.

Files are options of their own, marked by a filetype. The tracker asks the same rules when a template is saved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

FILETYPES = ("", "exe", "in", "cfg", "out", "tmp")
FILES = FILETYPES[2:]
NOWHERE = ("-", "/dev/null")
"""Where the first of two passes writes its picture."""
INTO_PIPE, FROM_PIPE = ("-", "pipe:", "pipe:1"), ("-", "pipe:", "pipe:0")

_PATH = re.compile(r"/|\.\.?/")
_PROTOCOL = re.compile(
    r"(amqp|async|bluray|cache|concat|concatf|crypto|data|fd|ffrtmp\w*|file|ftp|gophers?|hls|https?|httpproxy|icecast|"
    r"ip[fn]s\w*|ipns|lib\w+|md5|mms\w+|pipe|prompeg|rtmp\w*|rtp|rtsp|sctp|sftp|smb|srtp?|subfile|tcp|tee|tls|udp\w*|"
    r"unix|zmq)[:,]",
    re.IGNORECASE,
)
_READS_ARGUMENT = re.compile(r"-/|-(filter(_complex)?_script|dump_attachment|fpre|vpre|apre|spre|vstats_file)(:|\Z)")
"""Options whose value is the name of a file."""
_GRAPH = re.compile(r"-(vf|af|filter|filter_complex|lavfi)(:|\Z)")
_OPENS_FILES = re.compile(
    r"(?:^|[,;\]\s])\s*"
    r"(a?movie|subtitles|ass|lut1d|lut3d|frei0r\w*|ladspa|lv2|a?zmq|removelogo|cover_rect|find_rect|arnndn|"
    r"sofalizer)(?:@\w+)?\s*(?:=|[,;\[]|$)"
)
_NAMES_FILE = re.compile(r"(?:^|[=:,])\s*([a-z_]*(?:file|filename|path))\s*=|[=:'\"]\\*['\"]*(\.{0,2}/)")
_GLUED_PATH = re.compile(r"-[\w-]*=['\"]*\.{0,2}/")
_NAMES_PATH = re.compile(r"[=:]\\*['\"]*(\.{0,2}/)")
_FLAGS = frozenset(("-y", "-n", "-an", "-vn", "-sn", "-dn", "-re", "-shortest", "-copyts", "-nostats", "-nostdin"))
"""Options of ffmpeg without a value."""


class JobfileError(Exception):
    """The job cannot be carried out; the sentence says which part of the template is at fault."""


class UnsafeJob(JobfileError):
    """The job would do what no job may do, whoever carries it out."""


@dataclass(frozen=True)
class Option:
    """One argument, and what it is when it names a file or a program."""

    text: str
    filetype: str = ""


def check_option(option: Option) -> None:
    """Refuse a relative file, and an address or a path in an option that is not marked as a file."""
    if "\0" in option.text:
        raise JobfileError("The job has a NUL character in an argument.")
    if option.filetype in FILES:
        if not option.text.startswith("/"):
            raise JobfileError(
                f"The job names the file {option.text!r}, which is no absolute path: correct the template."
            )
    elif not option.filetype and option.text not in NOWHERE:
        kind = UnsafeJob if _PROTOCOL.match(option.text) else JobfileError if _PATH.match(option.text) else None
        if kind is not None:
            raise kind(
                f"The job has the path or address {option.text!r} in an option without filetype: mark it as "
                'filetype "in", "cfg", "out" or "tmp" in the template, so that it can be checked.'
            )


def check_ffmpeg(options: Sequence[Option], *, first: bool, last: bool) -> None:
    """Refuse what would have ffmpeg open files that are not marked; *first* and *last* tell its place among pipes."""
    form = ""
    for former, option in pairwise(options):
        name = former.text if former.filetype == "" else ""
        if name == "-i" and (first or option.text not in FROM_PIPE):
            _check_input(option, made_up=form == "lavfi")
            form = ""
        elif option.filetype in ("in", "cfg") and (not name.startswith("-") or name in _FLAGS):
            raise JobfileError(
                f"The job has the file {option.text!r} where ffmpeg takes it for a result: put -i before it in the "
                "template."
            )
        if name == "-f":
            form = option.text
        check_value(name, option)
    _check_end(options[-1], last)


def check_other(option: Option) -> None:
    """Refuse (UnsafeJob) a path that is glued to an option of another program than ffmpeg."""
    if not option.filetype and _GLUED_PATH.match(option.text):
        raise UnsafeJob(
            f"The job has a path within the option {option.text!r}, where nobody can check it: files are options of "
            "their own with a filetype."
        )


def check_dangers(program: str, former: Option, option: Option) -> None:
    """Refuse (UnsafeJob) an argument that no job may have; *former* stands before it. JobfileError for lesser faults.

    Less strict than `check_ffmpeg`: for the tracker, whose other clients have rules of their own.
    """
    name = "" if former.filetype else former.text
    if program != "ffmpeg":
        check_other(option)
    else:
        check_value(name, option)
        if name == "-i" and not option.filetype:
            check_graph(option.text)
    if option.text not in (*INTO_PIPE, *FROM_PIPE) and not name.startswith("-metadata"):
        check_option(option)


def _check_input(option: Option, *, made_up: bool) -> None:
    if option.filetype in FILES:
        return
    if not made_up:
        raise JobfileError(
            f"The job reads {option.text!r} (after -i), which is not marked as a file: write "
            '<option filetype="in"> or "tmp" in the template. Pictures and sounds that are made up '
            "go into -filter_complex, or follow -f lavfi."
        )
    check_graph(option.text)


def check_value(name: str, option: Option) -> None:
    """Refuse (UnsafeJob) what stands behind the option *name* of ffmpeg and names a file nobody can check.

    Titles and the like (-metadata) may hold anything.
    """
    if _READS_ARGUMENT.match(name):
        raise UnsafeJob(f"The job has the option {name!r}, which reads a file nobody checks: write out what it says.")
    if name == "-f" and option.text == "tee":
        raise UnsafeJob("The job writes with -f tee, whose files nobody can check: give ffmpeg several results.")
    if option.filetype or name.startswith("-metadata"):
        return
    if _GRAPH.match(name):
        check_graph(option.text)
    elif _NAMES_PATH.search(option.text):
        raise UnsafeJob(
            f"The job has a path within the option {option.text!r}, where nobody can check it: files are options of "
            "their own with a filetype."
        )


def check_graph(text: str) -> None:
    """Refuse a filter graph that names a file or an address; raise UnsafeJob."""
    opens, names = _OPENS_FILES.search(text), _NAMES_FILE.search(text)
    if opens or names:
        what = opens[1] if opens else (names[1] or names[2]) if names else ""
        raise UnsafeJob(
            f"The job has the filter {text[:200]!r}, which names a file ({what}) that nobody can check: files are "
            'options of their own, <option filetype="in">, behind -i.'
        )


def _check_end(option: Option, last: bool) -> None:
    """Refuse a result of ffmpeg that is not marked as a file: what it is then, nobody can check."""
    if option.filetype in ("out", "tmp") or option.text in (NOWHERE if last else INTO_PIPE):
        return
    where = "where the result belongs: end it" if last else "before a pipe: end it with pipe:1, or"
    raise JobfileError(
        f"The job has {option.text!r} as the last option of a task, {where} with "
        '<option filetype="out"> or "tmp" in the template.'
    )
