"""The job an encoding profile's template was rendered to: XML in, commands out. Nothing is run and no file is opened.

The form is the one today's profiles have: ``<job><tasks><task type="encoding"><option filetype="exe">ffmpeg</option>``
and so on; filetypes are exe, in, cfg, out, tmp. What a shell would have to read is refused.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

ENCODING = "encoding"
FILETYPES = ("", "exe", "in", "cfg", "out", "tmp")
_SHELL = frozenset("|<>&;$`*?(){}\n")


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
    return Task(options)


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
    if option.filetype in FILETYPES[2:] and not option.text.startswith("/"):
        raise JobfileError(f"The job names the file {option.text!r}, which is no absolute path: correct the template.")
    if "\0" in option.text:
        raise JobfileError("The job has a NUL character in an argument.")
