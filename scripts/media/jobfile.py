"""The job an encoding profile's template was rendered to: XML in, commands out. Nothing is run and no file is opened.

The form is the one today's profiles have: ``<job><tasks><task type="encoding"><option filetype="exe">ffmpeg</option>``
and so on; filetypes are exe, in, cfg, out, tmp. What a shell would have to read is refused.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from lxml import etree

ENCODING = "encoding"
FILETYPES = ("", "exe", "in", "cfg", "out", "tmp")
NOWHERE = ("-", "/dev/null")
"""Where the first of two passes writes its picture."""
_SHELL = frozenset("|<>&;$`*?(){}\n")
_PATH = re.compile(r"/|\.\.?/")
_PROTOCOL = re.compile(
    r"(amqp|async|bluray|cache|concat|concatf|crypto|data|fd|ffrtmp\w*|file|ftp|gophers?|hls|https?|httpproxy|icecast|"
    r"ip[fn]s\w*|ipns|lib\w+|md5|mms\w+|pipe|prompeg|rtmp\w*|rtp|rtsp|sctp|sftp|smb|srtp?|subfile|tcp|tee|tls|udp\w*|"
    r"unix|zmq)[:,]",
    re.IGNORECASE,
)


class JobfileError(Exception):
    """The job cannot be carried out; the sentence says which part of the template is at fault."""


@dataclass(frozen=True)
class Option:
    """One argument, and what it is when it names a file."""

    text: str
    filetype: str = ""


@dataclass(frozen=True)
class Task:
    """One command: its options in order, the first of which names the program."""

    options: tuple[Option, ...]

    @property
    def program(self) -> str:
        """Return the name of the program."""
        return self.options[0].text

    def files(self, *filetypes: str) -> list[Path]:
        """Return the paths of the options of these *filetypes*."""
        return [Path(option.text) for option in self.options if option.filetype in filetypes]

    def argv(self, place: Callable[[Path], Path]) -> list[str]:
        """Return the command, every file replaced by what *place* says."""
        files = FILETYPES[2:]
        return [str(place(Path(o.text))) if o.filetype in files else o.text for o in self.options]


def parse(text: str) -> list[Task]:
    """Read the tasks of type `encoding`, in order. Raise JobfileError, also for what the tracker says in <error>."""
    root = _root(text)
    tasks = [task for task in root.iter("task") if (task.get("type") or ENCODING) == ENCODING]
    errors = [(error.text or "").strip() for task in tasks for error in task.iter("error")]
    if errors:
        raise JobfileError(" ".join(errors))
    if not tasks:
        raise JobfileError("The job has no task of type 'encoding': add one to the profile's template.")
    return [_task(task) for task in tasks]


def _root(text: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise JobfileError(f"The job is no well-formed XML ({error}): correct the profile's template.") from error
    if root.getroottree().docinfo.doctype:
        raise JobfileError("The job has a DOCTYPE, which is not accepted: remove it from the profile's template.")
    if root.tag != "job":
        raise JobfileError(f"The job begins with <{root.tag}> instead of <job>: correct the profile's template.")
    return root


def _task(task: etree._Element) -> Task:
    options = tuple(option for element in task.iter("option") for option in _options(element))
    if not options or options[0].filetype != "exe":
        raise JobfileError(
            'A task of the job has no <option filetype="exe"> in the first place: add it to the template.'
        )
    if any(option.filetype == "exe" for option in options[1:]):
        raise JobfileError("A task of the job names two programs: make it two tasks.")
    for option in options:
        _check_path(option)
    if options[0].text == "ffmpeg":
        _check_ends(options)
    return Task(options)


def _check_ends(options: tuple[Option, ...]) -> None:
    """Refuse an input or a result of ffmpeg that is not marked as a file: what it is then, nobody can check."""
    for former, option in pairwise(options):
        if (former.text, former.filetype) == ("-i", "") and option.filetype not in FILETYPES[2:]:
            raise JobfileError(
                f"The job reads {option.text!r} (after -i), which is not marked as a file: write "
                '<option filetype="in"> or "tmp" in the template. Pictures and sounds that are made up '
                "go into -filter_complex."
            )
    last = options[-1]
    if last.filetype not in ("out", "tmp") and last.text not in NOWHERE:
        raise JobfileError(
            f"The job has {last.text!r} as the last option of a task, where the result belongs: end it with "
            '<option filetype="out"> or "tmp" in the template.'
        )


def _options(element: etree._Element) -> Iterator[Option]:
    """Yield an option's arguments: one, none when it is empty, several when it is marked as not quoted."""
    text, filetype = element.text or "", element.get("filetype") or ""
    if filetype not in FILETYPES:
        raise JobfileError(f"The job knows filetype {filetype!r}, which is none of {', '.join(FILETYPES[1:])}.")
    if element.get("quoted") != "no":
        yield from [Option(text, filetype)] if text else []
        return
    if _SHELL & set(text):
        raise JobfileError(
            f"The job has the shell syntax {text.strip()!r}: no shell is used here; write pipes and redirections "
            "as tasks with files."
        )
    yield from (Option(part, filetype) for part in _split(text))


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise JobfileError(f"The job has the argument {text!r} with a quote too few ({error}).") from error


def _check_path(option: Option) -> None:
    """Refuse a relative file, and a path or an address in an option that is not marked as a file."""
    if (
        not option.filetype
        and option.text not in NOWHERE
        and (_PATH.match(option.text) or _PROTOCOL.match(option.text))
    ):
        raise JobfileError(
            f"The job has the path or address {option.text!r} in an option without filetype: mark it as "
            'filetype "in", "cfg", "out" or "tmp" in the template, so that it can be checked.'
        )
    if option.filetype in FILETYPES[2:] and not option.text.startswith("/"):
        raise JobfileError(f"The job names the file {option.text!r}, which is no absolute path: correct the template.")
    if "\0" in option.text:
        raise JobfileError("The job has a NUL character in an argument.")
