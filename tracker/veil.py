"""What people are not shown of properties, jobs and logs: passwords and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

SECRET = re.compile(r"(?i)secret|passw|token|api_?key|credential|streamkey|(?:^|\.)key$")
"""Names of properties whose values are for programs only; ``Room.Key`` is none of them."""
NO_SECRET = frozenset(("Room.Key",))
LOGIN = (
    r"(?<=://)(?:"
    r"""[^\s/?#:@<>"']*:(?![0-9]{1,5}[/?#])(?:(?!://)[^\s<>"'])*"""  # name:password, whatever is in it; no port
    r"""|[^\s/?#:<>"']+"""  # a name or token alone
    r")(?=@)"
)
"""The login in an address, for Python and for PostgreSQL: up to the last @, as people write passwords unescaped."""
VEIL = "••••••"
LOGGED = "(secret)"
"""Stands in the log for a value."""
WRITES = frozenset(("Edit.properties", "RPC.setTicketProperties"))
"""Events of the log whose comments are lines of `written`."""
LEAST = 4
"""Shorter values stand for too much else in a text."""

_LOGIN = re.compile(LOGIN)
_LINE = re.compile(r"([^\W_][\w-]*(?:\.[\w-]+)*)=(.*)\Z", re.DOTALL)
_NEXT = re.compile(r"(?:deleting )?[^\W_][\w-]*(?:\.[\w-]+)+(?:=|\Z)|another cut: ")
"""Begins the line of another property after a secret of several lines: names have dots, lines of a key none."""


def is_secret(name: str) -> bool:
    """Tell whether the values of a property are for programs only."""
    return name not in NO_SECRET and SECRET.search(name) is not None


def veiled(name: str, value: str) -> str:
    """Return what may be shown of the value of a property."""
    return VEIL if value and is_secret(name) else _LOGIN.sub(VEIL, value)


def veil(text: str, values: Mapping[str, str]) -> str:
    """Return *text*, also XML, without the logins in its addresses and without the values of secret properties."""
    secrets = {values[name] for name in values if is_secret(name) and len(values[name]) >= LEAST}
    forms = secrets | {escape(each) for each in secrets} | {escape(each, {'"': "&quot;"}) for each in secrets}
    for each in sorted(forms, key=len, reverse=True):
        text = text.replace(each, VEIL)
    return _LOGIN.sub(VEIL, text)


def shown(values: Mapping[str, str]) -> dict[str, str]:
    """Return what may be shown of properties; a secret stands in no other one either."""
    return {name: VEIL if value and is_secret(name) else veil(value, values) for name, value in values.items()}


def written(values: Mapping[str, str]) -> str:
    """Say in the words of the log which properties were written, secrets without their values."""
    lines = ((name, LOGGED if is_secret(name) else _LOGIN.sub(VEIL, value)) for name, value in values.items())
    return "\n".join(f"{name}={told}" if values[name] else f"deleting {name}" for name, told in lines)


def log(event: str, comment: str) -> str:
    """Return what may be shown of the comment of a log row, which may be older than `written`."""
    lines = _lines(comment, whole=event in WRITES) if "=" in comment else (comment,)
    return _LOGIN.sub(VEIL, "\n".join(lines))


def _lines(comment: str, *, whole: bool) -> Iterator[str]:
    """Yield lines without secrets; *whole*: what follows a secret belongs to it until another property begins."""
    secret = False
    for line in comment.split("\n"):
        if secret and not _NEXT.match(line):
            continue
        found = _LINE.match(line)
        hidden = found is not None and is_secret(found[1])
        secret = hidden and whole
        yield f"{found[1]}={LOGGED}" if found is not None and hidden else line
