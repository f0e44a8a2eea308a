"""What a template is checked for when it is saved: refusals with line and column, and what is better told than refused.

What the finished job may not be is asked of the very rules that the encoder works by (scripts.media.jobrules).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from lxml import etree

from scripts.media.jobfile import parse
from scripts.media.jobrules import FILETYPES, JobfileError, Option, UnsafeJob, check_dangers
from scripts.media.jobwords import words
from tracker.errors import InvalidInput
from tracker.profiles import stylesheet
from tracker.profiles.jobs import SAMPLE, check_job, check_programs, made
from tracker.profiles.stylesheet import refusal

_COMPUTED = "0"
"""Stands for what a template computes, where the text around it is looked at."""


@dataclass(frozen=True)
class _Written:
    """An option as it stands in a template; *literal* when nothing of it is computed."""

    element: etree._Element
    text: str
    filetype: str
    quoted: str
    literal: bool


def check_template(template: str, values: Mapping[str, str] | None = None) -> list[str]:
    """Raise InvalidInput for a template that must not be saved; return sentences about what may not work.

    Refused, with line and column: what is no stylesheet, takes in or reads documents, names a program that is not on
    the list, other shell syntax than pipes, filters and options that open files, addresses. The job of a sample talk,
    with the properties *values* of the profile, is made and looked at too.
    """
    root = stylesheet.parsed(template)
    stylesheet.compiled(root, template)
    where = dict(zip(root.iter(etree.Element), stylesheet.places(template), strict=True))
    refusals = list(stylesheet.forbidden(root, where))
    told: list[str] = []
    former, program = Option(""), "ffmpeg"
    for option in _options(root):
        program = option.text.strip() if option.filetype == "exe" else program
        _check(option, former, program, where[option.element], refusals, told)
        former = Option(option.text, option.filetype)
    if refusals:
        raise refusal(" ".join(refusals))
    return [*told, *_sample_faults(template, values or {})]


def _options(root: etree._Element) -> Iterator[_Written]:
    for element in root.iter("option"):
        text = "".join(_pieces(element))
        filetype, quoted = element.get("filetype") or "", element.get("quoted") or "yes"
        yield _Written(element, text, filetype, quoted, literal=len(element) == 0)


def _pieces(element: etree._Element) -> Iterator[str]:
    """Yield the text within an element as it will stand in the job, a stand-in for each thing that is computed."""
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            inner = "".join(_pieces(child)) if len(child) or (child.text or "").strip() else ""
            yield inner or _COMPUTED
        yield child.tail or ""


def _check(option: _Written, former: Option, program: str, place: str, refusals: list[str], told: list[str]) -> None:
    try:
        _check_attributes(option)
        _check_words(option)
        if option.quoted != "no" and option.filetype != "exe" and (option.literal or not option.filetype):
            check_dangers(program, former, Option(option.text, option.filetype))
    except (UnsafeJob, InvalidInput) as danger:
        refusals.append(_placed(str(danger), place))
    except JobfileError as fault:
        told.append(_placed(str(fault), place))


def _placed(sentence: str, place: str) -> str:
    return f"{sentence.replace('The job', 'The template', 1)} ({place})"


def _check_attributes(option: _Written) -> None:
    """Values of attributes may be computed ({...}); the finished job is checked anyhow."""
    if "{" not in option.quoted and option.quoted not in ("yes", "no"):
        raise refusal(f"The template has an option with quoted={option.quoted!r}: write yes or no.")
    if "{" not in option.filetype and option.filetype not in FILETYPES:
        raise JobfileError(f"The job knows filetype {option.filetype!r}, which is none of {', '.join(FILETYPES[1:])}.")


def _check_words(option: _Written) -> None:
    """The program, or the words of an option that is not quoted, of which the one behind a pipe is a program."""
    if option.filetype == "exe" and option.literal:
        check_programs([option.text.strip()])
    elif option.quoted == "no":
        pairs = pairwise(words(option.text))
        check_programs([word for pipe, word in pairs if pipe is None and word is not None and word != _COMPUTED])


def _sample_faults(template: str, values: Mapping[str, str]) -> Iterator[str]:
    """Make the job of a sample talk and tell what would keep the encoder from carrying it out."""
    try:
        job = made(template, {**SAMPLE, **values})
    except InvalidInput as fault:
        if fault.field != "template":
            raise
        yield f"With a sample talk: {fault}"
        return
    check_job(job)
    try:
        parse(etree.tostring(job, encoding="unicode"))
    except JobfileError as fault:
        yield f"The encoder would refuse the job of a sample talk: {fault}"
