"""Read a call so that every character is as it was sent: what is signed are the client's characters, not XML's.

XML turns CR LF into LF and knows no control characters; clients sign before XML gets at their text. So characters
that XML cannot carry are put behind a shield, read, and taken out again. Bytes that are no UTF-8 stay recognizable.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tracker import wire

_SHIELD = "\U0010fffd"
_BEHIND = 0xF0000
_UNFIT = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff{_SHIELD}]")
_SHIELDED = re.compile(f"{_SHIELD}(.)", re.DOTALL)
_TEXT = re.compile(r">[^<]*")
_BROKEN = re.compile("[\udc80-\udcff]")


def read_call(body: bytes) -> tuple[str, list[Any]]:
    """Read a method call; return its name and parameters, texts verbatim. Raises WireError.

    The encoding that the call declares is ignored: old clients declare US-ASCII and send UTF-8. Bytes that are no
    UTF-8 become lone surrogates, as with Python's ``surrogateescape``.
    """
    text = _UNFIT.sub(_shield, body.decode("utf-8", "surrogateescape").strip())
    prolog, tag, call = text.partition("<methodCall")
    if "\r" in call:
        call = _TEXT.sub(lambda found: found[0].replace("\r", "&#13;"), call)
    name, params = wire.read_call(f"{prolog}{tag}{call}".encode())
    return _SHIELDED.sub(_unshield, name), [_each_text(value, _verbatim) for value in params]


def storable(value: Any) -> Any:
    """Return a value of a call with texts that can be kept: broken bytes as Latin-1, control characters as U+FFFD."""
    return _each_text(value, lambda text: wire.clean(_BROKEN.sub(_latin, text)))


def _shield(found: re.Match[str]) -> str:
    return _SHIELD + (_SHIELD if found[0] == _SHIELD else chr(_BEHIND + ord(found[0])))


def _unshield(found: re.Match[str]) -> str:
    return _SHIELD if found[1] == _SHIELD else chr(ord(found[1]) - _BEHIND)


def _latin(found: re.Match[str]) -> str:
    return chr(ord(found[0]) - 0xDC00)


def _verbatim(text: str) -> str:
    return text if isinstance(text, wire.Encoded) else _SHIELDED.sub(_unshield, text)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return a copy of a value with every text in it changed, names of members too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): _each_text(item, change) for name, item in value.items()}
    return value
