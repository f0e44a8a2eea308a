"""The job an encoding profile's template was rendered to: XML in, commands out. Nothing is run and no file is opened.

The form is the one today's profiles have: ``<job><tasks><task type="encoding"><option filetype="exe">ffmpeg</option>``
and so on; filetypes are exe, in, cfg, out, tmp. Programs may be joined by pipes (``quoted="no"``); what else a shell
would have to read is refused. docs/profiles.md describes the form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from scripts.media.jobrules import (
    FILES,
    FILETYPES,
    FROM_PIPE,
    INTO_PIPE,
    JobfileError,
    Option,
    UnsafeJob,
    check_dangers,
    check_ffmpeg,
    check_option,
    check_other,
)
from scripts.media.jobwords import words
from scripts.media.plainxml import NotPlain, plain_root

__all__ = ["ENCODING", "Command", "JobfileError", "Option", "Task", "UnsafeJob", "parse", "programs_and_dangers"]

ENCODING = "encoding"
_QUOTED = (None, "yes", "no")
_PIPE = Option("|", "pipe")


@dataclass(frozen=True)
class Command:
    """One program with its arguments: options in order, the first of which names the program."""

    options: tuple[Option, ...]

    @property
    def program(self) -> str:
        """Return the name of the program."""
        return self.options[0].text

    def argv(self, place: Callable[[Path], Path]) -> list[str]:
        """Return the command, every file replaced by what *place* says."""
        return [str(place(Path(o.text))) if o.filetype in FILES else o.text for o in self.options]


@dataclass(frozen=True)
class Task:
    """One task: a command, or several of which each reads what the one before writes."""

    commands: tuple[Command, ...]

    @property
    def programs(self) -> list[str]:
        """List the names of the programs in order."""
        return [command.program for command in self.commands]

    def files(self, *filetypes: str) -> list[Path]:
        """Return the paths of the options of these *filetypes*."""
        return [Path(o.text) for command in self.commands for o in command.options if o.filetype in filetypes]


def parse(text: str, kind: str = ENCODING) -> list[Task]:
    """Read the tasks of type *kind*, in order; others are left alone.

    Raise JobfileError, also for what the job says in an <error> of its own or of such a task.
    """
    root = _root(text)
    tasks = [task for task in root.iter("task") if (task.get("type") or ENCODING) == kind]
    _check_errors(root, tasks)
    if not tasks:
        raise JobfileError(f"The job has no task of type {kind!r}: add one to the profile's template.")
    read = [_task(task) for task in tasks]
    _check_moves(read)
    return read


def _check_errors(root: etree._Element, tasks: Sequence[etree._Element]) -> None:
    own = [error for error in root.iter("error") if error.getparent().tag in ("job", "tasks")]
    told = ["".join(error.itertext()).strip() for error in [*own, *(e for task in tasks for e in task.iter("error"))]]
    if told:
        raise JobfileError(" ".join(dict.fromkeys(filter(None, told))) or "The job has an <error> that says nothing.")


def _root(text: str) -> etree._Element:
    try:
        root = plain_root(text, "The job")
    except NotPlain as error:
        raise JobfileError(f"{error}: correct the profile's template.") from error
    if root.tag != "job":
        raise JobfileError(f"The job begins with <{root.tag}> instead of <job>: correct the profile's template.")
    return root


def programs_and_dangers(root: etree._Element) -> tuple[list[str], list[str]]:
    """Return the programs that all tasks of a job name, of any type, and sentences for what no job may do.

    For the tracker, whose other clients carry out much of what this encoder refuses.
    """
    programs: list[str] = []
    dangers: list[str] = []
    former = Option("")
    for option in _all_options(root, dangers):
        if option.filetype == "exe" or (former is _PIPE and not option.filetype):
            programs.append(option.text)
        elif option is not _PIPE:
            with _noting(dangers):
                check_dangers(programs[-1] if programs else "", former, option)
        former = option
    return programs, dangers


def _all_options(root: etree._Element, dangers: list[str]) -> Iterator[Option]:
    for element in root.iter("option"):
        with _noting(dangers):
            yield from _options(element)


@contextmanager
def _noting(dangers: list[str]) -> Iterator[None]:
    """Keep the sentence of a danger, and forget what at the worst does not work."""
    try:
        yield
    except UnsafeJob as danger:
        dangers.append(str(danger))
    except JobfileError:
        return


def _task(task: etree._Element) -> Task:
    options = [option for element in task.iter("option") for option in _options(element)]
    stages = list(_stages(options))
    for number, stage in enumerate(stages):
        _check_command(stage, first=number == 0, last=number == len(stages) - 1)
    return Task(tuple(Command(tuple(stage)) for stage in stages))


def _options(element: etree._Element) -> Iterator[Option]:
    """Yield an option's arguments: one, none when it is empty, several and pipes when it is marked as not quoted."""
    text, filetype, quoted = element.text or "", element.get("filetype") or "", element.get("quoted")
    if len(element):
        raise JobfileError(f"The job has <{element[0].tag}> within an option: options are text alone.")
    if filetype not in FILETYPES:
        raise JobfileError(f"The job knows filetype {filetype!r}, which is none of {', '.join(FILETYPES[1:])}.")
    if quoted not in _QUOTED:
        raise UnsafeJob(f"The job has an option with quoted={quoted!r}: write yes or no.")
    if quoted == "no":
        yield from (_PIPE if word is None else Option(word, filetype) for word in words(text))
    elif text:
        yield Option(text.strip() if filetype == "exe" else text, filetype)


def _stages(options: Sequence[Option]) -> Iterator[list[Option]]:
    """Part the options at the pipes; behind one the program may be a word like any other."""
    stage: list[Option] = []
    first = True
    for option in options:
        if option is _PIPE:
            yield stage
            stage, first = [], False
        elif not stage and not first and not option.filetype:
            stage = [Option(option.text, "exe")]
        else:
            stage.append(option)
    yield stage


def _check_command(options: Sequence[Option], *, first: bool, last: bool) -> None:
    if not options or options[0].filetype != "exe":
        what = "A task of the job" if first else "What follows a pipe in the job"
        raise JobfileError(f'{what} has no <option filetype="exe"> in the first place: add it to the template.')
    if any(option.filetype == "exe" for option in options[1:]):
        raise JobfileError("A task of the job names two programs: make it two tasks, or put a pipe between them.")
    streams = (() if first else FROM_PIPE) + (() if last else INTO_PIPE)
    for option in options:
        if option.filetype or option.text not in streams:
            check_option(option)
        check_other(option)
    if options[0].text == "ffmpeg":
        check_ffmpeg(options, first=first, last=last)


def _check_moves(tasks: Sequence[Task]) -> None:
    """Refuse to move away what the job did not make: the cut master is needed by others, too."""
    made: set[str] = set()
    for task in tasks:
        for command in task.commands:
            taken = [o.text for o in command.options if o.filetype in ("in", "cfg") and o.text not in made]
            if command.program == "mv" and taken:
                raise UnsafeJob(f"The job moves {taken[0]} away, which it did not make: use cp in the template.")
            made |= {option.text for option in command.options if option.filetype in ("out", "tmp")}
