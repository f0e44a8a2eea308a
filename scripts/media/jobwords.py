"""Options that a template marks with quoted="no": text that a shell used to read. Here it is read without one.

Words, quotes and pipes mean what they mean to `sh`; everything else that a shell would act on is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.media.jobrules import JobfileError, UnsafeJob

_PIECES = re.compile(
    r"""(?P<blank>[ \t]+)
    | '(?P<single>[^']*)'
    | "(?P<double>(?:[^"\\$`]|\\.)*)"
    | \\(?P<escaped>[^\n])
    | (?P<plain>[^\s'"\\|&;<>()$`{}]+)
    | (?P<pipe>\|(?![|&]))""",
    re.VERBOSE | re.DOTALL,
)
_CLOSED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_ESCAPED = re.compile(r'\\([$`"\\])|\\\n')


def words(text: str) -> Iterator[str | None]:
    """Yield the words of *text* as a shell would make them, and None for a pipe.

    Raise UnsafeJob for any other shell syntax (redirections, variables, several commands ...), JobfileError for a
    quote too few.
    """
    word: str | None = None
    for name, found in _pieces(text.strip()):
        if name in ("blank", "pipe"):
            if word is not None:
                yield word
            word = None
            if name == "pipe":
                yield None
        else:
            _check_start(word, name, found, text)
            word = (word or "") + found
    if word is not None:
        yield word


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        match = _PIECES.match(text, position)
        if match is None:
            raise _refusal(text, text[position:])
        name = match.lastgroup or ""
        found = match[name]
        yield name, _ESCAPED.sub(r"\1", found) if name == "double" else found
        position = match.end()


def _check_start(word: str | None, name: str, found: str, text: str) -> None:
    if word is None and name == "plain" and found[0] in "~#":
        raise _refusal(text, found)


def _refusal(text: str, rest: str) -> JobfileError:
    if rest[0] in "'\"" and not _CLOSED.match(rest):
        return JobfileError(f"The job has the argument {text[:200]!r} with a quote too few.")
    return UnsafeJob(
        f"The job has the shell syntax {text[:200]!r} (at {rest[:20]!r}): no shell is used here, of which only pipes "
        "and quotes are known; write redirections and further commands as files and tasks."
    )
