"""The signature of API 4.0: HMAC-SHA256 over address, method, group, host and arguments, as real clients make it.

Clients differ in how they write what they sign (docs/api.md): numbers as PHP prints them or as they are sent,
booleans in Python's words, UTF-8 encoded twice by Perl where it holds bytes, a separator too many in front of no
arguments. Every way writes the arguments that are on the wire, all of them; nothing unsigned is ever believed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tracker import wire

PHP, LEXICAL, PYTHON_BOOL, PERL_BYTES, PYTHON_NOARGS = "php", "lexical", "python-bool", "perl-bytes", "python-noargs"
FORMS = (PHP, LEXICAL, PYTHON_BOOL, PERL_BYTES, PYTHON_NOARGS)

MIXED = 4
"""So many texts beyond ASCII are tried in every mixture of characters and bytes; more of them only all alike."""
LARGE = 1_000_000
"""Characters of text from which on mixtures are not tried: each costs a pass over all of them."""
MOST = 2 + 2**MIXED
"""Ways of writing the arguments of one call that are tried at most, for each address and secret."""

_JOIN = "%26"
_HEX = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Signed:
    """What a client signed besides its own address: method as it spelled it, group token, host name, arguments."""

    method: str
    token: str
    hostname: str
    arguments: Sequence[Any]


def verify(signed: Signed, urls: Sequence[str], secrets: Collection[str], given: Any) -> str | None:
    """Return the form in which *given* signs a call to one of *urls* with one of *secrets*, None when it does not."""
    if not isinstance(given, str) or not _HEX.match(given):
        return None
    tails = list(_tails(signed.arguments))
    for url in urls:
        head = _JOIN.join(_percent(part) for part in (url, signed.method, signed.token, signed.hostname))
        for form, tail in tails:
            for secret in secrets:
                if hmac.compare_digest(_hmac(secret, head + tail), given):
                    return form
    return None


def sign(signed: Signed, url: str, secret: str, form: str = PHP) -> str:
    """Return the signature of a call, as clients of one *form* make it."""
    head = _JOIN.join(_percent(part) for part in (url, signed.method, signed.token, signed.hostname))
    return _hmac(secret, head + next(tail for name, tail in _tails(signed.arguments) if name == form))


def addresses(scheme: str, host: str, path: str, public_url: str = "") -> list[str]:
    """List the addresses a client may have signed, likeliest first.

    The scheme that a client sees may end at a proxy; a slash at the end is the client's; libraries may send to
    another path than the one they were configured with, which then is *public_url*'s.
    """
    bare = path.rstrip("/")
    other = {"http": "https"}.get(scheme, "http")
    starts = [f"{name}://{host}{bare}" for name in (scheme, other)]
    if public_url:
        starts.append(f"{public_url.rstrip('/')}/rpc")
    return list(dict.fromkeys(start + end for start in starts for end in ("", "/")))


def _hmac(secret: str, message: str) -> str:
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def _percent(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe="~")


# --- the arguments, as they may have been written --------------------------------------------------------------


def _tails(arguments: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Yield (form, what follows the host name) for every form, bounded; no two the same."""
    if not arguments:
        yield PHP, ""
        yield PYTHON_NOARGS, _JOIN
        return
    seen = set()
    for form, write in _writers(arguments):
        tail = "".join(_JOIN + write(argument) for argument in arguments)
        if tail not in seen:
            seen.add(tail)
            yield form, tail


def _writers(arguments: Sequence[Any]) -> Iterator[tuple[str, Callable[[Any], str]]]:
    for form, scalar in ((PHP, _php), (LEXICAL, _lexical), (PYTHON_BOOL, _python)):
        yield form, lambda value, scalar=scalar: _part(value, scalar, _percent)  # type: ignore[misc]
    beyond_ascii = [text for argument in arguments for text in _texts(argument) if not text.isascii()]
    for mask in _masks(len(beyond_ascii), sum(map(len, beyond_ascii)) < LARGE):
        text = _Bytes(mask)
        yield PERL_BYTES, lambda value, text=text: _part(value, _lexical, text)  # type: ignore[misc]


def _masks(points: int, mixed: bool) -> Sequence[int]:
    """Say which of the texts beyond ASCII are bytes, bit by bit: all first, then, if they are few, any of them."""
    every = 2**points - 1
    return [every, *range(1, every if mixed and points <= MIXED else 1)] if points else []


class _Bytes:
    """Write texts as Perl does when it holds them as bytes: each byte taken for a character of its own."""

    def __init__(self, mask: int) -> None:
        self.mask = mask
        self.count = 0

    def __call__(self, text: str) -> str:
        if text.isascii():
            return _percent(text)
        twice = self.mask >> self.count & 1
        self.count += 1
        return quote(text.encode("utf-8", "surrogateescape").decode("latin-1"), safe="~") if twice else _percent(text)


Text = Callable[[str], str]


def _part(value: Any, scalar: Callable[[Any, Text, bool], str | None], text: Text) -> str:
    """Write one argument: a scalar, or the members of a struct or list in the order of the wire."""
    if isinstance(value, Mapping | list):
        return "&".join(f"{name}={written}" for name, written in _members(value, "", scalar, text))
    return scalar(value, text, False) or ""


def _members(
    value: Any, start: str, scalar: Callable[[Any, Text, bool], str | None], text: Text
) -> Iterator[tuple[str, str]]:
    """Yield name and value of every scalar in a struct or list: ``%5Ba%5D%5B0%5D``, what there is."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, item in items:
        name = f"{start}%5B{text(str(key))}%5D"
        if isinstance(item, Mapping | list):
            yield from _members(item, name, scalar, text)
        elif (written := scalar(item, text, True)) is not None:
            yield name, written


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) and not isinstance(value, wire.Encoded):
        yield value


def _php(value: Any, text: Text, inside: bool) -> str | None:
    """Write a scalar as PHP does; None for what it leaves out of a struct."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0" if inside else ""
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _percent(_php_float(value))
    return _lexical(value, text, inside)


def _lexical(value: Any, text: Text, inside: bool) -> str:
    """Write a scalar with the characters it has on the wire."""
    if isinstance(value, wire.Encoded):
        return quote(value.raw, safe="~")
    return text(value) if isinstance(value, str) else _percent(wire.text_of(value))


def _python(value: Any, text: Text, inside: bool) -> str:
    return str(value) if isinstance(value, bool) else _lexical(value, text, inside)


def _php_float(value: float) -> str:
    """Write a number with 14 significant digits, the exponent as in ``1.0E+16``."""
    digits, _, exponent = f"{value:.14G}".partition("E")
    if not exponent:
        return digits
    return f"{digits if '.' in digits else digits + '.0'}E{exponent[0]}{exponent[1:].lstrip('0')}"
